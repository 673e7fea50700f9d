// The open transactions of each session: what was said in them and waits for COMMIT.
import { MessagingError } from '../message/error.js';
import type { SendFrame, SettleFrame } from '../message/frame.js';
import type { ClientSession } from '../session/client-session.js';

/** A frame that takes effect at COMMIT. */
export type HeldFrame = SendFrame | SettleFrame;

export interface TransactionLimits {
  /** Open transactions of a session. */
  readonly maxTransactions: number;
  /** Frames that one transaction may hold. */
  readonly maxTransactionFrames: number;
  /** Octets that all transactions of a session may hold. */
  readonly maxTransactionBytes: number;
}

interface OpenTransactions {
  readonly byName: Map<string, HeldFrame[]>;
  octets: number;
}

export class Transactions {
  readonly #open = new Map<ClientSession, OpenTransactions>();

  constructor(private readonly limits: TransactionLimits) {}

  /** @throws `transaction-exists`, `transaction-limit` */
  begin(session: ClientSession, name: string): void {
    const open = this.#of(session);
    if (open.byName.has(name)) throw new MessagingError('transaction-exists');
    if (open.byName.size >= this.limits.maxTransactions)
      throw new MessagingError('transaction-limit');
    open.byName.set(name, []);
    this.#open.set(session, open);
  }

  /** @throws `transaction-unknown`, `transaction-limit` */
  hold(session: ClientSession, name: string, frame: HeldFrame): void {
    const open = this.#of(session);
    const held = this.#find(open, name);
    const octets = octetsOf(frame);
    if (
      held.length >= this.limits.maxTransactionFrames ||
      open.octets + octets > this.limits.maxTransactionBytes
    ) {
      throw new MessagingError('transaction-limit');
    }
    held.push(frame);
    open.octets += octets;
  }

  /** Ends a transaction and gives what it held. @throws `transaction-unknown` */
  end(session: ClientSession, name: string): readonly HeldFrame[] {
    const open = this.#of(session);
    const held = this.#find(open, name);
    open.byName.delete(name);
    for (const frame of held) open.octets -= octetsOf(frame);
    if (open.byName.size === 0) this.#open.delete(session);
    return held;
  }

  /** Aborts what a session has left open. */
  abortAll(session: ClientSession): void {
    this.#open.delete(session);
  }

  #of(session: ClientSession): OpenTransactions {
    return this.#open.get(session) ?? { byName: new Map(), octets: 0 };
  }

  #find({ byName }: OpenTransactions, name: string): HeldFrame[] {
    const held = byName.get(name);
    if (held === undefined) throw new MessagingError('transaction-unknown');
    return held;
  }
}

function octetsOf(frame: HeldFrame): number {
  if (frame.kind !== 'send') return frame.id.length;
  const { destination, headers, body } = frame.message;
  let octets = destination.length + body.length;
  for (const [name, value] of headers) octets += name.length + value.length;
  return octets;
}
