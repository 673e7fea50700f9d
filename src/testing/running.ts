// The handlers and streams that have begun and not ended.
import type { Invocation } from '../dispatch/invocation.js';
import { isStream, type Outcome, type Route } from '../dispatch/route.js';

/** One of them, for people. */
export interface Work {
  /** As `ChatController.say`. */
  readonly handler: string;
  readonly destination: string;
  readonly session: string;
}

export class Running {
  readonly #handlers = new Set<Work>();
  readonly #streams = new Set<Work>();
  #changed: (() => void)[] = [];

  /** Those that have not settled, though their time may be up. */
  get handlers(): readonly Work[] {
    return [...this.#handlers];
  }

  get streams(): readonly Work[] {
    return [...this.#streams];
  }

  /** Resolves when a stream has ended. */
  streamEnd(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  /** The route, seen at work. */
  watch(route: Route): Route {
    return {
      ...route,
      invoke: (invocation) => this.#handler(route.invoke(invocation), workOf(route, invocation)),
    };
  }

  #handler(outcome: Outcome | Promise<Outcome>, work: Work): Outcome | Promise<Outcome> {
    if (!(outcome instanceof Promise)) return this.#begun(outcome, work);
    this.#handlers.add(work);
    return outcome
      .finally(() => this.#handlers.delete(work))
      .then((settled) => this.#begun(settled, work));
  }

  #begun(outcome: Outcome, work: Work): Outcome {
    const { value, recover } = outcome;
    if (!isStream(value)) return outcome;
    return {
      ...outcome,
      value: { [Symbol.asyncIterator]: () => this.#watchStream(value, work) },
      ...(recover && { recover: (thrown: unknown) => this.#handler(recover(thrown), work) }),
    };
  }

  #watchStream(stream: AsyncIterable<unknown>, work: Work): AsyncIterator<unknown> {
    const iterator = stream[Symbol.asyncIterator]();
    const ended = () => {
      if (!this.#streams.delete(work)) return;
      const waiting = this.#changed;
      this.#changed = [];
      for (const resolve of waiting) resolve();
    };
    const watched = async (take: () => Promise<IteratorResult<unknown>>) => {
      try {
        const result = await take();
        if (result.done === true) ended();
        return result;
      } catch (thrown) {
        ended();
        throw thrown;
      }
    };
    this.#streams.add(work);
    return {
      next: () => watched(() => iterator.next()),
      return: () =>
        watched(async () => (await iterator.return?.()) ?? { done: true, value: undefined }),
    };
  }
}

function workOf({ handler }: Route, { message, session }: Invocation): Work {
  return { handler, destination: message.destination, session: session.id };
}
