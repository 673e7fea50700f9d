// A STOMP frame with its wrapping taken off, whoever said it and whatever it means.
import type { Headers } from '../../message/message.js';

export interface RawFrame {
  readonly command: string;
  /** Without escapes, and without `content-length`: that belongs to the wrapping. */
  readonly headers: Headers;
  readonly body: Uint8Array;
}
