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
export const sessionsPerTurn = 4;

/**
 * Continues the sessions that wait for a later turn of the event loop: one account after the other, so that a user with many sessions
 * has the same share as a user with one. Sessions whose connection is lost come last, one in each turn.
 */
export class Turns {
  readonly #waiting = new WaitingAccounts();
  readonly #lost = new WaitingAccounts();
  /** True while sessions wait. */
  busy = false;

  constructor(private readonly clock: Clock) {}

  /** Calls `continue` of the inbox in a later turn. */
  wait(inbox: Inbox): void {
    (inbox.lost ? this.#lost : this.#waiting).add(inbox);
    this.#schedule();
  }

  /** True when so many sessions of the account wait that another one must wait as well. */
  isCrowded(account: string): boolean {
    return this.#waiting.count(account) >= sessionsPerTurn;
  }

  #schedule(): void {
    if (this.busy) return;
    this.busy = true;
    this.clock.soon(this.#begin);
  }

  readonly #begin = (): void => {
    this.busy = false;
    const continuing = this.#take();
    if (!this.#waiting.empty || !this.#lost.empty) this.#schedule();
    // The clock is read for each session, because the time of a slow one must not count for the next.
    for (const inbox of continuing) inbox.continue(this.clock.now());
  };

  #take(): Inbox[] {
    const taken: Inbox[] = [];
    while (taken.length < sessionsPerTurn) {
      const inbox = this.#waiting.take();
      if (inbox === undefined) break;
      if (inbox.lost) this.#lost.add(inbox);
      else taken.push(inbox);
    }
    const lost = this.#lost.take();
    if (lost !== undefined) taken.push(lost);
    return taken;
  }
}

/** Sessions that wait, by account. */
class WaitingAccounts {
  /** The account that is next comes first, and of each account the longest waiting session. */
  readonly #inboxes = new Map<string, Inbox[]>();

  get empty(): boolean {
    return this.#inboxes.size === 0;
  }

  count(account: string): number {
    return this.#inboxes.get(account)?.length ?? 0;
  }

  add(inbox: Inbox): void {
    const { account } = inbox;
    const inboxes = this.#inboxes.get(account);
    if (inboxes === undefined) this.#inboxes.set(account, [inbox]);
    else inboxes.push(inbox);
  }

  /** Removes and returns a session of the next account, which becomes the last one. */
  take(): Inbox | undefined {
    for (const [account, inboxes] of this.#inboxes) {
      this.#inboxes.delete(account);
      const inbox = inboxes.shift();
      if (inboxes.length > 0) this.#inboxes.set(account, inboxes);
      return inbox;
    }
    return undefined;
  }
}
