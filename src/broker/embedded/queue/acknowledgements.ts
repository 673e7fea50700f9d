// What one connection may still acknowledge: the names of its deliveries, and whom to tell.
import { MessagingError } from '../../../message/error.js';
import type { Settlement } from '../../broker.js';
import type { QueuedMessage } from './queued-message.js';

/** Who handed messages over and is to hear what became of them. */
export interface Settler {
  readonly subscriptionId: string;
  /** False when the delivery was settled before. */
  settle(kind: Settlement['kind'], ack: string): boolean;
  /** What an ACK of it would settle. */
  covered(ack: string): readonly QueuedMessage[];
}

export class Acknowledgements {
  readonly #open = new Map<string, Settler>();
  /** Names are numbers that grow, so what was named before is known without remembering it. */
  #issued = 0;

  /** @param prefix begins every name, so that names of two sources never clash */
  constructor(private readonly prefix = '') {}

  /** A name for a delivery, which no other delivery of the connection has. */
  open(settler: Settler): string {
    const ack = `${this.prefix}${++this.#issued}`;
    this.#open.set(ack, settler);
    return ack;
  }

  close(acks: Iterable<string>): void {
    for (const ack of acks) this.#open.delete(ack);
  }

  /** Settles; quietly nothing when it was settled before or its subscription has ended. @throws `acknowledgement-unknown` */
  settle(settlement: Settlement): void {
    const settler = this.find(settlement);
    settler?.settle(settlement.kind, settlement.id);
  }

  /** Whom the settlement is for; undefined when it comes too late. @throws `acknowledgement-unknown` */
  find({ id, subscription }: Settlement): Settler | undefined {
    const settler = this.#open.get(id);
    if (settler === undefined) {
      if (this.#wasIssued(id)) return undefined;
      throw new MessagingError('acknowledgement-unknown');
    }
    if (subscription !== undefined && subscription !== settler.subscriptionId)
      throw new MessagingError('acknowledgement-unknown');
    return settler;
  }

  #wasIssued(id: string): boolean {
    const number = id.slice(this.prefix.length);
    return (
      id.startsWith(this.prefix) && /^[1-9]\d{0,15}$/.test(number) && Number(number) <= this.#issued
    );
  }
}
