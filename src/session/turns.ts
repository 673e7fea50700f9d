// Shares the event loop among the sessions of a server: a session that sends many frames waits for later turns between them.
import type { Clock } from '../message/clock.js';
import type { Inbox } from './inbox.js';

/**
 * Frames that a session may start before it waits for a later turn. With 2 to 10 microseconds for each, other sessions wait about a
 * millisecond; a smaller number would divide the answers of a fast sender into more writes. A body counts as one more frame for each
 * 256 bytes, because the validation of a large payload takes as long as many small frames.
 */
export const framesPerTurn = 128;

/**
 * Milliseconds after which a session waits for a later turn, for any number of frames, because one frame can be a message for
 * thousands of subscriptions. Frames that take up to 15 microseconds are limited by their number alone.
 */
export const timePerTurn = 2;

/** Frames between two readings of the clock while frames are fast: one reading takes as long as 3 % of the fastest frame. */
export const framesPerReading = 8;

/** The clock is read before each frame when the frames since the last reading took longer than this, in milliseconds. */
export const fastFramesTime = 0.2;

/** The most waiting sessions that continue in one turn, so that a turn stays short for any number of clients. */
const sessionsPerTurn = 4;

/** Continues the sessions that wait for a later turn of the event loop, the longest waiting first. */
export class Turns {
  readonly #waiting: Inbox[] = [];

  constructor(private readonly clock: Clock) {}

  /** Calls `continue` of the inbox in a later turn. */
  wait(inbox: Inbox): void {
    if (this.#waiting.push(inbox) === 1) this.clock.soon(this.#begin);
  }

  readonly #begin = (): void => {
    const continuing = this.#waiting.splice(0, sessionsPerTurn);
    if (this.#waiting.length > 0) this.clock.soon(this.#begin);
    const now = this.clock.now();
    for (const inbox of continuing) inbox.continue(now);
  };
}
