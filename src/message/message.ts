// The message: destination, headers and body.
import { constantMap } from './read-only.js';

/** Header values by name, in the order sent. Holds the first value of a repeated header (STOMP 1.2 "Repeated Header Entries"). Names are case-sensitive. */
export type Headers = ReadonlyMap<string, string>;

export const noHeaders: Headers = constantMap();

/** The second and further values of repeated headers, by name, in the order sent. */
export type RepeatedHeaders = ReadonlyMap<string, readonly string[]>;

/** A message from a publisher to subscribers. Must not change, because encoders cache bytes by its identity. */
export interface Message {
  /** The destination that the message is published to. */
  readonly destination: string;
  /**
   * Headers of the application and `content-type`, without headers that only the server sets (`message-id`, `subscription`, ...).
   */
  readonly headers: Headers;
  /** The further values of repeated headers; `headers` contains the first values. Absent when no header is repeated. */
  readonly repeatedHeaders?: RepeatedHeaders | undefined;
  /** The payload in bytes. */
  readonly body: Uint8Array;
}

/** All values of a header, in the order sent. */
export function valuesOf(
  { headers, repeatedHeaders }: Pick<Message, 'headers' | 'repeatedHeaders'>,
  name: string,
): readonly string[] {
  const first = headers.get(name);
  return first === undefined ? [] : [first, ...(repeatedHeaders?.get(name) ?? [])];
}

/**
 * The boolean in a header that STOMP does not define. Blanks and case are ignored, as in other brokers: Python clients send `True`.
 * Undefined for other texts, and without the header.
 */
export function booleanOf(text: string | undefined): boolean | undefined {
  switch (text?.trim().toLowerCase()) {
    case 'true':
      return true;
    case 'false':
      return false;
    default:
      return undefined;
  }
}

/**
 * The properties of principals besides `name`. It is empty; an application declares the properties that its authenticator sets by
 * module augmentation.
 *
 * @example
 * ```ts
 * declare module 'signalbox' {
 *   interface PrincipalProperties {
 *     readonly role?: 'admin' | 'member';
 *   }
 * }
 * ```
 */
// oxlint-disable-next-line typescript/no-empty-interface, typescript/no-empty-object-type -- applications add the members
export interface PrincipalProperties {}

/** The user of a session, with the properties that {@link PrincipalProperties} declares. */
export interface Principal extends PrincipalProperties {
  /** Unique name of the user; `/user/{name}/...` addresses the user's sessions. */
  readonly name: string;
}
