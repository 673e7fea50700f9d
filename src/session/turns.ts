// Shares the event loop among the sessions of a server: a session that sends many or long frames waits for later turns.
import type { Clock, NextPart } from '../message/clock.js';
import type { Activity } from './activity.js';
import type { ClientSession } from './client-session.js';

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

/** Work of a session that waits for a later turn: the next frames of its inbox, or the rest of a long frame. */
export interface WaitingWork {
  /** The account whose share of the turns it uses. */
  readonly account: string;
  /** True when its answers can no longer reach the client. */
  readonly lost: boolean;
  /** Called in the later turn. @param now the time of the clock */
  continue(now: number): void;
}

/**
 * Continues the sessions that wait for a later turn of the event loop: one account after the other, so that a user with many sessions
 * has the same share as a user with one. Sessions whose connection is lost come last, one in each turn.
 */
export class Turns {
  readonly #waiting = new WaitingAccounts();
  readonly #lost = new WaitingAccounts();
  /** True while sessions wait. Read before `isCrowded`, so that usually a message costs no call. */
  busy = false;

  constructor(private readonly clock: Clock) {}

  /** Calls `continue` of the work in a later turn. */
  wait(work: WaitingWork): void {
    (work.lost ? this.#lost : this.#waiting).add(work);
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
    for (const work of continuing) work.continue(this.clock.now());
  };

  #take(): WaitingWork[] {
    const taken: WaitingWork[] = [];
    while (taken.length < sessionsPerTurn) {
      const work = this.#waiting.take();
      if (work === undefined) break;
      if (work.lost) this.#lost.add(work);
      else taken.push(work);
    }
    const lost = this.#lost.take();
    if (lost !== undefined) taken.push(lost);
    return taken;
  }
}

/** Sessions that wait, by account. */
class WaitingAccounts {
  /** The account that is next comes first, and of each account the longest waiting session. */
  readonly #work = new Map<string, WaitingList>();

  get empty(): boolean {
    return this.#work.size === 0;
  }

  count(account: string): number {
    return this.#work.get(account)?.length ?? 0;
  }

  add(added: WaitingWork): void {
    const { account } = added;
    let waiting = this.#work.get(account);
    if (waiting === undefined) this.#work.set(account, (waiting = new WaitingList()));
    waiting.add(added);
  }

  /** Removes and returns a session of the next account, which becomes the last one. */
  take(): WaitingWork | undefined {
    for (const [account, waiting] of this.#work) {
      this.#work.delete(account);
      const work = waiting.take();
      if (waiting.length > 0) this.#work.set(account, waiting);
      return work;
    }
    return undefined;
  }
}

/** Items that are taken in their order. Sessions of one account may run 65,000 streams, and `shift()` would copy all that wait. */
class WaitingList {
  #items: (WaitingWork | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  add(work: WaitingWork): void {
    this.#items.push(work);
  }

  take(): WaitingWork | undefined {
    const work = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (2 * this.#head > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return work;
  }
}

/** The parts of a session that divided work uses. */
interface DividedWorkParts {
  readonly turns: Turns;
  readonly clock: Clock;
  readonly activity: Activity;
}

/**
 * The work of one frame that consists of many parts, such as COMMIT or a stream. Like an inbox, it has a share of a turn, and continues
 * in a later one, so that it does not delay other clients.
 */
export class DividedWork implements WaitingWork {
  /** Parts of this turn. */
  #parts = 0;
  /** Time of the clock at which the share of this turn ends, in milliseconds. */
  #turnEnds = 0;
  /** True when the event loop has turned since the last part, which may have waited for an event. */
  #isNewTurn = true;
  #resume: (() => void) | undefined;

  constructor(
    private readonly session: ClientSession,
    private readonly shared: DividedWorkParts,
  ) {}

  get account(): string {
    return this.session.owner.held.account;
  }

  get lost(): boolean {
    return this.session.gone;
  }

  readonly nextPart: NextPart = () => {
    const now = this.shared.clock.now();
    if (this.#isNewTurn) this.#beginTurn(now);
    if (this.#parts < framesPerTurn && now < this.#turnEnds) {
      this.#parts++;
      return;
    }
    this.shared.activity.begin();
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.shared.turns.wait(this);
    });
  };

  continue(now: number): void {
    this.shared.activity.end();
    this.#beginTurn(now);
    // The part that has waited.
    this.#parts = 1;
    this.#resume?.();
  }

  #beginTurn(now: number): void {
    this.#parts = 0;
    this.#turnEnds = now + timePerTurn;
    this.#isNewTurn = false;
    this.shared.clock.soon(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#isNewTurn = true;
  };
}
