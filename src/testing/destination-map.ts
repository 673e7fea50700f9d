// Types that follow destinations: a map of patterns to payloads, written once for an application's tests.
import type { Constructor } from '../payload/converter.js';
import type { StandardSchema } from '../payload/standard-schema.js';

/** What tests have that name no map: any destination, any payload. */
export type AnyDestinations = Record<string, unknown>;

/**
 * The payload at a destination. An entry of the very name counts alone; else every pattern that matches. Of a destination that
 * is not known before the test runs it is any payload of the map's.
 */
export type PayloadAt<M extends object, D extends string> = string extends D
  ? M[keyof M]
  : D extends keyof M
    ? M[D]
    : {
        [P in keyof M]: P extends string ? (Matches<P, D> extends true ? M[P] : never) : never;
      }[keyof M];

/** Nothing where the map has the destination; else a sentence that no argument satisfies. */
export type Listed<M extends object, D extends string> = string extends D | keyof M
  ? unknown
  : true extends { [P in keyof M]: P extends string ? Matches<P, D> : false }[keyof M]
    ? unknown
    : { readonly problem: `No destination of the map matches ${D}` };

/** The payload that a class or schema describes. */
export type PayloadAs<T> =
  T extends StandardSchema<infer Output>
    ? Output
    : T extends StringConstructor
      ? string
      : T extends NumberConstructor
        ? number
        : T extends BooleanConstructor
          ? boolean
          : T extends Constructor<infer Instance>
            ? Instance
            : never;

/** What `PayloadAs` takes. */
export type PayloadDescription = StandardSchema | Constructor;

/** Whether a pattern of the map (`{room}`, `*`, `**`) and a destination, or a subscriber's pattern, have one in common. */
type Matches<P extends string, D extends string> = P extends '**'
  ? true
  : D extends '**'
    ? true
    : P extends `${infer First}/${infer Rest}`
      ? D extends `${infer Head}/${infer Tail}`
        ? Segment<First, Head> extends true
          ? Matches<Rest, Tail>
          : false
        : Rest extends '**'
          ? Segment<First, D>
          : false
      : D extends `${infer Head}/${infer Tail}`
        ? Tail extends '**'
          ? Segment<P, Head>
          : false
        : Segment<P, D>;

type Segment<P extends string, D extends string> = P extends D
  ? true
  : P extends '*' | `${string}{${string}}${string}`
    ? true
    : D extends '*' | `${string}{${string}}${string}`
      ? true
      : D extends P
        ? true
        : false;
