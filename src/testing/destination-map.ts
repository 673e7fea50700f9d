// Types of payloads by destination: an application describes its destinations once, in a map.
import type { Constructor } from '../payload/converter.js';
import type { StandardSchema } from '../payload/standard-schema.js';

/** The map of tests that define none: any destination, any payload. */
export type AnyDestinations = Record<string, unknown>;

/**
 * Type of the payload at a destination. The entry with exactly this name; otherwise the union of the entries of all matching
 * patterns. For a destination of type `string` it is the union of all payloads of the map.
 */
export type PayloadAt<M extends object, D extends string> = string extends D
  ? M[keyof M]
  : D extends keyof M
    ? M[D]
    : {
        [P in keyof M]: P extends string ? (Matches<P, D> extends true ? M[P] : never) : never;
      }[keyof M];

/** `unknown` if the map has the destination; otherwise a type that no argument satisfies, so that the compiler reports it. */
export type KnownDestination<M extends object, D extends string> = string extends D | keyof M
  ? unknown
  : true extends { [P in keyof M]: P extends string ? Matches<P, D> : false }[keyof M]
    ? unknown
    : { readonly problem: `No destination of the map matches ${D}` };

/** Type of the payload that a class or a schema describes. */
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

/** A class or a Standard Schema that describes a payload. */
export type PayloadDescription = StandardSchema | Constructor;

/** `true` if some destination matches both a pattern of the map (`{room}`, `*`, `**`) and a destination or pattern of a client. */
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

/** `true` if a segment of a pattern can match a segment of a destination or pattern. */
type Segment<P extends string, D extends string> = P extends D
  ? true
  : P extends '*' | `${string}{${string}}${string}`
    ? true
    : D extends '*' | `${string}{${string}}${string}`
      ? true
      : D extends P
        ? true
        : false;
