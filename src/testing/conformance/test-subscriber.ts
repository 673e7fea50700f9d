// A subscriber of a broker under test: it stores its deliveries, and can simulate a full outbox.
import type { BrokerConnection, Subscriber, Subscription } from '../../broker/broker.js';
import type { Publication } from '../../broker/publication.js';
import type { AckMode, DeliveryMarks } from '../../message/frame.js';
import type { Message } from '../../message/message.js';
import { answer, eventually } from './waiting.js';

export interface Delivery {
  readonly subscription: string;
  readonly messageId: string;
  readonly message: Message;
  readonly marks: DeliveryMarks | undefined;
}

export interface SubscribeOptions {
  readonly id?: string;
  readonly ack?: AckMode;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Begins the text of every sentinel. */
export const sentinelText = 'sentinel ';

export class TestSubscriber implements Subscriber {
  /** All deliveries except sentinels. */
  readonly deliveries: Delivery[] = [];
  readonly busy = false;
  readonly gone = false;
  /** Called before a delivery is stored; not called for sentinels. */
  onDelivery: ((message: Message) => void) | undefined;
  /** Deliveries that a correct broker never makes: a sentinel twice, or any message for a subscription that has ended. */
  readonly wrongDeliveries: string[] = [];
  readonly #live = new Set<string>();
  /** Texts of sentinels, each with the id of its subscription. */
  readonly #sentinels = new Set<string>();
  #sentinelAcks: string[] = [];
  #full = false;
  #roomWaiters: (() => void)[] = [];
  #connection!: BrokerConnection;

  constructor(readonly id: string) {}

  setConnection(connection: BrokerConnection): void {
    this.#connection = connection;
  }

  /** The texts of the deliveries, in order. */
  get texts(): readonly string[] {
    return this.deliveries.map(({ message }) => textOf(message));
  }

  hasSentinel(text: string): boolean {
    for (const each of this.#sentinels) if (each.startsWith(`${text},`)) return true;
    return false;
  }

  /** Acknowledges sentinels, so that they do not fill the prefetch window. */
  async acknowledgeSentinels(): Promise<void> {
    for (const ack of this.#sentinelAcks.splice(0)) await this.settle('ack', ack);
  }

  /** Resolves when this many deliveries have arrived. */
  async receive(count: number): Promise<readonly Delivery[]> {
    await eventually(
      () => `${this.id} must receive ${count} messages and has received ${this.deliveries.length}.`,
      () => this.deliveries.length >= count,
    );
    return this.deliveries;
  }

  /** Simulates a full outbox. */
  fill(): void {
    this.#full = true;
  }

  /** Simulates that the outbox has room again. */
  drain(): void {
    this.#full = false;
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }

  deliver(subscription: Subscription, publication: Publication, marks?: DeliveryMarks): boolean {
    const { id: messageId, message } = publication;
    const text = textOf(message);
    if (!this.#live.has(subscription.id)) this.wrongDeliveries.push(text);
    if (text.startsWith(sentinelText)) {
      this.#keepSentinel(text, subscription, marks);
    } else {
      this.onDelivery?.(message);
      this.deliveries.push({ subscription: subscription.id, messageId, message, marks });
    }
    return !this.#full;
  }

  room(): Promise<void> {
    return this.#full
      ? new Promise((resolve) => this.#roomWaiters.push(resolve))
      : Promise.resolve();
  }

  fail(): void {}

  async subscribe(destination: string, options: SubscribeOptions = {}): Promise<void> {
    const { id = 's-1', ack = 'auto', headers = {} } = options;
    const subscription = { id, destination, ack, headers: new Map(Object.entries(headers)) };
    // A broker may deliver before `subscribe` resolves.
    this.#live.add(id);
    await this.#request(`SUBSCRIBE ${destination}`, () => this.#connection.subscribe(subscription));
  }

  async unsubscribe(id = 's-1'): Promise<void> {
    await this.#request(`UNSUBSCRIBE ${id}`, () => this.#connection.unsubscribe(id));
    this.#live.delete(id);
  }

  send(destination: string, text: string): Promise<void> {
    return this.#request(`SEND ${destination}`, () =>
      this.#connection.send(publicationOf(messageOf(destination, text), this.id)),
    );
  }

  settle(kind: 'ack' | 'nack', ack: string): Promise<void> {
    return this.#request(`${kind.toUpperCase()} ${ack}`, () =>
      this.#connection.settle({ kind, id: ack }),
    );
  }

  commit(operations: Parameters<BrokerConnection['commit']>[0]): Promise<void> {
    return this.#request('COMMIT', () => this.#connection.commit(operations));
  }

  async close(): Promise<void> {
    await this.#request('Closing a connection', () => this.#connection.close());
    this.#live.clear();
  }

  #keepSentinel(text: string, { id, ack }: Subscription, marks: DeliveryMarks | undefined): void {
    const key = `${text},${id}`;
    if (this.#sentinels.has(key) && marks?.redelivered === undefined)
      this.wrongDeliveries.push(`${text} twice`);
    this.#sentinels.add(key);
    // With ack `client`, an acknowledgement would also settle earlier messages.
    if (ack === 'client-individual' && marks?.ack !== undefined) this.#sentinelAcks.push(marks.ack);
  }

  /** Rejects if the broker refuses, by an exception or later. */
  async #request(name: string, request: () => void | Promise<void>): Promise<void> {
    await answer(`${name} was not completed.`, request());
  }
}

export function messageOf(
  destination: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Message {
  const all = { 'content-type': 'text/plain', ...headers };
  return { destination, headers: new Map(Object.entries(all)), body: Buffer.from(text) };
}

let published = 0;

/** @param origin the session that sends it; undefined for the application */
export function publicationOf(message: Message, origin?: string): Publication {
  return { id: `publication-${++published}`, message, origin, publishedAt: 0 };
}

function textOf({ body }: Message): string {
  return Buffer.from(body).toString();
}
