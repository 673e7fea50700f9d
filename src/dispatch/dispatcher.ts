// Calls the handler of a message within its timeout. The dispatcher sends nothing: it returns the value and its targets.
import type { Clock, Timer } from '../message/clock.js';
import { MessagingError } from '../message/error.js';
import type { Logger } from '../message/logger.js';
import { HandlerCall, type DispatchRequest } from './invocation.js';
import type { NoOutcome, Outcome, StreamOutcome, ValueOutcome } from './route.js';
import type { RouteTable } from './route-table.js';

/** The result of a handler's call. */
export type CallOutcome = NoOutcome | ValueOutcome | OpenStream;

/** A stream whose call lasts until `end()`, because the stream may use the signal of the call. */
export interface OpenStream extends StreamOutcome {
  readonly recover: (thrown: unknown) => CallOutcome | Promise<CallOutcome>;
  /** Must be called when the stream has ended or was never started. */
  readonly end: () => void;
}

export interface DispatcherParts {
  readonly routes: RouteTable;
  readonly clock: Clock;
  /** Receives the errors of listeners on the signals of calls. */
  readonly logger: Logger;
  /** Milliseconds that a handler may take to settle; 0 means no limit. */
  readonly handlerTimeout: number;
}

export class Dispatcher {
  readonly #routes: RouteTable;
  readonly #logger: Logger;
  readonly #timeouts: HandlerTimeouts;

  constructor({ routes, clock, logger, handlerTimeout }: DispatcherParts) {
    this.#routes = routes;
    this.#logger = logger;
    this.#timeouts = new HandlerTimeouts(clock, handlerTimeout);
  }

  /**
   * Returns the outcome of the message's handler, or a promise of it if the handler is asynchronous; undefined when no route
   * matches. The timeout of a stream ends when the handler has returned the iterable.
   *
   * @throws {MessagingError} `handler-timeout`, after the invocation's signal has fired; a later value is dropped
   * @throws {MessagingError} `handler-failed` with the cause, or the MessagingError that the handler threw
   */
  dispatch(request: DispatchRequest): CallOutcome | undefined | Promise<CallOutcome> {
    const found = this.#routes.find(request.on, request.lookup);
    if (found === undefined) return undefined;
    const { route, variables } = found;
    const call = new HandlerCall(request, variables, route.handler, this.#logger);
    try {
      return this.#complete(route.invoke(call), call);
    } catch (thrown) {
      call.release?.();
      throw call.failed(thrown);
    }
  }

  #complete(outcome: Outcome | Promise<Outcome>, call: HandlerCall) {
    return outcome instanceof Promise
      ? this.#inTime(outcome, call)
      : this.#completed(outcome, call);
  }

  /** After a timeout `resolve` and `reject` have no effect, so a late value or error is dropped. */
  #inTime(pending: Promise<Outcome>, call: HandlerCall): Promise<CallOutcome> {
    return new Promise((resolve, reject) => {
      this.#timeouts.add(call, reject);
      pending.then(
        (outcome) => {
          this.#timeouts.remove(call);
          resolve(this.#completed(outcome, call));
        },
        (thrown: unknown) => {
          this.#timeouts.remove(call);
          call.release?.();
          reject(call.failed(thrown));
        },
      );
    });
  }

  #completed(outcome: Outcome, call: HandlerCall): CallOutcome {
    if (outcome.kind === 'stream') return this.#open(outcome, call);
    call.release?.();
    return outcome;
  }

  /** The exception handlers of a stream have a timeout as well. */
  #open(outcome: StreamOutcome, call: HandlerCall): OpenStream {
    return {
      ...outcome,
      recover: (thrown) => {
        try {
          return this.#complete(outcome.recover(thrown), call);
        } catch (failure) {
          throw call.failed(failure);
        }
      },
      end: () => call.release?.(),
    };
  }
}

/**
 * The timeouts of all running calls. All calls have the same timeout, so they expire in the order in which they begin. One
 * timer waits for the oldest call. A call never expires early, and it expires in the turn of the event loop in which its
 * deadline passes.
 */
class HandlerTimeouts {
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
