// What a test can say about a frame beside its destination and payload.
import type { AckMode } from '../message/frame.js';
import type { PayloadDescription } from './destination-map.js';

export interface FrameOptions {
  /** Asks for a receipt, which then stands in `receipts`; the server knows it by this id. */
  readonly receipt?: string;
}

export interface TransactedOptions extends FrameOptions {
  /** Takes effect when this transaction is committed. */
  readonly transaction?: string;
}

export interface SendOptions extends TransactedOptions {
  /** Headers of the frame; `content-type` chooses how the payload is written. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SubscribeOptions<
  T extends PayloadDescription | undefined = undefined,
> extends FrameOptions {
  /** Default: `sub-1`, `sub-2` and so on. */
  readonly id?: string;
  /** Default `auto`. */
  readonly ack?: AckMode;
  readonly headers?: Readonly<Record<string, string>>;
  /** A class or a schema: each payload is checked against it, and has its type. */
  readonly type?: T;
}

/** A payload that may be undefined can be left out. */
export type SendArguments<P> = undefined extends P
  ? [payload?: P, options?: SendOptions]
  : [payload: P, options?: SendOptions];
