// The way out of one session: frames are encoded, those of a turn leave in one write, and a reader that is too slow is noticed.
import type { Clock, Timer } from '../message/clock.js';
import type { Batch, EncodedFrame, Framing } from '../message/encoded-frame.js';
import type { Heartbeat, MessageFrame, ServerFrame } from '../message/frame.js';
import type { Connection } from '../transport/transport.js';
import type { Encoder } from '../wire/codec.js';
import type { Activity } from './activity.js';
import type { Flusher } from './flusher.js';
import { HeldFrames } from './held-frames.js';
import type { Treatment, TreatmentOf } from './slow-consumer.js';

export interface OutboxLimits {
  /** Octets that may wait; an empty outbox takes one frame of any size. */
  readonly size: number;
  /** Milliseconds that an octet may wait. */
  readonly age: number;
}

/** What the outboxes of a server share. */
export interface OutboxParts {
  readonly clock: Clock;
  readonly flusher: Flusher;
  readonly activity: Activity;
  readonly limits: OutboxLimits;
  /** What gives way when a reader cannot keep up; undefined where it is always the session. */
  readonly treatmentOf: TreatmentOf | undefined;
}

/** Beyond this many octets a turn's frames are written before its end: only a write tells whether the reader keeps up. */
const earlyFlush = 64 * 1024;

/** What an outbox tells of and asks its session. */
export interface OutboxOwner {
  /** A frame too many; called once, and nothing more is taken. */
  overflowed(): void;
  /** A message was left out, since the reader cannot keep up. */
  dropped(frame: MessageFrame): void;
  /** Changes or drops a frame before it is encoded; absent where nobody wants to. */
  readonly intercept: ((frame: ServerFrame) => ServerFrame | undefined) | undefined;
}

export class Outbox {
  // What a delivery touches stands first, and close together: with a thousand subscribers each line of memory counts.
  #open = true;
  #encoder: Encoder | undefined;
  #batch: Batch | undefined;
  readonly #framing: Framing;
  readonly #intercept: OutboxOwner['intercept'];
  readonly #parts: OutboxParts;
  /** Octets that the connection still held after the last write. */
  #backlog = 0;
  readonly #connection: Connection;
  /** In whole milliseconds, which need no memory of their own. */
  #lastWrite: number;
  #roomWanted: (() => void)[] | undefined;
  #ageTimer: Timer | undefined;
  /** Octets written since the timer was set. */
  #writtenMeanwhile = 0;
  readonly #owner: OutboxOwner;
  /** What may not be written yet, and what is to be told; present only for a reader that was behind. */
  #held: HeldFrames | undefined;

  constructor(connection: Connection, parts: OutboxParts, owner: OutboxOwner) {
    this.#framing = connection.framing;
    this.#intercept = owner.intercept;
    this.#parts = parts;
    this.#connection = connection;
    this.#lastWrite = Math.trunc(parts.clock.now());
    this.#owner = owner;
  }

  /** When something was last written, on the clock's scale. */
  get lastWrite(): number {
    return this.#lastWrite;
  }

  /** Names the encoder; before that nothing can be sent. */
  speak(encoder: Encoder): void {
    this.#encoder ??= encoder;
  }

  /** Encodes and takes a frame; false when more than half of the limit waits. */
  send(frame: ServerFrame | Heartbeat): boolean {
    if (!this.#open || this.#encoder === undefined) return true;
    if (frame.kind === 'heartbeat') return this.push(this.#encoder.encode(frame));
    const outgoing = this.#intercept === undefined ? frame : this.#intercept(frame);
    if (outgoing === undefined) return true;
    const { treatmentOf } = this.#parts;
    if (treatmentOf !== undefined && (this.#backlog > 0 || this.#held !== undefined))
      return this.#hold(outgoing, treatmentOf, this.#encoder);
    return this.push(this.#encoder.encode(outgoing));
  }

  /** Takes what is encoded; false when more than half of the limit waits. */
  push(encoded: EncodedFrame): boolean {
    if (!this.#open) return true;
    if (this.#batch === undefined) {
      this.#batch = encoded.batch(this.#framing);
      this.#parts.flusher.add(this);
    } else {
      this.#batch = this.#batch.with(encoded, this.#framing);
    }
    const { size } = this.#batch;
    if (size > earlyFlush) this.flush(this.#parts.clock.now());
    else if (this.#backlog > 0) this.#check(size);
    return this.#backlog + size <= this.#parts.limits.size / 2;
  }

  /** Writes what was gathered. */
  flush(now: number): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.#lastWrite = Math.trunc(now);
    if (this.#ageTimer !== undefined) this.#writtenMeanwhile += batch.size;
    const before = this.#backlog;
    this.#connection.write(batch.bytes());
    this.#measure();
    // What waited before this batch decides: an empty outbox takes one frame of any size.
    if (before > 0) this.#check(0);
  }

  /** The connection has written everything. */
  drained(): void {
    if (!this.#open) return;
    this.#measure();
    this.#release(this.#parts.limits.size / 4);
  }

  /** A subscription has ended: what waits for it and may be left out is. */
  forget(subscription: string): void {
    const held = this.#held;
    if (held === undefined) return;
    held.forget(subscription);
    if (held.idle) this.#held = undefined;
    this.#tellRoom();
  }

  /** Writes all that waits, whether the reader keeps up or not: nothing comes after it. */
  finish(): void {
    this.#release(Infinity);
    this.flush(this.#parts.clock.now());
  }

  /** Resolves when less than half of the limit waits, or nothing ever will again. */
  room(): Promise<void> {
    if (!this.#open || this.#waiting() <= this.#parts.limits.size / 2) return Promise.resolve();
    return new Promise((resolve) => (this.#roomWanted ??= []).push(resolve));
  }

  /** Takes nothing more and forgets what was not written. */
  stop(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#batch = undefined;
    this.#held = undefined;
    this.#ageTimer?.cancel();
    this.#setBacklog(0);
  }

  #waiting(): number {
    return (this.#batch?.size ?? 0) + this.#backlog + (this.#held?.size ?? 0);
  }

  /** Keeps a frame back, where it can still give way to others or others to it. */
  #hold(frame: ServerFrame, treatmentOf: TreatmentOf, encoder: Encoder): boolean {
    const held = (this.#held ??= new HeldFrames((left) => this.#owner.dropped(left)));
    if (this.#backlog === 0 && held.empty) {
      const kept = this.push(encoder.encode(held.told(frame)));
      if (held.idle) this.#held = undefined;
      return kept;
    }
    const treatment = frame.kind === 'message' ? treatmentOf(frame) : undefined;
    const size = encoder.encode(frame).bytes.length;
    if (this.#makeRoom(held, size - held.replaced(treatment), treatment))
      held.add(frame, size, treatment);
    else if (frame.kind === 'message') held.drop(frame);
    return this.#waiting() <= this.#parts.limits.size / 2;
  }

  /** Lets older messages give way; false when the frame itself has to. Ends the session where neither may. */
  #makeRoom(held: HeldFrames, needed: number, treatment: Treatment | undefined): boolean {
    while (this.#waiting() + needed > this.#parts.limits.size) {
      if (treatment?.policy === 'drop-newest') return false;
      if (held.dropOldest()) continue;
      if (treatment !== undefined) return false;
      this.#overflow();
      return true;
    }
    return true;
  }

  /** Writes what was held back, in parts, for as long as the reader takes it. */
  #release(part: number): void {
    const held = this.#held;
    const encoder = this.#encoder;
    if (held === undefined || encoder === undefined) return;
    while (!held.empty && (this.#backlog === 0 || part === Infinity)) {
      do this.push(encoder.encode(held.take()!));
      while (!held.empty && (this.#batch?.size ?? 0) < part);
      this.flush(this.#parts.clock.now());
    }
    if (held.idle) this.#held = undefined;
  }

  #measure(): void {
    this.#setBacklog(this.#connection.bufferedBytes);
    if (this.#backlog > 0) this.#watchAge();
  }

  #check(gathered: number): void {
    if (this.#backlog + gathered <= this.#parts.limits.size) return;
    // The backlog was measured at the last write; the reader may have caught up since.
    this.#measure();
    if (this.#backlog > 0 && this.#backlog + gathered > this.#parts.limits.size) this.#overflow();
  }

  #overflow(): void {
    this.stop();
    this.#owner.overflowed();
  }

  #setBacklog(backlog: number): void {
    if (backlog > 0 !== this.#backlog > 0) {
      if (backlog > 0) this.#parts.activity.begin();
      else this.#parts.activity.end();
    }
    this.#backlog = backlog;
    this.#tellRoom();
  }

  #tellRoom(): void {
    const wanted = this.#roomWanted;
    if (wanted === undefined || this.#waiting() > this.#parts.limits.size / 2) return;
    this.#roomWanted = undefined;
    for (const resolve of wanted) resolve();
  }

  /** One timer while something waits: what waited when it was set must have left when it fires. */
  #watchAge(): void {
    if (this.#ageTimer !== undefined) return;
    this.#writtenMeanwhile = 0;
    this.#ageTimer = this.#parts.clock.after(this.#parts.limits.age, () => {
      const written = this.#writtenMeanwhile;
      this.#ageTimer = undefined;
      this.#measure();
      if (this.#backlog > written) this.#overflow();
    });
  }
}
