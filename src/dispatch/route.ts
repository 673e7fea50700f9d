// The contract of a route: the messages that it serves, and the call of its handler.
import type { Target } from '../message/target.js';
import type { Call, Invocation } from './invocation.js';

/** Selects the destinations of a handler's value: compiled from the reply decorators of the handler, or the default. */
export type Reply = (invocation: Invocation) => readonly Target[];

/** The result of a handler: nothing to publish, a value, or a stream of values. */
export type Outcome = NoOutcome | ValueOutcome | StreamOutcome;

/** The handler returned undefined or null. */
export interface NoOutcome {
  readonly kind: 'none';
}

export interface ValueOutcome {
  readonly kind: 'value';
  readonly value: unknown;
  readonly targets: readonly Target[];
}

/** The handler returned an async iterable. */
export interface StreamOutcome {
  readonly kind: 'stream';
  /** Its items are values; undefined and null are not published. */
  readonly stream: AsyncIterable<unknown>;
  readonly targets: readonly Target[];
  /** Passes an error of the running stream to the exception handlers; throws it if no exception handler matches. */
  readonly recover: (thrown: unknown) => Outcome | Promise<Outcome>;
}

export interface Route {
  readonly on: 'send' | 'subscribe';
  /** Without the application prefix, such as `/rooms/{room}/say`. */
  readonly pattern: string;
  /** The name of the handler in logs and errors, such as `ChatController.say`. */
  readonly handler: string;
  /** Returns a promise only if an argument or the handler is asynchronous; other calls need no timeout. */
  invoke(call: Call): Outcome | Promise<Outcome>;
}
