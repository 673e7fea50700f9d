// The broker of the model: topics, queues, retained messages, and refusals.
import { closeCodeOf, type ErrorCode } from '../../src/message/error.js';
import { QueueModel, type QueuedModel, type MessageModel } from './queue-model.js';
import type { Settings } from './script.js';
import type { ConsumerModel, Delivery, SessionModel } from './session-model.js';

export const retainedTopic = '/topic/retained';
export const deadLetters = '/queue/dead';
export const problemQueue = '/user/queue/errors';

/** Rejects a frame with this error code. */
export class Refusal extends Error {
  /** @param closes the close code of a session that ends with the refusal */
  constructor(
    readonly code: string,
    readonly closes = closeCodeOf(code as ErrorCode),
  ) {
    super(code);
  }
}

/** An ACK or NACK of a delivery that waits for one. */
export interface SettlementModel {
  readonly kind: 'ack' | 'nack';
  readonly delivery: Delivery;
}

export class BrokerModel {
  now = 0;
  /** In the order of their subscription. */
  readonly topics: ConsumerModel[] = [];
  readonly #queues = new Map<string, QueueModel>();
  /** Number of messages that could not become dead letters. */
  lost = 0;
  #retained: MessageModel | undefined;

  constructor(
    readonly settings: Settings,
    /** Ends a session that the broker can no longer serve. */
    private readonly fail: (session: SessionModel, code: string) => void,
  ) {}

  subscribe(consumer: ConsumerModel, prefetch: string | undefined): void {
    const { destination, ack } = consumer;
    const isQueue = destination.startsWith('/queue/');
    if (isQueue || ack !== 'auto') {
      if (prefetch !== undefined && !/^[1-9]/.test(prefetch)) throw new Refusal('header-refused');
      if (isQueue && destination.includes('*')) throw new Refusal('destination-invalid');
      consumer.queue = isQueue ? this.#open(destination) : new QueueModel(this);
      consumer.queue.attach(consumer);
    }
    if (isQueue) return;
    const retained = this.#retained;
    if (retained !== undefined && matches(destination, retained.destination))
      this.#offer(retained, consumer, true);
    this.topics.push(consumer);
  }

  unsubscribe(consumer: ConsumerModel): void {
    const at = this.topics.indexOf(consumer);
    if (at >= 0) this.topics.splice(at, 1);
    consumer.takenBack = [...consumer.unacknowledged];
    consumer.queue?.detach(consumer, at >= 0);
    consumer.unacknowledged = [];
    this.#deleteIdle();
  }

  /** Publishes all messages or none. */
  publish(messages: readonly MessageModel[]): void {
    this.#admit(messages.filter(({ destination }) => destination.startsWith('/queue/')));
    for (const message of messages) this.#route(message);
    this.#deleteIdle();
  }

  /** Sends to the subscriptions of one session. */
  sendTo(session: SessionModel, message: MessageModel): void {
    for (const consumer of session.consumers.values())
      if (consumer.destination === message.destination) this.#offer(message, consumer);
  }

  settle({ kind, delivery }: SettlementModel): void {
    const { consumer } = delivery;
    const at = consumer.unacknowledged.indexOf(delivery);
    if (at < 0) return;
    const from = consumer.ack === 'client' ? 0 : at;
    const settled = consumer.unacknowledged.slice(from, at + 1).map(({ queued }) => queued);
    consumer.queue?.settle(kind, consumer, settled);
    this.#deleteIdle();
  }

  deliver(queued: QueuedModel, consumer: ConsumerModel): void {
    const { message, retained, deliveries } = queued;
    const { session, id, ack } = consumer;
    const acknowledged = ack !== 'auto';
    const again = deliveries > 1;
    const headers = {
      subscription: id,
      destination: message.destination,
      redelivered: again ? 'true' : undefined,
      'delivery-count': again ? `${deliveries}` : undefined,
      retained: retained ? 'true' : undefined,
      'original-destination': message.original,
    };
    const delivery = { consumer, queued, name: undefined };
    session.addAnswer(
      {
        command: 'MESSAGE',
        headers,
        body: message.body,
        acknowledged: session.version === '1.2' ? acknowledged : undefined,
      },
      delivery,
    );
    if (acknowledged) consumer.unacknowledged.push(delivery);
  }

  isExpired({ expires = Infinity }: MessageModel): boolean {
    return expires <= this.now;
  }

  addDeadLetter(message: MessageModel): void {
    const { destination } = message;
    if (destination === deadLetters || destination === problemQueue) return void this.lost++;
    const letter = { ...message, destination: deadLetters, original: message.destination };
    try {
      this.publish([letter]);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.lost++;
    }
  }

  advance(milliseconds: number): void {
    this.now += milliseconds;
    const consumers = this.topics.flatMap(({ queue }) => queue ?? []);
    for (const queue of [...this.#queues.values(), ...consumers]) queue.dropExpired();
    this.#deleteIdle();
  }

  #route(message: MessageModel): void {
    const { destination, body } = message;
    if (destination.startsWith('/queue/')) return this.#open(destination).add(message);
    if (destination === retainedTopic) this.#retained = body === '' ? undefined : message;
    const matching = this.topics.filter((each) => matches(each.destination, destination));
    // The order matters only when one of two subscriptions ends the session.
    matching.sort((a, b) => stars(a) - stars(b));
    for (const consumer of matching) this.#offer(message, consumer);
  }

  #offer(message: MessageModel, consumer: ConsumerModel, retained = false): void {
    const { queue, session } = consumer;
    if (queue === undefined)
      return this.deliver({ message, place: 0, retained, deliveries: 1 }, consumer);
    if (queue.size >= this.settings.maxMessages) queue.dropExpired();
    if (queue.size < this.settings.maxMessages) queue.add(message, retained);
    else this.fail(session, 'slow-consumer');
  }

  #admit(messages: readonly MessageModel[]): void {
    this.#deleteIdle();
    const added = new Map<string, number>();
    for (const { destination } of messages)
      added.set(destination, (added.get(destination) ?? 0) + 1);
    const newQueues = [...added.keys()].filter((name) => !this.#queues.has(name));
    if (this.#queues.size + newQueues.length > this.settings.maxQueues)
      throw new Refusal('queue-limit');
    const excess = new Map<QueueModel, number>();
    for (const [name, count] of added) {
      const queue = this.#queues.get(name);
      const over = (queue?.size ?? 0) + count - this.settings.maxMessages;
      if (over <= 0) continue;
      if (queue === undefined) throw new Refusal('queue-full');
      const expired = queue.waiting.filter(({ message }) => this.isExpired(message)).length;
      if (over > expired && this.settings.whenFull === 'refuse') throw new Refusal('queue-full');
      if (over > queue.waiting.length) throw new Refusal('queue-full');
      excess.set(queue, over - expired);
    }
    for (const [queue, over] of excess) {
      queue.dropExpired();
      if (over > 0) queue.waiting.splice(0, over);
    }
  }

  #open(name: string): QueueModel {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    if (this.#queues.size >= this.settings.maxQueues) throw new Refusal('queue-limit');
    const queue = new QueueModel(this);
    this.#queues.set(name, queue);
    return queue;
  }

  /** Deletes queues without messages and consumers. */
  #deleteIdle(): void {
    for (const [name, queue] of this.#queues) if (queue.isIdle) this.#queues.delete(name);
  }
}

function stars({ destination }: ConsumerModel): number {
  return destination.split('*').length;
}

function matches(pattern: string, destination: string): boolean {
  const expression = pattern.replaceAll('**', '.+').replaceAll(/(?<!\.)\*|(?<=\/)\*/g, '[^/]+');
  return new RegExp(`^${expression}$`).test(destination);
}
