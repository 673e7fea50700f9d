// A queue as the specification has it, with no thought of speed.
import type { ListenerModel } from './session-model.js';

export interface MessageModel {
  readonly destination: string;
  readonly body: string;
  readonly expires: number;
  /** Where it was to go before it became a dead letter. */
  readonly original: string | undefined;
}

/** A message in a queue. */
export interface HeldModel {
  readonly message: MessageModel;
  readonly place: number;
  readonly retained: boolean;
  deliveries: number;
}

/** What the world around a queue does for it. */
export interface QueueWorld {
  readonly now: number;
  readonly maxDeliveries: number;
  hand(held: HeldModel, listener: ListenerModel): void;
  bury(message: MessageModel): void;
}

export class QueueModel {
  /** In the order of their places. */
  waiting: HeldModel[] = [];
  listeners: ListenerModel[] = [];
  /** Those that may take a message, the one that waited longest first. */
  #line: ListenerModel[] = [];
  #places = 0;

  constructor(private readonly world: QueueWorld) {}

  get size(): number {
    return this.listeners.reduce((sum, { holds }) => sum + holds.length, this.waiting.length);
  }

  get idle(): boolean {
    return this.size === 0 && this.listeners.length === 0;
  }

  add(message: MessageModel, retained = false): void {
    this.waiting.push({ message, place: ++this.#places, retained, deliveries: 0 });
    this.pump();
  }

  join(listener: ListenerModel): void {
    this.listeners.push(listener);
    this.#line.push(listener);
    this.pump();
  }

  /** @param forgotten whether it was the listener's own, and what it holds is for nobody else */
  leave(listener: ListenerModel, forgotten: boolean): void {
    this.listeners = this.listeners.filter((each) => each !== listener);
    if (forgotten) return;
    this.#line = this.#line.filter((each) => each !== listener);
    this.#takeBack(listener.holds.splice(0).map(({ held }) => held));
  }

  /** ACK or NACK of some that a listener holds. */
  settle(kind: 'ack' | 'nack', listener: ListenerModel, settled: readonly HeldModel[]): void {
    listener.holds = listener.holds.filter(({ held }) => !settled.includes(held));
    if (kind === 'nack') this.#takeBack(settled);
    if (listener.hasRoom && !this.#line.includes(listener)) this.#line.push(listener);
    this.pump();
  }

  dropExpired(): void {
    this.waiting = this.waiting.filter(({ message }) => message.expires > this.world.now);
  }

  #takeBack(returned: readonly HeldModel[]): void {
    const { maxDeliveries } = this.world;
    this.waiting.push(...returned.filter(({ deliveries }) => deliveries < maxDeliveries));
    this.waiting.sort((a, b) => a.place - b.place);
    for (const { deliveries, message } of returned)
      if (deliveries >= maxDeliveries) this.world.bury(message);
    this.pump();
  }

  pump(): void {
    this.#line = this.#line.filter(({ hasRoom }) => hasRoom);
    while (this.#line.length > 0 && this.waiting.length > 0) {
      const held = this.waiting.shift()!;
      if (held.message.expires <= this.world.now) continue;
      const listener = this.#line.shift()!;
      held.deliveries++;
      this.world.hand(held, listener);
      if (listener.hasRoom) this.#line.push(listener);
      this.#line = this.#line.filter(({ hasRoom }) => hasRoom);
    }
  }
}
