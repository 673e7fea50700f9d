// The message itself: where it goes, what is said about it, and its octets.

/** Header names to values, in the order given; the first of a repeated header (STOMP 1.2 "Repeated Header Entries"). Names are case-sensitive. */
export type Headers = ReadonlyMap<string, string>;

export const noHeaders: Headers = new Map();

/**
 * What travels from a publisher to subscribers. A message never changes after it was made: its identity is the key under
 * which its encoded octets are kept, so hand on the same object when nothing has to differ.
 */
export interface Message {
  readonly destination: string;
  /** Application headers and `content-type`; never the headers that the server owns (`message-id`, `subscription`, ...). */
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Who a session speaks for, as an authenticator established it. */
export interface Principal {
  readonly name: string;
}
