// A message to its handler. The dispatcher sends nothing: it returns what is to go out.
import type { Clock } from '../message/clock.js';
import { MessagingError } from '../message/error.js';
import { Call, type DispatchRequest } from './call.js';
import { isStream, type Outcome } from './route.js';
import type { RouteTable } from './route-table.js';

export interface DispatcherParts {
  readonly routes: RouteTable;
  readonly clock: Clock;
  /** Milliseconds that a handler has to settle; 0 is for ever. Default 30,000. */
  readonly timeLimit?: number;
}

export class Dispatcher {
  readonly #routes: RouteTable;
  readonly #clock: Clock;
  readonly #timeLimit: number;

  constructor({ routes, clock, timeLimit = 30_000 }: DispatcherParts) {
    this.#routes = routes;
    this.#clock = clock;
    this.#timeLimit = timeLimit;
  }

  /**
   * What the handler made of the message; undefined when no route takes it. A stream's time is only what its iterable took to
   * come.
   *
   * @throws `handler-timeout`, after the invocation's signal has fired; what comes later is dropped
   * @throws `handler-failed` with the cause, or the MessagingError that the handler threw
   */
  async dispatch(request: DispatchRequest): Promise<Outcome | undefined> {
    const found = this.#routes.find(request.on, request.lookup);
    if (found === undefined) return undefined;
    const call = new Call(request, found.variables);
    let streams = false;
    try {
      const pending = this.#inTime(found.route.invoke(call), call);
      const outcome = pending instanceof Promise ? await pending : pending;
      streams = isStream(outcome.value);
      return streams ? this.#streaming(outcome, call) : outcome;
    } catch (thrown) {
      throw MessagingError.from(thrown);
    } finally {
      // A stream goes on using its signal.
      if (!streams) call.release();
    }
  }

  #streaming(outcome: Outcome, call: Call): Outcome {
    const { recover } = outcome;
    return {
      ...outcome,
      ...(recover && { recover: (thrown: unknown) => this.#inTime(recover(thrown), call) }),
      over: () => call.release(),
    };
  }

  #inTime(pending: Outcome | Promise<Outcome>, call: Call): Outcome | Promise<Outcome> {
    if (this.#timeLimit === 0 || !(pending instanceof Promise)) return pending;
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#timeLimit, () => {
        const error = new MessagingError('handler-timeout');
        reject(error);
        call.expire(error);
      });
      // Settling a promise that the timer has settled does nothing, so a late value or failure is dropped.
      void pending.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
