// Detects a session whose frames wait while none is completed, also after its connection is lost.
import type { Clock, Timer } from '../message/clock.js';
import type { ClientSession } from './client-session.js';
import type { Inbox } from './inbox.js';

/** The watch looks this often within the timeout, so a stall is detected at most a quarter of the timeout late. */
const looks = 4;

/** Created when frames of a session first wait, because most sessions need none. */
export class StallWatch {
  #timer: Timer | undefined;
  /** Looks since the last completed frame. */
  #looked = 0;

  constructor(
    private readonly inbox: Inbox,
    private readonly session: ClientSession,
    private readonly clock: Clock,
    /** In milliseconds; 0 for no limit. */
    private readonly timeout: number,
  ) {}

  /** Called when frames wait. */
  start(): void {
    if (this.#timer !== undefined || this.timeout === 0) return;
    // This call is the first look.
    this.#looked = 1;
    this.#wait();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** A frame, or one of the frames of a transaction, was completed. Reads no clock, because it is called for each frame. */
  progressed(): void {
    this.#looked = 0;
  }

  #wait(): void {
    this.#timer = this.clock.after(Math.ceil(this.timeout / looks), this.#look);
  }

  /** Not stopped when the inbox is idle for a moment: a client that is busy would set many timers. */
  readonly #look = (): void => {
    this.#timer = undefined;
    if (this.inbox.idle) return;
    if (!this.inbox.isBlocked) this.#looked = 0;
    else if (++this.#looked > looks) return this.session.stalled();
    this.#wait();
  };
}
