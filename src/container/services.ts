// The services that each server binds. Their classes are marked, so that copies of the package recognize the classes of each other.
import { Publisher } from '../broker/publisher.js';
import { Clock } from '../message/clock.js';
import { SessionEvents } from '../session/event.js';
import { SessionRegistry } from '../session/registry.js';
import { WebSocketSessions } from '../session/websocket-session.js';

/** The services of a server that applications can inject. */
export interface ServerServices {
  readonly publisher: Publisher;
  readonly registry: SessionRegistry;
  readonly events: SessionEvents;
  readonly webSockets: WebSocketSessions;
  readonly clock: Clock;
}

const mark = Symbol.for('signalbox.service');
const own = new Set<unknown>([Publisher, SessionRegistry, SessionEvents, WebSocketSessions, Clock]);
for (const service of own) Object.defineProperty(service, mark, { value: true });

/** True for a service of another copy of the package. */
export function isForeignService(token: unknown): token is { readonly name: string } {
  return typeof token === 'function' && Object.hasOwn(token, mark) && !own.has(token);
}
