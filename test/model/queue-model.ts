// A queue of the model: simple rather than fast.
import type { BrokerModel } from './broker-model.js';
import type { ConsumerModel } from './session-model.js';

export interface MessageModel {
  readonly destination: string;
  readonly body: string;
  /** Infinity by default. */
  readonly expires?: number;
  /** The destination before it became a dead letter. */
  readonly original?: string;
}

/** A message in a queue. */
export interface QueuedModel {
  readonly message: MessageModel;
  readonly place: number;
  readonly retained: boolean;
  deliveries: number;
}

export class QueueModel {
  /** In the order of their places. */
  waiting: QueuedModel[] = [];
  consumers: ConsumerModel[] = [];
  /** Consumers that may take a message, the one that has waited longest first. */
  #ready: ConsumerModel[] = [];
  #places = 0;

  constructor(private readonly broker: BrokerModel) {}

  get size(): number {
    const taken = this.consumers.flatMap(({ unacknowledged }) => unacknowledged);
    return this.waiting.length + taken.length;
  }

  get isIdle(): boolean {
    return this.size === 0 && this.consumers.length === 0;
  }

  add(message: MessageModel, retained = false): void {
    this.waiting.push({ message, place: ++this.#places, retained, deliveries: 0 });
    this.pump();
  }

  attach(consumer: ConsumerModel): void {
    this.consumers.push(consumer);
    this.#ready.push(consumer);
    this.pump();
  }

  /** @param discard drops the unacknowledged messages of a consumer whose queue has no other consumer */
  detach(consumer: ConsumerModel, discard: boolean): void {
    this.consumers = this.consumers.filter((each) => each !== consumer);
    if (discard) return;
    this.#ready = this.#ready.filter((each) => each !== consumer);
    this.#putBack(consumer.unacknowledged.splice(0).map(({ queued }) => queued));
  }

  /** Applies ACK or NACK of messages that a consumer has. */
  settle(kind: 'ack' | 'nack', consumer: ConsumerModel, settled: readonly QueuedModel[]): void {
    consumer.unacknowledged = consumer.unacknowledged.filter(
      ({ queued }) => !settled.includes(queued),
    );
    if (kind === 'nack') this.#putBack(settled);
    if (consumer.hasRoom && !this.#ready.includes(consumer)) this.#ready.push(consumer);
    this.pump();
  }

  dropExpired(): void {
    this.waiting = this.waiting.filter(({ message }) => !this.broker.isExpired(message));
  }

  #putBack(returned: readonly QueuedModel[]): void {
    const { maxDeliveries } = this.broker.settings;
    this.waiting.push(...returned.filter(({ deliveries }) => deliveries < maxDeliveries));
    this.waiting.sort((a, b) => a.place - b.place);
    for (const { deliveries, message } of returned)
      if (deliveries >= maxDeliveries) this.broker.addDeadLetter(message);
    this.pump();
  }

  pump(): void {
    this.#ready = this.#ready.filter(({ hasRoom }) => hasRoom);
    while (this.#ready.length > 0 && this.waiting.length > 0) {
      const queued = this.waiting.shift()!;
      if (this.broker.isExpired(queued.message)) continue;
      const consumer = this.#ready.shift()!;
      queued.deliveries++;
      this.broker.deliver(queued, consumer);
      if (consumer.hasRoom) this.#ready.push(consumer);
      this.#ready = this.#ready.filter(({ hasRoom }) => hasRoom);
    }
  }
}
