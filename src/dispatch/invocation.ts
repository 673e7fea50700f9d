// One call of a handler for one message.
import { MessagingError } from '../message/error.js';
import type { Logger } from '../message/logger.js';
import type { Message } from '../message/message.js';
import { guardedController } from '../session/guarded-signal.js';
import type { Session } from '../session/session.js';

/** A message for a handler, as the server passes it to the dispatcher. */
export interface DispatchRequest {
  readonly on: 'send' | 'subscribe';
  readonly session: Session;
  readonly message: Message;
  /** The destination without the application prefix. */
  readonly lookup: string;
  /** The id of the subscription that a SUBSCRIBE opened. */
  readonly subscription?: string | undefined;
  /** Signal of the subscription; aborts the call's signal when it fires. @default the signal of the session */
  readonly closed?: AbortSignal | undefined;
}

/** One call of a handler, for argument decorators and reply decorators. */
export interface Invocation {
  /** The kind of the frame: SEND or SUBSCRIBE. */
  readonly on: 'send' | 'subscribe';
  /** The session of the client. */
  readonly session: Session;
  /** The client's message with its full destination. The body of a SUBSCRIBE is empty. */
  readonly message: Message;
  /** The destination without the application prefix; patterns are matched with it. */
  readonly lookup: string;
  /** The id of the subscription that a SUBSCRIBE opened; undefined for a SEND. */
  readonly subscription: string | undefined;
  /** The values of the pattern's variables in this destination. */
  readonly variables: ReadonlyMap<string, string>;
  /** Fires when the handler's timeout expires, its session ends or, for a stream, its subscription ends. */
  readonly signal: AbortSignal;
  /** The error that a handler threw; undefined outside exception handlers. */
  readonly error: unknown;
}

/** An invocation as the dispatcher passes it to a route. */
export interface Call extends Invocation {
  /** True after the timeout: the frame has been rejected, so its handler and exception handlers must not start any more. */
  readonly expired: boolean;
}

/** The handlers of failed calls, by their errors: the log names them. */
const failedHandlers = new WeakMap<MessagingError, string>();

/** Class and method of the handler whose call failed with this error; undefined for other errors. */
export function failedHandlerOf(error: MessagingError): string | undefined {
  return failedHandlers.get(error);
}

/** A running call. Its signal is created when the handler first asks for it. */
export class HandlerCall implements Call {
  readonly on: 'send' | 'subscribe';
  readonly session: Session;
  readonly message: Message;
  readonly lookup: string;
  readonly subscription: string | undefined;
  readonly error: unknown = undefined;
  /** Time of the clock at which the call expires, in milliseconds. This field and the next three belong to `HandlerTimeouts`. */
  deadline = 0;
  older: HandlerCall | undefined = undefined;
  newer: HandlerCall | undefined = undefined;
  /** Rejects the promise of the call's outcome. */
  reject: ((reason: Error) => void) | undefined = undefined;
  /**
   * Removes the listener from the signal of the session or subscription, which may outlive thousands of calls. Undefined until
   * the handler reads its signal.
   */
  release: (() => void) | undefined = undefined;
  readonly #closed: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #expired: Error | undefined;

  constructor(
    request: DispatchRequest,
    readonly variables: ReadonlyMap<string, string>,
    /** Class and method, such as `ChatController.say`. */
    private readonly handler: string,
    private readonly logger: Logger,
  ) {
    this.on = request.on;
    this.session = request.session;
    this.message = request.message;
    this.lookup = request.lookup;
    this.subscription = request.subscription;
    this.#closed = request.closed;
  }

  get expired(): boolean {
    return this.#expired !== undefined;
  }

  get signal(): AbortSignal {
    return (this.#controller ?? this.#createController()).signal;
  }

  /** The error of the call, for which `failedHandlerOf` returns the handler. */
  failed(thrown: unknown): MessagingError {
    const error = MessagingError.from(thrown);
    failedHandlers.set(error, this.handler);
    return error;
  }

  /** Fails the call and aborts its signal. A later value or error of the handler is dropped. */
  expire(timeout: MessagingError): void {
    const reason = (this.#expired = this.failed(timeout));
    this.reject?.(reason);
    this.release?.();
    this.#controller?.abort(reason);
  }

  #createController(): AbortController {
    // Not `this`: a handler that never returns keeps its signal, and would keep the session.
    const { handler, logger } = this;
    const controller = (this.#controller = guardedController((error) =>
      logger.error(`A listener on the signal of ${handler} failed.`, error),
    ));
    const closed = this.#closed ?? this.session.signal;
    const onClosed = () => controller.abort(closed.reason);
    if (this.#expired !== undefined) controller.abort(this.#expired);
    else if (closed.aborted) onClosed();
    else {
      closed.addEventListener('abort', onClosed, { once: true });
      this.release = () => closed.removeEventListener('abort', onClosed);
    }
    return controller;
  }
}

/** The invocation for an exception handler: the failed one with the error. */
export function failedInvocation(failed: Call, error: unknown): Call {
  const { on, session, message, lookup, subscription, variables } = failed;
  return {
    on,
    session,
    message,
    lookup,
    subscription,
    variables,
    error,
    get expired() {
      return failed.expired;
    },
    // A getter, because reading the signal creates it.
    get signal() {
      return failed.signal;
    },
  };
}
