// The message: destination, headers and body.
import { readOnly } from './read-only.js';

/** Header values by name, in the order sent. Holds the first value of a repeated header (STOMP 1.2 "Repeated Header Entries"). Names are case-sensitive. */
export type Headers = ReadonlyMap<string, string>;

export const noHeaders: Headers = readOnly(new Map());

/** A message from a publisher to subscribers. Never changes after it was made: encoders cache bytes by its identity. */
export interface Message {
  readonly destination: string;
  /** Headers of the application and `content-type`, without headers that the server owns (`message-id`, `subscription`, ...). */
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** The user of a session. */
export interface Principal {
  readonly name: string;
}
