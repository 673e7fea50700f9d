// The messages that a client sends in HTTP requests: their order and size, and the requests that wait while reading is paused.
import { closeCodes } from '../../message/error.js';
import type { ConnectionListener } from '../transport.js';

/** Requests of one session that may be in progress. Clients send the next request after the answer to the last one. */
const maxRequests = 16;

/** The messages of one request. */
interface Delivery {
  readonly messages: readonly Uint8Array[];
  next: number;
  readonly done: (all: boolean) => void;
}

export class Inbound {
  #paused = false;
  #ended = false;
  /** True after a message that is too large; later ones are ignored. */
  #rejected = false;
  #requests = 0;
  #deliveries: Delivery[] = [];
  #delivering = false;
  #readers: (() => void)[] = [];
  #aborts: Set<() => void> | undefined;

  /**
   * @param maxMessageBytes bytes of one message
   * @param listener returns the receiver of the messages; undefined when the session has ended
   */
  constructor(
    private readonly maxMessageBytes: number,
    private readonly listener: () => ConnectionListener | undefined,
  ) {}

  /** False when the session has ended. */
  get isOpen(): boolean {
    return !this.#ended;
  }

  /** Counts a request; false when too many are in progress. */
  begin(): boolean {
    if (this.#requests >= maxRequests) return false;
    this.#requests++;
    return true;
  }

  /** A counted request has ended. */
  finish(): void {
    this.#requests--;
  }

  /** Resolves when a request may be read, or the session has ended. */
  whenReading(): Promise<void> {
    return this.#paused && !this.#ended
      ? new Promise((resolve) => this.#readers.push(resolve))
      : Promise.resolve();
  }

  /**
   * Delivers the messages of a request. Resolves with true when all are delivered, also if the last one has ended the session; with
   * false when the session has ended before.
   */
  receive(messages: readonly Uint8Array[]): Promise<boolean> {
    return new Promise((resolve) => {
      this.#deliveries.push({ messages, next: 0, done: resolve });
      this.#advance();
    });
  }

  /** Calls `abort` when the session ends. Returns a function that removes it. */
  onEnd(abort: () => void): () => void {
    const aborts = (this.#aborts ??= new Set());
    aborts.add(abort);
    return () => void aborts.delete(abort);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#advance();
    if (!this.#paused) this.#releaseReaders();
  }

  /** Ignores all further messages. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { messages, next, done } of this.#deliveries) done(next === messages.length);
    this.#deliveries = [];
    this.#releaseReaders();
    for (const abort of this.#aborts ?? []) abort();
  }

  #advance(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    for (let first = this.#deliveries[0]; first !== undefined; first = this.#deliveries[0]) {
      const message = first.messages[first.next];
      if (message === undefined) {
        this.#deliveries.shift();
        first.done(true);
      } else if (this.#paused) break;
      else {
        first.next++;
        this.#deliver(message);
      }
    }
    this.#delivering = false;
  }

  #deliver(message: Uint8Array): void {
    if (this.#rejected) return;
    if (message.length <= this.maxMessageBytes) return this.listener()?.data(message);
    this.#rejected = true;
    this.listener()?.ended(closeCodes.tooBig, 'frame-too-large');
  }

  #releaseReaders(): void {
    const readers = this.#readers;
    this.#readers = [];
    for (const resolve of readers) resolve();
  }
}
