// The contract of argument decorators: a parameter of a handler, and how its argument is resolved.
import type { Invocation } from '../dispatch/invocation.js';
import type { PayloadReader, PayloadType } from '../payload/converter.js';

/** A parameter of a handler, as its argument decorator sees it. */
export interface Parameter {
  /** The name of the handler, such as `ChatController.say`. */
  readonly handler: string;
  /** Position of the parameter, from 0. */
  readonly index: number;
  /** The type that the compiler recorded (`emitDecoratorMetadata`); undefined if it recorded none. */
  readonly type: unknown;
  /** How a payload is read for that type; undefined if a payload cannot be converted to it. */
  readonly payload: PayloadType | undefined;
  /** The kind of frame; undefined for an exception handler, which serves all routes of its class. */
  readonly on: 'send' | 'subscribe' | undefined;
  /** The variables of the pattern; for an exception handler those of all routes of its class. */
  readonly variables: readonly string[];
  /** Reads payloads with the converters of the server. */
  readonly payloads: PayloadReader;
}

/** Returns the argument or a promise of it; throws to fail the call. */
export type ArgumentResolver = (invocation: Invocation, parameter: Parameter) => unknown;

/** Runs at start for each use of the decorator. Returns a sentence with the mistake and its fix, or undefined. */
export type ArgumentCheck = (parameter: Parameter) => string | undefined;

export interface ArgumentRule {
  readonly resolve: ArgumentResolver;
  readonly check: ArgumentCheck | undefined;
}
