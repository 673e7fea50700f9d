// Calls the handler of a message. The dispatcher sends nothing: it returns the value and its targets.
import type { Clock } from '../message/clock.js';
import { MessagingError } from '../message/error.js';
import { HandlerTimeouts } from './handler-timeouts.js';
import { HandlerCall, type DispatchRequest } from './invocation.js';
import { isStream, type Outcome } from './route.js';
import type { RouteTable } from './route-table.js';

export interface DispatcherParts {
  readonly routes: RouteTable;
  readonly clock: Clock;
  /** Milliseconds that a handler may take to settle; 0 is no limit. */
  readonly handlerTimeout: number;
}

export class Dispatcher {
  readonly #routes: RouteTable;
  readonly #timeouts: HandlerTimeouts;

  constructor({ routes, clock, handlerTimeout }: DispatcherParts) {
    this.#routes = routes;
    this.#timeouts = new HandlerTimeouts(clock, handlerTimeout);
  }

  /**
   * Returns the outcome of the message's handler, or a promise of it if the handler is asynchronous; undefined when no route
   * matches. The timeout of a stream ends when the handler has returned the iterable.
   *
   * @throws {MessagingError} `handler-timeout`, after the invocation's signal has fired; a later value is dropped
   * @throws {MessagingError} `handler-failed` with the cause, or the MessagingError that the handler threw
   */
  dispatch(request: DispatchRequest): Outcome | undefined | Promise<Outcome> {
    const found = this.#routes.find(request.on, request.lookup);
    if (found === undefined) return undefined;
    const call = new HandlerCall(request, found.variables);
    try {
      return this.#complete(found.route.invoke(call), call);
    } catch (thrown) {
      call.release();
      throw MessagingError.from(thrown);
    }
  }

  #complete(outcome: Outcome | Promise<Outcome>, call: HandlerCall): Outcome | Promise<Outcome> {
    return outcome instanceof Promise
      ? this.#inTime(outcome, call)
      : this.#completed(outcome, call);
  }

  #inTime(pending: Promise<Outcome>, call: HandlerCall): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#timeouts.add(call, reject);
      void this.#settle(pending, call, resolve, reject);
    });
  }

  /** After a timeout `resolve` and `reject` have no effect, so a late value or error is dropped. */
  async #settle(
    pending: Promise<Outcome>,
    call: HandlerCall,
    resolve: (outcome: Outcome) => void,
    reject: (reason: Error) => void,
  ): Promise<void> {
    try {
      const outcome = await pending;
      this.#timeouts.remove(call);
      resolve(this.#completed(outcome, call));
    } catch (thrown) {
      this.#timeouts.remove(call);
      call.release();
      reject(MessagingError.from(thrown));
    }
  }

  #completed(outcome: Outcome, call: HandlerCall): Outcome {
    if (isStream(outcome.value)) return this.#streaming(outcome, call);
    call.release();
    return outcome;
  }

  /** A stream uses its signal until it is over; its exception handlers have a timeout as well. */
  #streaming(outcome: Outcome, call: HandlerCall): Outcome {
    const { recover } = outcome;
    return {
      ...outcome,
      ...(recover && { recover: (thrown: unknown) => this.#complete(recover(thrown), call) }),
      over: () => call.release(),
    };
  }
}
