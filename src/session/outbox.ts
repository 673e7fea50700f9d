// The outbox of a session: encodes frames, writes those of one turn together, and detects slow readers.
import type { Clock, Timer } from '../message/clock.js';
import type { Batch, EncodedFrame, Framing } from '../message/encoded-frame.js';
import { MessagingError } from '../message/error.js';
import type { Heartbeat, ServerFrame } from '../message/frame.js';
import { requireResult } from '../message/promise.js';
import type { Connection } from '../transport/transport.js';
import type { Encoder } from '../wire/codec.js';
import type { Activity } from './activity.js';
import type { ClientSession } from './client-session.js';
import { HeldFrames } from './held-frames.js';
import { interceptOutbound, type OutboundInterceptor } from './interceptor.js';
import type { DropRule, DropRules } from './slow-consumer.js';

export interface OutboxLimits {
  /** Bytes that may wait. An empty outbox accepts one frame of any size. */
  readonly maxBytes: number;
  /** Milliseconds that a byte may wait. */
  readonly timeout: number;
}

/** The parts that all outboxes of a server share. */
export interface OutboxParts {
  readonly clock: Clock;
  readonly flusher: Flusher;
  readonly activity: Activity;
  readonly limits: OutboxLimits;
  /** Decides which messages to drop for slow readers; undefined when slow readers are always disconnected. */
  readonly dropRules: DropRules | undefined;
  /** Change or drop frames before they are encoded. */
  readonly interceptors: readonly OutboundInterceptor[];
}

/** Larger batches are written before the end of the turn, because only a write shows whether the reader keeps up. */
const earlyFlushBytes = 64 * 1024;

/** Writes all outboxes of a server that received frames, at the end of each turn of the event loop. */
export class Flusher {
  #outboxes: Outbox[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly activity: Activity,
  ) {}

  /** Flushes the outbox at the end of this turn. */
  add(outbox: Outbox): void {
    if (this.#outboxes.push(outbox) > 1) return;
    this.activity.begin();
    this.clock.soon(this.#flush);
  }

  readonly #flush = (): void => {
    const outboxes = this.#outboxes;
    this.#outboxes = [];
    const now = this.clock.now();
    for (const outbox of outboxes) outbox.flush(now);
    this.activity.end();
  };
}

export class Outbox {
  // The fields that each delivery reads come first: with 1,000 subscribers every cache line counts.
  #open = true;
  #encoder: Encoder | undefined;
  #batch: Batch | undefined;
  readonly #framing: Framing;
  readonly #parts: OutboxParts;
  /** Bytes that the connection still held after the last write. */
  #backlog = 0;
  readonly #connection: Connection;
  /** In whole milliseconds, because V8 stores small integers without allocation. */
  #lastWrite: number;
  #roomWaiters: (() => void)[] | undefined;
  #timeoutTimer: Timer | undefined;
  /** Bytes written since the timer was set. */
  #writtenSinceTimer = 0;
  readonly #session: ClientSession;
  /** Frames that wait until a slow reader has caught up; undefined for readers that keep up. */
  #held: HeldFrames | undefined;

  constructor(session: ClientSession, connection: Connection, parts: OutboxParts) {
    this.#framing = connection.framing;
    this.#parts = parts;
    this.#connection = connection;
    this.#lastWrite = Math.trunc(parts.clock.now());
    this.#session = session;
  }

  /** The time of the last write, on the scale of the clock. */
  get lastWrite(): number {
    return this.#lastWrite;
  }

  /** Sets the encoder, once. Frames that are sent before are dropped. */
  setEncoder(encoder: Encoder): void {
    this.#encoder ??= encoder;
  }

  /** Queues a frame; false when more than half of the limit waits. An exception of an interceptor or encoder ends the session. */
  send(frame: ServerFrame | Heartbeat): boolean {
    const encoder = this.#encoder;
    if (!this.#open || encoder === undefined) return true;
    try {
      if (frame.kind === 'heartbeat') return this.#queue(encode(encoder, frame));
      const { interceptors, dropRules } = this.#parts;
      const outgoing =
        interceptors.length === 0 ? frame : interceptOutbound(interceptors, frame, this.#session);
      if (outgoing === undefined) return true;
      if (dropRules !== undefined && (this.#backlog > 0 || this.#held !== undefined))
        return this.#hold(outgoing, dropRules, encoder);
      return this.#queue(encode(encoder, outgoing));
    } catch (error) {
      this.#sendingFailed(error);
      return true;
    }
  }

  /** Queues a message that belongs to no protocol; as `send`. */
  sendEncoded(encoded: EncodedFrame): boolean {
    try {
      return this.#queue(encoded);
    } catch (error) {
      this.#sendingFailed(error);
      return true;
    }
  }

  /** Writes all queued frames. An exception of the transport ends the session. */
  flush(now: number): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.#lastWrite = Math.trunc(now);
    if (this.#timeoutTimer !== undefined) this.#writtenSinceTimer += batch.size;
    const before = this.#backlog;
    try {
      const result: unknown = this.#connection.write(batch.bytes());
      if (result !== undefined) requireResult(result, 'write() of the connection');
      this.#measureBacklog();
      // An empty outbox accepts one frame of any size, so only a write behind a backlog is checked.
      if (before > 0) this.#checkLimit(0);
    } catch (error) {
      this.#writingFailed(error);
    }
  }

  /** The connection has written all bytes. */
  drained(): void {
    if (!this.#open) return;
    try {
      this.#measureBacklog();
      this.#release(this.#parts.limits.maxBytes / 4);
    } catch (error) {
      this.#sendingFailed(error);
    }
  }

  /** Drops the held messages of an ended subscription, if they may be dropped. */
  forget(subscription: string): void {
    const held = this.#held;
    if (held === undefined) return;
    held.forget(subscription);
    this.#resolveRoom();
  }

  /** Writes all queued and held frames, regardless of the backlog, before the session is closed. */
  finish(): void {
    try {
      this.#release(Infinity);
    } catch (error) {
      this.#sendingFailed(error);
    }
    this.flush(this.#parts.clock.now());
  }

  /** Resolves when less than half of the limit waits, or when the outbox is stopped. */
  room(): Promise<void> {
    if (!this.#open || this.#waiting() <= this.#parts.limits.maxBytes / 2) return Promise.resolve();
    return new Promise((resolve) => (this.#roomWaiters ??= []).push(resolve));
  }

  /** Drops all queued frames and all frames that are sent from now on. */
  stop(): void {
    this.#open = false;
    this.#batch = undefined;
    this.#held = undefined;
    this.#timeoutTimer?.cancel();
    this.#setBacklog(0);
  }

  /** Adds a frame to the batch of this turn; false when more than half of the limit waits. */
  #queue(encoded: EncodedFrame): boolean {
    // An interceptor or an early flush may have ended the session.
    if (!this.#open) return true;
    if (this.#batch === undefined) {
      this.#batch = encoded.batch(this.#framing);
      this.#parts.flusher.add(this);
    } else {
      this.#batch = this.#batch.with(encoded, this.#framing);
    }
    const { size } = this.#batch;
    if (size > earlyFlushBytes) this.flush(this.#parts.clock.now());
    else if (this.#backlog > 0) this.#checkLimit(size);
    return this.#backlog + size <= this.#parts.limits.maxBytes / 2;
  }

  /** Bytes that are queued, held or in the connection. */
  #waiting(): number {
    return (this.#batch?.size ?? 0) + this.#backlog + (this.#held?.size ?? 0);
  }

  /** Holds a frame back for a slow reader, so that it or older frames can still be dropped. */
  #hold(frame: ServerFrame, dropRules: DropRules, encoder: Encoder): boolean {
    const held = (this.#held ??= new HeldFrames(this.#session.owner));
    if (this.#backlog === 0 && held.empty) {
      const hasRoom = this.#queue(encode(encoder, held.withDropCount(frame)));
      // The reader has caught up, so later frames are queued directly.
      if (held.disposable) this.#held = undefined;
      return hasRoom;
    }
    const rule = frame.kind === 'message' ? dropRules(frame) : undefined;
    const size = encode(encoder, frame).bytes.length;
    if (this.#makeRoom(held, size - held.replacedSize(rule), rule)) held.add(frame, size, rule);
    else if (frame.kind === 'message') held.drop(frame);
    return this.#waiting() <= this.#parts.limits.maxBytes / 2;
  }

  /**
   * Drops held messages until a frame fits; false when the frame itself has to be dropped. Ends the session when neither
   * may be dropped.
   */
  #makeRoom(held: HeldFrames, needed: number, rule: DropRule | undefined): boolean {
    while (this.#waiting() + needed > this.#parts.limits.maxBytes) {
      if (rule?.policy === 'drop-newest') return false;
      if (held.dropOldest()) continue;
      if (rule !== undefined) return false;
      this.#overflow();
      return true;
    }
    return true;
  }

  /** Writes held frames in parts of this many bytes, until the connection has a backlog again. */
  #release(partBytes: number): void {
    const held = this.#held;
    const encoder = this.#encoder;
    if (held === undefined || encoder === undefined) return;
    while (this.#open && !held.empty && (this.#backlog === 0 || partBytes === Infinity)) {
      do this.#queue(encode(encoder, held.take()!));
      while (this.#open && !held.empty && (this.#batch?.size ?? 0) < partBytes);
      this.flush(this.#parts.clock.now());
    }
  }

  #measureBacklog(): void {
    this.#setBacklog(this.#connection.bufferedBytes);
    if (this.#backlog > 0) this.#startTimeout();
  }

  #setBacklog(backlog: number): void {
    if (backlog > 0 !== this.#backlog > 0) {
      if (backlog > 0) this.#parts.activity.begin();
      else this.#parts.activity.end();
    }
    this.#backlog = backlog;
    this.#resolveRoom();
  }

  #resolveRoom(): void {
    const waiters = this.#roomWaiters;
    if (waiters === undefined || this.#waiting() > this.#parts.limits.maxBytes / 2) return;
    this.#roomWaiters = undefined;
    for (const resolve of waiters) resolve();
  }

  #checkLimit(queued: number): void {
    const { maxBytes } = this.#parts.limits;
    if (this.#backlog + queued <= maxBytes) return;
    // The backlog was measured at the last write; the reader may have caught up since.
    this.#measureBacklog();
    if (this.#backlog > 0 && this.#backlog + queued > maxBytes) this.#overflow();
  }

  /** One timer while bytes wait: the bytes that waited when it was set must be written when it fires. */
  #startTimeout(): void {
    if (this.#timeoutTimer !== undefined) return;
    this.#writtenSinceTimer = 0;
    const { clock, limits } = this.#parts;
    this.#timeoutTimer = clock.after(limits.timeout, () => this.#checkTimeout());
  }

  #checkTimeout(): void {
    const written = this.#writtenSinceTimer;
    this.#timeoutTimer = undefined;
    try {
      this.#measureBacklog();
    } catch (error) {
      this.#writingFailed(error);
    }
    if (this.#backlog > written) this.#overflow();
  }

  #overflow(): void {
    this.stop();
    this.#session.closeWith('slow-consumer');
  }

  /** Frames that are already encoded are still written; held frames would have to be encoded. */
  #sendingFailed(error: unknown): void {
    this.#held = undefined;
    const known = MessagingError.from(error);
    if (known.code === 'text-required') return this.#session.fail(known);
    this.#session.internalError('Sending a frame', error);
  }

  #writingFailed(error: unknown): void {
    this.stop();
    this.#session.internalError('Writing to the connection', error);
  }
}

/** @throws {TypeError} for the promise of an encoder that is asynchronous */
function encode(encoder: Encoder, frame: ServerFrame | Heartbeat): EncodedFrame {
  const encoded = encoder.encode(frame);
  // Takes less time than a check of the type, which each delivery would make.
  if (encoded.bytes === undefined) requireResult(encoded, 'encode() of the encoder');
  return encoded;
}
