// The open transactions of one session: frames that wait for COMMIT.
import { MessagingError } from '../message/error.js';
import type { SendFrame, SettleFrame } from '../message/frame.js';
import { messageOverhead, sizeOf, withOwnBody } from '../message/kept-message.js';

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

  constructor(private readonly limits: TransactionLimits) {}

  /** @throws {MessagingError} `transaction-exists`, `transaction-limit` */
  begin(name: string): void {
    if (this.#open.has(name)) throw new MessagingError('transaction-exists');
    if (this.#open.size >= this.limits.maxTransactions)
      throw new MessagingError('transaction-limit');
    this.#open.set(name, []);
  }

  /** @throws {MessagingError} `transaction-unknown`, `transaction-limit` */
  hold(name: string, frame: HeldFrame): void {
    const held = this.#find(name);
    const bytes = bytesOf(frame);
    const { maxTransactionFrames, maxTransactionBytes } = this.limits;
    if (held.length >= maxTransactionFrames || this.#bytes + bytes > maxTransactionBytes)
      throw new MessagingError('transaction-limit');
    held.push(frame.kind === 'send' ? { ...frame, message: withOwnBody(frame.message) } : frame);
    this.#bytes += bytes;
  }

  /** Ends a transaction and returns the frames that it held. @throws {MessagingError} `transaction-unknown` */
  end(name: string): readonly HeldFrame[] {
    const held = this.#find(name);
    this.#open.delete(name);
    for (const frame of held) this.#bytes -= bytesOf(frame);
    return held;
  }

  /** Aborts all open transactions. */
  clear(): void {
    this.#open.clear();
    this.#bytes = 0;
  }

  #find(name: string): HeldFrame[] {
    const held = this.#open.get(name);
    if (held === undefined) throw new MessagingError('transaction-unknown');
    return held;
  }
}

/** Bytes that a frame counts. Its receipt is kept until COMMIT, like the rest of it. */
function bytesOf(frame: HeldFrame): number {
  const { receipt = '', transaction = '' } = frame;
  const text = receipt.length + transaction.length;
  if (frame.kind === 'send') return text + sizeOf(frame.message);
  return text + messageOverhead + frame.id.length + (frame.subscription ?? '').length;
}
