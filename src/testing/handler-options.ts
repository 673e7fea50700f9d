// What a test gives one handler, and what comes of it.
import type { Principal } from '../message/message.js';
import type { Target } from '../message/target.js';
import type { Session } from '../session/session.js';
import type { ClientProblem } from './client-problem.js';
import type { Published } from './received.js';

export interface InvokeOptions {
  /** What the variables of its pattern stand for. */
  readonly variables?: Readonly<Record<string, string | number | boolean>>;
  readonly payload?: unknown;
  readonly principal?: Principal | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the handler finds in its session; what is not given is plain and empty. */
  readonly session?: Partial<Omit<Session, 'principal'>>;
  /** What the client named, with the application prefix; needed where the handler serves several, or by a wildcard. */
  readonly destination?: string;
  /** Needed where the handler serves both. */
  readonly on?: 'send' | 'subscribe';
  /** Whether the payload is converted and validated as a client's would be, or handed over as it is. Default true. */
  readonly convert?: boolean;
  /** Ends what the handler's `@Signal` watches. Default: one that never fires. */
  readonly signal?: AbortSignal;
}

export interface Invoked<R = unknown> {
  /** The handler's value, or that of the exception handler which took its failure; undefined where it failed. */
  readonly result: R | undefined;
  /** Where the value would go. */
  readonly targets: readonly Target[];
  /** What the client would be told; undefined where nothing failed. */
  readonly problem: ClientProblem | undefined;
  /** What the handler threw. */
  readonly thrown: unknown;
  /** What it published by an injected `Publisher`. */
  readonly published: readonly Published[];
}

/** The names of a controller's methods. */
export type MethodName<T> = {
  [K in keyof T]: T[K] extends (...given: never[]) => unknown ? K : never;
}[keyof T] &
  string;

/** What a method gives, when it has been waited for. */
export type ResultOf<T, K extends keyof T> = T[K] extends (...given: never[]) => infer R
  ? Awaited<R>
  : never;
