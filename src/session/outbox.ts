// The way out of one session: frames of a turn leave in one write, and a reader that is too slow is noticed.
import type { Clock, Timer } from '../message/clock.js';
import type { Batch, EncodedFrame } from '../message/encoded-frame.js';
import type { Connection } from '../transport/transport.js';
import type { Activity } from './activity.js';
import type { Flusher } from './flusher.js';

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
}

/** Beyond this many octets a turn's frames are written before its end: only a write tells whether the reader keeps up. */
const earlyFlush = 64 * 1024;

export class Outbox {
  #batch: Batch | undefined;
  /** Octets that the connection still held after the last write. */
  #backlog = 0;
  #written = 0;
  #ageTimer: Timer | undefined;
  #open = true;
  #roomWanted: (() => void)[] = [];
  #lastWrite: number;

  constructor(
    private readonly connection: Connection,
    private readonly parts: OutboxParts,
    private readonly onOverflow: () => void,
  ) {
    this.#lastWrite = parts.clock.now();
  }

  /** When something was last written, on the clock's scale. */
  get lastWrite(): number {
    return this.#lastWrite;
  }

  /** Takes a frame; false when more than half of the limit waits. A frame too many calls `onOverflow`, once. */
  push(encoded: EncodedFrame): boolean {
    if (!this.#open) return true;
    const { framing } = this.connection;
    if (this.#batch === undefined) {
      this.#batch = encoded.batch(framing);
      this.parts.flusher.add(this);
    } else {
      this.#batch = this.#batch.with(encoded, framing);
    }
    const { size } = this.#batch;
    if (size > earlyFlush) this.flush(this.parts.clock.now());
    else if (this.#backlog > 0) this.#check(size);
    return this.#backlog + size <= this.parts.limits.size / 2;
  }

  /** Writes what was gathered. */
  flush(now: number): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.#lastWrite = now;
    this.#written += batch.size;
    const before = this.#backlog;
    this.connection.write(batch.bytes());
    this.#measure();
    // What waited before this batch decides: an empty outbox takes one frame of any size.
    if (before > 0) this.#check(0);
  }

  /** The connection has written everything. */
  drained(): void {
    if (this.#open) this.#measure();
  }

  /** Resolves when less than half of the limit waits, or nothing ever will again. */
  room(): Promise<void> {
    if (!this.#open || this.#waiting() <= this.parts.limits.size / 2) return Promise.resolve();
    return new Promise((resolve) => this.#roomWanted.push(resolve));
  }

  /** Takes nothing more and forgets what was not written. */
  stop(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#batch = undefined;
    this.#ageTimer?.cancel();
    this.#setBacklog(0);
  }

  #waiting(): number {
    return (this.#batch?.size ?? 0) + this.#backlog;
  }

  #measure(): void {
    this.#setBacklog(this.connection.bufferedBytes);
    if (this.#backlog > 0) this.#watchAge();
  }

  #check(gathered: number): void {
    if (this.#backlog + gathered <= this.parts.limits.size) return;
    // The backlog was measured at the last write; the reader may have caught up since.
    this.#measure();
    if (this.#backlog > 0 && this.#backlog + gathered > this.parts.limits.size) this.#overflow();
  }

  #overflow(): void {
    this.stop();
    this.onOverflow();
  }

  #setBacklog(backlog: number): void {
    if (backlog > 0 !== this.#backlog > 0) {
      if (backlog > 0) this.parts.activity.begin();
      else this.parts.activity.end();
    }
    this.#backlog = backlog;
    if (this.#roomWanted.length === 0 || this.#waiting() > this.parts.limits.size / 2) return;
    const wanted = this.#roomWanted;
    this.#roomWanted = [];
    for (const resolve of wanted) resolve();
  }

  /** One timer while something waits: what had been written when it was set must have left when it fires. */
  #watchAge(): void {
    if (this.#ageTimer !== undefined) return;
    const mark = this.#written;
    this.#ageTimer = this.parts.clock.after(this.parts.limits.age, () => {
      this.#ageTimer = undefined;
      this.#measure();
      if (this.#backlog > 0 && this.#written - this.#backlog < mark) this.#overflow();
    });
  }
}
