// What an argument decorator is told of the parameter that it fills.
import type { Invocation } from '../dispatch/invocation.js';
import type { PayloadReader, PayloadType } from '../payload/converter.js';

export interface Parameter {
  /** As `ChatController.say`. */
  readonly handler: string;
  readonly index: number;
  /** The type that the compiler wrote down (`emitDecoratorMetadata`); undefined where it wrote none. */
  readonly type: unknown;
  /** How a payload is read for that type; undefined for types that no payload can become. */
  readonly payload: PayloadType | undefined;
  /** What the handler answers; undefined for an exception handler, which serves all routes of its class. */
  readonly on: 'send' | 'subscribe' | undefined;
  /** The variables of the pattern; for an exception handler those of all routes of its class. */
  readonly variables: readonly string[];
  readonly payloads: PayloadReader;
}

/** Gives the argument, or a promise of it; throws to fail the call. */
export type ArgumentResolver = (invocation: Invocation, parameter: Parameter) => unknown;

/** Runs at start: what is wrong with the use of the decorator and how to mend it, or undefined. */
export type ArgumentCheck = (parameter: Parameter) => string | undefined;

export interface ArgumentRule {
  readonly resolve: ArgumentResolver;
  readonly check: ArgumentCheck | undefined;
}
