// The contract of a route: the messages that it serves, and the call of its handler.
import type { Target } from '../message/target.js';
import type { Invocation } from './invocation.js';

/** Decides where a handler's value goes: compiled from the handler's return rules, or the default. */
export type Reply = (invocation: Invocation) => readonly Target[];

/** The result of a handler. */
export interface Outcome {
  /** A value, or an async iterable of values; undefined and null are not published. */
  readonly value: unknown;
  readonly targets: readonly Target[];
  /** Streams only: passes an error of the running stream to the exception handlers; throws it if none of them takes it. */
  readonly recover?: (thrown: unknown) => Outcome | Promise<Outcome>;
  /** Streams only: to be called when the stream has ended or was never started. */
  readonly over?: () => void;
}

export interface Route {
  readonly on: 'send' | 'subscribe';
  /** Without the application prefix, as `/rooms/{room}/say`. */
  readonly pattern: string;
  /** The name of the handler in logs and errors, as `ChatController.say`. */
  readonly handler: string;
  /** Returns a promise only if an argument or the handler is asynchronous; other calls need no timeout. */
  invoke(invocation: Invocation): Outcome | Promise<Outcome>;
}

/** True when a handler's value is a stream of values. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
