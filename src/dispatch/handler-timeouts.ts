// The timeouts of all running handlers, with one timer for all of them.
import type { Clock, Timer } from '../message/clock.js';
import { MessagingError } from '../message/error.js';
import type { HandlerCall } from './invocation.js';

/**
 * All calls have the same timeout, so they expire in the order in which they begin. One timer waits for the oldest call.
 * A call never expires early, and it expires in the turn of the event loop in which its deadline passes.
 */
export class HandlerTimeouts {
  readonly #clock: Clock;
  readonly #timeout: number;
  /** The running calls are a linked list: a Set allocates when its size changes, and it changes with each call. */
  #oldest: HandlerCall | undefined;
  #newest: HandlerCall | undefined;
  #timer: Timer | undefined;
  #timerRequested = false;

  /** @param timeout in milliseconds; 0 disables timeouts */
  constructor(clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** @param reject is called when the call expires */
  add(call: HandlerCall, reject: (reason: Error) => void): void {
    if (this.#timeout === 0) return;
    call.reject = reject;
    call.deadline = this.#clock.now() + this.#timeout;
    call.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = call;
    else this.#newest.newer = call;
    this.#newest = call;
    if (this.#timer !== undefined || this.#timerRequested) return;
    // Most asynchronous handlers settle before the turn ends and never need a timer.
    this.#timerRequested = true;
    this.#clock.soon(this.#onTurnEnd);
  }

  /** Has no effect on a call that has expired. */
  remove(call: HandlerCall): void {
    const { older, newer } = call;
    if (older !== undefined) older.newer = newer;
    else if (this.#oldest === call) this.#oldest = newer;
    if (newer !== undefined) newer.older = older;
    else if (this.#newest === call) this.#newest = older;
    call.older = call.newer = undefined;
    if (this.#oldest !== undefined || this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
  }

  readonly #onTurnEnd = (): void => {
    this.#timerRequested = false;
    if (this.#timer === undefined && this.#oldest !== undefined) this.#expireDue();
  };

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.#expireDue();
  };

  #expireDue(): void {
    const now = this.#clock.now();
    // A timer of Node may fire up to a millisecond early.
    for (let call = this.#oldest; call !== undefined && call.deadline <= now; call = this.#oldest) {
      this.remove(call);
      call.expire(new MessagingError('handler-timeout'));
    }
    if (this.#oldest === undefined) return;
    this.#timer = this.#clock.after(Math.ceil(this.#oldest.deadline - now), this.#onTimer);
  }
}
