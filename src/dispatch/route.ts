// The contract of a route: which messages it takes, and the ready call behind it.
import type { Target } from '../message/target.js';
import type { Invocation } from './invocation.js';

/** Where a handler's value is to go; decided by the decorators of the handler or, without any, by default. */
export type Reply = (invocation: Invocation) => readonly Target[];

/** What a handler made of a message. */
export interface Outcome {
  /** A value, or an async iterable whose items are values; undefined and null go nowhere. */
  readonly value: unknown;
  readonly targets: readonly Target[];
  /** Of a stream: what exception handlers make of a failure in its middle; throws what none of them takes. */
  readonly recover?: (thrown: unknown) => Outcome | Promise<Outcome>;
  /** Of a stream: to be called when it is over, or was never begun. */
  readonly over?: () => void;
}

export interface Route {
  readonly on: 'send' | 'subscribe';
  /** Below the application prefix, as `/rooms/{room}/say`. */
  readonly pattern: string;
  /** The handler's name for people, as `ChatController.say`. */
  readonly handler: string;
  /** At once where nothing has to be waited for: such a call needs no timer. */
  invoke(invocation: Invocation): Outcome | Promise<Outcome>;
}

/** Whether a handler's value is a stream of values. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
