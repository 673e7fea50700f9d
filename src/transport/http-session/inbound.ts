// The messages that a client sends in JSON arrays: their order and size, their share of a turn, and the requests that wait while reading is paused.
import type { Clock } from '../../message/clock.js';
import { closeCodes } from '../../message/error.js';
import { tooLargeReason, tooLargeText, type ConnectionListener } from '../transport.js';
import { parseMessages } from './framing.js';
import { bytesOf } from './text.js';

/** Requests of one session that may be in progress. Clients send the next request after the answer to the last one. */
const maxRequests = 16;

/**
 * Messages that are delivered in one turn of the event loop: one array can have 350,000 of them. An array counts as one more message
 * for each 256 bytes, because it is parsed as a whole.
 */
const messagesPerTurn = 128;

/** `delivered`: all messages, also if the last one has ended the session. `ended`: the session has ended before. */
export type DeliveryResult = 'delivered' | 'malformed' | 'ended';

/** The array of one request, or of one WebSocket message. */
interface Delivery {
  /** Undefined when the array is parsed. */
  json: Uint8Array | undefined;
  texts: Iterator<string>;
  /** The message that is delivered next; undefined before the array is parsed, and after its last one. */
  next: string | undefined;
  readonly done: (result: DeliveryResult) => void;
}

const noTexts: Iterator<string> = [][Symbol.iterator]();

export class Inbound {
  #paused = false;
  #ended = false;
  /** True after a message that is too large; later ones are ignored. */
  #rejected = false;
  #requests = 0;
  /** Bytes of requests that are not delivered. */
  #heldBytes = 0;
  #deliveries: Delivery[] = [];
  #delivering = false;
  /** Messages since the last wait for a turn. Not reset at the end of each turn: one wait for 128 messages takes less time. */
  #deliveredInTurn = 0;
  #waitsForTurn = false;
  #readers: (() => void)[] = [];
  #aborts: Set<() => void> | undefined;

  /**
   * @param maxMessageBytes bytes of one message
   * @param listener returns the receiver of the messages; undefined when the session has ended
   * @param parse returns the texts in an array; undefined for anything else
   */
  constructor(
    private readonly clock: Clock,
    private readonly maxMessageBytes: number,
    private readonly listener: () => ConnectionListener | undefined,
    private readonly parse = parseMessages,
  ) {}

  /** False when the session has ended. */
  get isOpen(): boolean {
    return !this.#ended;
  }

  /** False while messages wait, or the session does not take any. */
  get isReading(): boolean {
    return this.#ended || (!this.#paused && this.#deliveries.length === 0);
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

  /**
   * Counts bytes of a request until `release`. False when the client holds too many; it may always hold those of one message, so that
   * small requests are never refused.
   */
  hold(bytes: number): boolean {
    if (this.#ended) return true;
    this.#heldBytes += bytes;
    const hasRoom = this.listener()?.held(bytes) !== false;
    return hasRoom || this.#heldBytes <= this.maxMessageBytes;
  }

  release(bytes: number): void {
    if (this.#ended) return;
    this.#heldBytes -= bytes;
    this.listener()?.held(-bytes);
  }

  /** Resolves when a request may be read, or the session has ended. */
  whenReading(): Promise<void> {
    return this.isReading
      ? Promise.resolve()
      : new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Delivers the messages of an array after all earlier ones, and then calls `done`. */
  receive(json: Uint8Array, done: (result: DeliveryResult) => void): void {
    this.#add({ json, texts: noTexts, next: undefined, done });
  }

  /** Calls `action` when all earlier messages are delivered, or the session has ended. */
  afterDelivery(action: () => void): void {
    this.#add({ json: undefined, texts: noTexts, next: undefined, done: action });
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
  }

  /** Ignores all further messages. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    for (const { json, next, done } of deliveries)
      done(json === undefined && next === undefined ? 'delivered' : 'ended');
    if (this.#heldBytes > 0) this.listener()?.held(-this.#heldBytes);
    this.#releaseReaders();
    for (const abort of this.#aborts ?? []) abort();
  }

  #add(delivery: Delivery): void {
    if (this.#ended) return delivery.done('ended');
    this.#deliveries.push(delivery);
    this.#advance();
  }

  #advance(): void {
    if (this.#delivering || this.#waitsForTurn) return;
    this.#delivering = true;
    let advances = true;
    while (advances) {
      const [first] = this.#deliveries;
      advances = first !== undefined && this.#step(first);
    }
    this.#delivering = false;
    if (this.isReading) this.#releaseReaders();
  }

  /** Completes an array, parses it or delivers its next message. False when that has to wait. */
  #step(first: Delivery): boolean {
    if (this.#deliveredInTurn >= messagesPerTurn) {
      this.#waitForTurn();
      return false;
    }
    const { json, next } = first;
    if (json === undefined && next === undefined) {
      this.#complete('delivered');
      return true;
    }
    if (this.#paused) return false;
    if (json !== undefined) this.#parse(first, json);
    else if (next !== undefined) {
      this.#deliveredInTurn++;
      // Before the message, because it may end the session.
      first.next = nextOf(first.texts);
      this.#deliver(next);
      // Nothing follows a message that is too large.
      if (this.#rejected) first.next = undefined;
    }
    return true;
  }

  #parse(first: Delivery, json: Uint8Array): void {
    this.#deliveredInTurn += json.length >>> 8;
    const texts = this.parse(json);
    if (texts === undefined) return this.#complete('malformed');
    first.json = undefined;
    first.texts = texts[Symbol.iterator]();
    first.next = nextOf(first.texts);
  }

  #waitForTurn(): void {
    this.#waitsForTurn = true;
    this.clock.soon(() => {
      this.#waitsForTurn = false;
      this.#deliveredInTurn = 0;
      this.#advance();
    });
  }

  #complete(result: DeliveryResult): void {
    this.#deliveries.shift()!.done(result);
  }

  #deliver(text: string): void {
    if (this.#rejected) return;
    if (Buffer.byteLength(text) <= this.maxMessageBytes)
      return this.listener()?.data(bytesOf(text));
    this.#rejected = true;
    this.listener()?.ended(closeCodes.tooBig, tooLargeReason, tooLargeText(this.maxMessageBytes));
  }

  #releaseReaders(): void {
    if (this.#readers.length === 0) return;
    const readers = this.#readers;
    this.#readers = [];
    for (const resolve of readers) resolve();
  }
}

function nextOf(texts: Iterator<string>): string | undefined {
  const { done, value } = texts.next();
  return done === true ? undefined : value;
}
