// A subscriber of a broker under examination: keeps what is delivered to it, and says it is full when told so.
import type { BrokerConnection, Subscriber, Subscription } from '../../broker/broker.js';
import type { Publication } from '../../broker/publication.js';
import type { AckMode, DeliveryMarks } from '../../message/frame.js';
import type { Message } from '../../message/message.js';
import { answer } from './patience.js';

export interface Delivery {
  readonly subscription: string;
  readonly messageId: string;
  readonly message: Message;
  readonly marks: DeliveryMarks | undefined;
}

/** How a test subscribes. */
export interface SubscribeOptions {
  readonly id?: string;
  readonly ack?: AckMode;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Listener implements Subscriber {
  readonly deliveries: Delivery[] = [];
  readonly failures: Error[] = [];
  readonly busy = false;
  readonly gone = false;
  /** Acts before a delivery is kept. */
  onDelivery: ((message: Message) => void) | undefined;
  #full = false;
  #roomWanted: (() => void)[] = [];
  #connection!: BrokerConnection;

  constructor(readonly id: string) {}

  /** Its line to the broker. @internal */
  joined(connection: BrokerConnection): this {
    this.#connection = connection;
    return this;
  }

  /** The texts that were delivered, in order. */
  get texts(): readonly string[] {
    return this.deliveries.map(({ message }) => textOf(message));
  }

  /** From now on there is no room. */
  fill(): void {
    this.#full = true;
  }

  empty(): void {
    this.#full = false;
    for (const resolve of this.#roomWanted.splice(0)) resolve();
  }

  deliver({ id }: Subscription, publication: Publication, marks?: DeliveryMarks): boolean {
    const { id: messageId, message } = publication;
    this.onDelivery?.(message);
    this.deliveries.push({ subscription: id, messageId, message, marks });
    return !this.#full;
  }

  room(): Promise<void> {
    return this.#full
      ? new Promise((resolve) => this.#roomWanted.push(resolve))
      : Promise.resolve();
  }

  fail(error: Error): void {
    this.failures.push(error);
  }

  subscribe(destination: string, options: SubscribeOptions = {}): Promise<void> {
    const { id = 's-1', ack = 'auto', headers = {} } = options;
    const subscription = { id, destination, ack, headers: new Map(Object.entries(headers)) };
    return this.#ask(`SUBSCRIBE ${destination}`, () => this.#connection.subscribe(subscription));
  }

  unsubscribe(id = 's-1'): Promise<void> {
    return this.#ask(`UNSUBSCRIBE ${id}`, () => this.#connection.unsubscribe(id));
  }

  send(destination: string, text: string): Promise<void> {
    return this.#ask(`SEND ${destination}`, () =>
      this.#connection.send(publicationOf(messageOf(destination, text), this.id)),
    );
  }

  settle(kind: 'ack' | 'nack', ack: string): Promise<void> {
    return this.#ask(`${kind.toUpperCase()} ${ack}`, () =>
      this.#connection.settle({ kind, id: ack }),
    );
  }

  commit(operations: Parameters<BrokerConnection['commit']>[0]): Promise<void> {
    return this.#ask('COMMIT', () => this.#connection.commit(operations));
  }

  leave(): Promise<void> {
    return this.#ask('The end of a connection', () => this.#connection.close());
  }

  /** What is refused rejects, whether the broker throws or answers later. */
  async #ask(what: string, ask: () => void | Promise<void>): Promise<void> {
    await answer(`${what} was not answered.`, ask());
  }
}

export function messageOf(
  destination: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Message {
  const said = { 'content-type': 'text/plain', ...headers };
  return { destination, headers: new Map(Object.entries(said)), body: Buffer.from(text) };
}

let published = 0;

/** @param origin the session that sends it; undefined for the application */
export function publicationOf(message: Message, origin?: string): Publication {
  return { id: `publication-${++published}`, message, origin, publishedAt: 0 };
}

export function textOf({ body }: Message): string {
  return Buffer.from(body).toString();
}
