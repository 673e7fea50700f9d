// The open transactions of one session: frames that wait for COMMIT.
import { MessagingError } from '../message/error.js';
import type { SendFrame, SettleFrame } from '../message/frame.js';
import { messageOverhead, sizeOf, withOwnBody } from '../message/kept-message.js';
import { tooMany, type Holding } from '../message/quota.js';

/** A frame that takes effect at COMMIT. */
export type HeldFrame = SendFrame | SettleFrame;

export interface TransactionLimits {
  /** Open transactions of a session. */
  readonly maxTransactions: number;
  /** Frames that one transaction may hold. */
  readonly maxTransactionFrames: number;
  /** Bytes that all transactions of a session may hold, with headers, receipts and bookkeeping. */
  readonly maxTransactionBytes: number;
}

export class Transactions {
  readonly #open = new Map<string, HeldFrame[]>();
  #bytes = 0;

  /** @param held counts the bytes for the account of the client as well */
  constructor(
    private readonly limits: TransactionLimits,
    private readonly held: Holding,
  ) {}

  /** @throws {MessagingError} `transaction-exists`, `transaction-limit` */
  begin(name: string): void {
    if (this.#open.has(name)) throw new MessagingError('transaction-exists');
    const { maxTransactions } = this.limits;
    if (this.#open.size >= maxTransactions)
      throw new MessagingError(
        'transaction-limit',
        `A session may have at most ${maxTransactions} open transactions (limits.maxTransactions).`,
      );
    this.#open.set(name, []);
  }

  /** @throws {MessagingError} `transaction-unknown`, `transaction-limit` */
  hold(name: string, frame: HeldFrame): void {
    const held = this.#find(name);
    const bytes = bytesOf(frame);
    const { maxTransactionFrames, maxTransactionBytes } = this.limits;
    if (held.length >= maxTransactionFrames)
      throw new MessagingError(
        'transaction-limit',
        `A transaction may have at most ${maxTransactionFrames} frames (limits.maxTransactionFrames).`,
      );
    if (this.#bytes + bytes > maxTransactionBytes)
      throw new MessagingError(
        'transaction-limit',
        `The transactions of a session may have together at most ${maxTransactionBytes} bytes (limits.maxTransactionBytes).`,
      );
    const excess = this.held.excess(bytes);
    if (excess !== undefined)
      throw tooMany('transaction-limit', excess, 'bytes in transactions and waiting frames');
    held.push(frame.kind === 'send' ? { ...frame, message: withOwnBody(frame.message) } : frame);
    this.#count(bytes);
  }

  /** Ends a transaction and returns its frames, whose bytes count until `release`. @throws {MessagingError} `transaction-unknown` */
  take(name: string): readonly HeldFrame[] {
    const held = this.#find(name);
    this.#open.delete(name);
    return held;
  }

  /** Called when the frames that `take` has returned are no longer stored. */
  release(frames: readonly HeldFrame[]): void {
    for (const frame of frames) this.#count(-bytesOf(frame));
  }

  /** Aborts all open transactions. The frames that `take` has returned count until `release`. */
  clear(): void {
    for (const frames of this.#open.values()) this.release(frames);
    this.#open.clear();
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.held.add(bytes);
  }

  #find(name: string): HeldFrame[] {
    const held = this.#open.get(name);
    if (held === undefined) throw new MessagingError('transaction-unknown');
    return held;
  }
}

/** Bytes that a frame counts. Includes its receipt, which is stored until COMMIT. */
function bytesOf(frame: HeldFrame): number {
  const { receipt = '', transaction = '' } = frame;
  const text = receipt.length + transaction.length;
  if (frame.kind === 'send') return text + sizeOf(frame.message);
  return text + messageOverhead + frame.id.length + (frame.subscription ?? '').length;
}
