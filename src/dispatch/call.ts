// A running call: the invocation whose signal is made when somebody first asks for it.
import type { Message } from '../message/message.js';
import type { Session } from '../session/session.js';
import type { Invocation } from './invocation.js';

/** What the dispatcher is asked. */
export interface DispatchRequest {
  readonly on: 'send' | 'subscribe';
  readonly session: Session;
  readonly message: Message;
  readonly lookup: string;
  readonly subscription?: string | undefined;
  /** Ends what the handler does before its session ends: the signal of a subscription. Default: the session's own. */
  readonly closed?: AbortSignal | undefined;
}

export class Call implements Invocation {
  readonly on: 'send' | 'subscribe';
  readonly session: Session;
  readonly message: Message;
  readonly lookup: string;
  readonly subscription: string | undefined;
  readonly error: unknown = undefined;
  readonly #closed: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #stopListening: (() => void) | undefined;
  #expiry: Error | undefined;

  constructor(
    request: DispatchRequest,
    readonly variables: ReadonlyMap<string, string>,
  ) {
    this.on = request.on;
    this.session = request.session;
    this.message = request.message;
    this.lookup = request.lookup;
    this.subscription = request.subscription;
    this.#closed = request.closed;
  }

  get signal(): AbortSignal {
    return (this.#controller ?? this.#control()).signal;
  }

  /** The handler's time is up. */
  expire(reason: Error): void {
    this.#expiry = reason;
    this.#controller?.abort(reason);
  }

  /** Stops listening to the session or subscription, which may outlive thousands of calls. */
  release(): void {
    this.#stopListening?.();
  }

  #control(): AbortController {
    const controller = (this.#controller = new AbortController());
    const closed = this.#closed ?? this.session.signal;
    const onClosed = () => controller.abort(closed.reason);
    if (this.#expiry !== undefined) controller.abort(this.#expiry);
    else if (closed.aborted) onClosed();
    else {
      closed.addEventListener('abort', onClosed, { once: true });
      this.#stopListening = () => closed.removeEventListener('abort', onClosed);
    }
    return controller;
  }
}
