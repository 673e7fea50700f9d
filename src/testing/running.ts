// The handlers and streams that have begun and not ended.
import type { Invocation } from '../dispatch/invocation.js';
import type { Route } from '../dispatch/route.js';

/** A running handler or stream, described for people. */
export interface Work {
  /** As `ChatController.say`. */
  readonly handler: string;
  readonly destination: string;
  readonly session: string;
}

export class Running {
  readonly #handlers = new Set<Work>();
  readonly #streams = new Set<Work>();
  #waiting: (() => void)[] = [];

  /** Handlers that have not returned, including those whose timeout has passed. */
  get handlers(): readonly Work[] {
    return [...this.#handlers];
  }

  get streams(): readonly Work[] {
    return [...this.#streams];
  }

  /** Resolves when a stream has ended. */
  streamEnd(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly onRoute = (route: Route, invocation: Invocation): (() => void) => {
    const work = workOf(route, invocation);
    this.#handlers.add(work);
    return () => void this.#handlers.delete(work);
  };

  readonly onStream = (route: Route, invocation: Invocation): (() => void) => {
    const work = workOf(route, invocation);
    this.#streams.add(work);
    return () => {
      this.#streams.delete(work);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    };
  };
}

function workOf({ handler }: Route, { message, session }: Invocation): Work {
  return { handler, destination: message.destination, session: session.id };
}
