// Shares the event loop among the sessions of a server: each session may start a limited number of frames in one turn.
import type { Clock } from '../message/clock.js';
import type { Inbox } from './inbox.js';

/**
 * Frames that a session may start in one turn. With 2 to 10 microseconds for each, a turn stays shorter than about a
 * millisecond; a smaller number would divide the answers of a fast sender into more writes.
 */
export const framesPerTurn = 128;

/** Waiting sessions that continue in one turn. A turn stays short, however many clients send without pause. */
const sessionsPerTurn = 4;

/** Counts the turns of the event loop, and continues sessions that wait for a later turn, the longest waiting first. */
export class Turns {
  #current = 0;
  #scheduled = false;
  #waiting: Inbox[] = [];

  constructor(private readonly clock: Clock) {}

  /** The number of this turn. */
  current(): number {
    this.#schedule();
    return this.#current;
  }

  /** Calls `continue` of the inbox in a later turn. */
  wait(inbox: Inbox): void {
    this.#waiting.push(inbox);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.clock.soon(this.#begin);
  }

  readonly #begin = (): void => {
    this.#scheduled = false;
    this.#current++;
    for (const inbox of this.#waiting.splice(0, sessionsPerTurn)) inbox.continue();
    if (this.#waiting.length > 0) this.#schedule();
  };
}
