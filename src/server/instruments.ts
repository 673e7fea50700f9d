// What a test kit puts around the parts of a server to see them work.
import type { Container } from '../container/container-lease.js';
import type { Broker } from '../broker/broker.js';
import type { Route } from '../dispatch/route.js';
import type { SessionParts } from '../session/client-session.js';

export interface Instruments {
  /** The container with the server's own services in it, before anything is built; gives the way back. */
  container(container: Container): Promise<() => void>;
  broker(broker: Broker): Broker;
  route(route: Route): Route;
  /** Around the work on each client frame, its problem and all. */
  frames(handle: SessionParts['handle']): SessionParts['handle'];
}

const nothing = () => {};

export const noInstruments: Instruments = {
  container: () => Promise.resolve(nothing),
  broker: (broker) => broker,
  route: (route) => route,
  frames: (handle) => handle,
};
