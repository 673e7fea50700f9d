// What a test kit puts around the parts of a server to see them work.
import type { Broker } from '../broker/broker.js';
import type { Route } from '../dispatch/route.js';
import type { SessionParts } from '../session/client-session.js';

export interface Instruments {
  broker(broker: Broker): Broker;
  route(route: Route): Route;
  /** Around the work on each client frame, its problem and all. */
  frames(handle: SessionParts['handle']): SessionParts['handle'];
}

export const noInstruments: Instruments = {
  broker: (broker) => broker,
  route: (route) => route,
  frames: (handle) => handle,
};
