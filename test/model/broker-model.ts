// The broker as the specification has it: topics, queues, retained messages, and what is refused.
import { QueueModel, type HeldModel, type MessageModel, type QueueWorld } from './queue-model.js';
import type { Settings } from './script.js';
import { type Delivery, ListenerModel, type SessionModel } from './session-model.js';

export const keptTopic = '/topic/kept';
export const deadLetters = '/queue/dead';
export const problemQueue = '/user/queue/errors';

/** Why a frame is refused, by the code of the error. */
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** One ACK or NACK that is known to mean something, or undefined when it comes too late. */
export interface SettlementModel {
  readonly kind: 'ack' | 'nack';
  readonly listener: ListenerModel;
  readonly name: string;
}

export class BrokerModel implements QueueWorld {
  now = 0;
  /** In the order they came. */
  readonly topics: ListenerModel[] = [];
  readonly #queues = new Map<string, QueueModel>();
  /** Messages that could not even become dead letters. */
  lost = 0;
  /** In the order of their renewal. */
  readonly #kept = new Map<string, MessageModel>();

  constructor(
    private readonly settings: Settings,
    /** The broker can serve this session no longer. */
    private readonly fail: (session: SessionModel, code: string) => void,
  ) {}

  get maxDeliveries(): number {
    return this.settings.maxDeliveries;
  }

  subscribe(listener: ListenerModel, prefetch: string | undefined): void {
    const { destination, ack } = listener;
    const isQueue = destination.startsWith('/queue/');
    if (!isQueue && ack === 'auto') {
      for (const message of this.#keptFor(destination))
        this.#deliver(message, listener, { retained: true });
      this.topics.push(listener);
      return;
    }
    if (prefetch !== undefined && !/^[1-9]/.test(prefetch)) throw new Refusal('header-invalid');
    if (isQueue) {
      if (destination.includes('*')) throw new Refusal('destination-invalid');
      listener.queue = this.#open(destination);
    } else {
      listener.queue = new QueueModel(this);
      for (const message of this.#keptFor(destination)) listener.queue.add(message, true);
      this.topics.push(listener);
    }
    listener.queue.join(listener);
  }

  unsubscribe(listener: ListenerModel): void {
    const at = this.topics.indexOf(listener);
    if (at >= 0) this.topics.splice(at, 1);
    listener.queue?.leave(listener, at >= 0);
    listener.holds = [];
    this.#tidy();
  }

  /** All of them, or none. */
  publish(messages: readonly MessageModel[]): void {
    this.#admit(messages.filter(({ destination }) => destination.startsWith('/queue/')));
    for (const message of messages) this.#take(message);
    this.#tidy();
  }

  /** To the subscriptions of one session. */
  tell(session: SessionModel, message: MessageModel): void {
    for (const listener of session.listeners.values())
      if (listener.destination === message.destination) this.#offer(message, listener);
  }

  settle({ kind, listener, name }: SettlementModel): void {
    const at = listener.holds.findIndex(({ delivery }) => delivery.name === name);
    if (at < 0) return;
    const from = listener.ack === 'client' ? 0 : at;
    const settled = listener.holds.slice(from, at + 1).map(({ held }) => held);
    listener.queue?.settle(kind, listener, settled);
    this.#tidy();
  }

  hand(held: HeldModel, listener: ListenerModel): void {
    const { message, retained, deliveries } = held;
    const acknowledged = listener.ack !== 'auto';
    const delivery = this.#deliver(message, listener, { retained, deliveries });
    if (acknowledged) listener.holds.push({ held, delivery });
  }

  bury(message: MessageModel): void {
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

  pass(milliseconds: number): void {
    this.now += milliseconds;
    const listeners = this.topics.flatMap(({ queue }) => queue ?? []);
    for (const queue of [...this.#queues.values(), ...listeners]) queue.dropExpired();
    this.#tidy();
  }

  #take(message: MessageModel): void {
    const { destination, body } = message;
    if (destination.startsWith('/queue/')) return this.#open(destination).add(message);
    if (destination === keptTopic) {
      this.#kept.delete(destination);
      if (body !== '') this.#kept.set(destination, message);
    }
    const matching = this.topics.filter((each) => matches(each.destination, destination));
    // Seen only where one of two subscriptions ends the session.
    matching.sort((a, b) => stars(a) - stars(b));
    for (const listener of matching) this.#offer(message, listener);
  }

  #offer(message: MessageModel, listener: ListenerModel): void {
    const { queue, session } = listener;
    if (queue === undefined) return void this.#deliver(message, listener, {});
    if (queue.size >= this.settings.maxMessages) queue.dropExpired();
    if (queue.size < this.settings.maxMessages) queue.add(message);
    else this.fail(session, 'slow-consumer');
  }

  #deliver(
    { destination, body, original }: MessageModel,
    listener: ListenerModel,
    { retained = false, deliveries = 1 }: { retained?: boolean; deliveries?: number },
  ): Delivery {
    const { session, key, id, ack } = listener;
    const delivery = { subscription: key, listener, name: undefined };
    session.hear(
      {
        kind: 'message',
        subscription: id,
        destination,
        body,
        count: deliveries,
        retained,
        original,
        acknowledged: ack !== 'auto',
      },
      delivery,
    );
    return delivery;
  }

  #admit(messages: readonly MessageModel[]): void {
    this.#tidy();
    const added = new Map<string, number>();
    for (const { destination } of messages)
      added.set(destination, (added.get(destination) ?? 0) + 1);
    const fresh = [...added.keys()].filter((name) => !this.#queues.has(name));
    if (this.#queues.size + fresh.length > this.settings.maxQueues)
      throw new Refusal('queue-limit');
    const { whenFull } = this.settings;
    const excess = new Map<QueueModel, number>();
    for (const [name, count] of added) {
      const queue = this.#queues.get(name);
      const over = (queue?.size ?? 0) + count - this.settings.maxMessages;
      if (over <= 0) continue;
      if (queue === undefined) throw new Refusal('queue-full');
      const expired = queue.waiting.filter(({ message }) => message.expires <= this.now).length;
      if (over > expired && whenFull === 'refuse') throw new Refusal('queue-full');
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

  /** A queue that holds nothing and has no listeners is no queue. */
  #tidy(): void {
    for (const [name, queue] of this.#queues) if (queue.idle) this.#queues.delete(name);
  }

  #keptFor(destination: string): readonly MessageModel[] {
    return [...this.#kept.values()].filter((kept) => matches(destination, kept.destination));
  }
}

function stars({ destination }: ListenerModel): number {
  return destination.split('*').length;
}

function matches(pattern: string, destination: string): boolean {
  const expression = pattern.replaceAll('**', '.+').replaceAll(/(?<!\.)\*|(?<=\/)\*/g, '[^/]+');
  return new RegExp(`^${expression}$`).test(destination);
}
