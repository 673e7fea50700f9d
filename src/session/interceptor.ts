// Interceptors: functions of the application that run around each client frame, and before each server frame is encoded.
import type { ClientFrame, ServerFrame } from '../message/frame.js';
import type { LimitedLog } from '../message/logger.js';
import { isPromise, refusedPromise } from '../message/promise.js';
import { isReadOnly, readOnly } from '../message/read-only.js';
import type { ClientSession } from './client-session.js';
import type { Session } from './session.js';

/**
 * Runs before a client frame is processed. Call `next()` to continue, throw a `MessagingError` to reject the frame, or return
 * without calling `next()` to drop it. A dropped frame gets no receipt; a dropped CONNECT is answered with `access-refused`.
 *
 * `next()` resolves when the frame has been processed and rejects when that failed. Catch the error to treat the frame as
 * processed. `next(changed)` passes on another frame of the same kind. A second call of `next()` rejects the frame. A call after
 * the interceptor has returned ends the session with 1011, and its promise stays pending. The headers of the frame are
 * read-only: a change throws a `TypeError`, so pass on a copy. The bytes of its body may be changed before `next()`; later changes have
 * no effect.
 *
 * @example
 * ```ts
 * const logDuration: Interceptor = async (frame, session, next) => {
 *   const start = performance.now();
 *   await next();
 *   console.log(session.id, frame.kind, performance.now() - start);
 * };
 * ```
 */
export type Interceptor = (
  frame: ClientFrame,
  session: Session,
  next: (frame?: ClientFrame) => Promise<void>,
) => Promise<void>;

/**
 * Runs before a server frame is encoded. Return the frame, a changed copy, or undefined to drop it. Return the same object when
 * nothing has to change, so that subscribers share its bytes. The frame, its message and its headers are read-only, because
 * other sessions receive them, too; do not change the bytes of its body. An exception ends the session with 1011.
 *
 * @example
 * ```ts
 * const hideAudits: OutboundInterceptor = (frame) =>
 *   frame.kind === 'message' && frame.message.headers.has('audit') ? undefined : frame;
 * ```
 */
export type OutboundInterceptor = (frame: ServerFrame, session: Session) => ServerFrame | undefined;

/** The part of a client that interceptors use; `server/client.ts` implements it. */
export interface InterceptedClient {
  readonly session: Session & Pick<ClientSession, 'gone' | 'internalError'>;
}

/** Processes a client frame; throws or rejects when that fails. Returns `dropped` when an interceptor has dropped the frame. */
export type FrameHandler<C extends InterceptedClient> = (
  frame: ClientFrame,
  client: C,
) => void | Promise<void | 'dropped'>;

/**
 * Returns the handler with the interceptors around it, the first one outermost.
 *
 * @param log receives a line for a mistake of an interceptor whose session has ended
 */
export function intercept<C extends InterceptedClient>(
  interceptors: readonly Interceptor[],
  handler: FrameHandler<C>,
  log: Pick<LimitedLog, 'write'>,
): FrameHandler<C> {
  if (interceptors.length === 0) return handler;
  const innermost: FrameHandler<C> = (frame, client) => handler(withCopiedBody(frame), client);
  const chain = interceptors.reduceRight<FrameHandler<C>>(
    (inner, interceptor, index) => async (frame, client) => {
      let continuation: Continuation | undefined;
      let returned = false;
      // Never throws: a timer may call it, and an exception there would end the process.
      const next = (passed = frame): Promise<void> => {
        if (returned) return calledLate(nameOf(interceptor, index), client, log);
        if (continuation === undefined)
          return (continuation = new Continuation(start(inner, frame, passed, client)));
        // A CONNECT that continued twice would be two clients, a SEND two messages.
        return (continuation = continuation.calledAgain(nameOf(interceptor, index)));
      };
      try {
        await interceptor(frame, client.session, next);
      } catch (error) {
        // Later frames wait for this one, so it must not end while its handler still runs.
        await continuation?.settled();
        throw error;
      } finally {
        returned = true;
      }
      return continuation === undefined ? 'dropped' : continuation.outcome();
    },
    innermost,
  );
  return (frame, client) => {
    // A change after `next()` would reach a message that is already queued.
    if (frame.kind === 'send') readOnly(frame.message.headers);
    else if ('headers' in frame) readOnly(frame.headers);
    return chain(frame, client);
  };
}

/** The name, such as `interceptor audit`, or the position of a function without a name, such as `interceptor 2`. */
function nameOf(interceptor: Interceptor, index: number): string {
  return `interceptor ${interceptor.name === '' ? index + 1 : interceptor.name}`;
}

/**
 * Ends the session, or writes to the log if it has ended. The promise stays pending: the frame was dropped, and a rejection without
 * a handler would end the process.
 */
function calledLate(
  name: string,
  { session }: InterceptedClient,
  log: Pick<LimitedLog, 'write'>,
): Promise<void> {
  const error = new Error(`The ${name} called next() after it had returned.`);
  if (session.gone) log.write(`Calling next() failed, and session ${session.id} has ended.`, error);
  else session.internalError('Calling next() in an interceptor', error);
  return new Promise(() => {});
}

/** Copies the headers that an interceptor has made, because it can still change them. */
function withOwnHeaders(changed: ClientFrame): ClientFrame {
  if (changed.kind !== 'send')
    return 'headers' in changed && !isReadOnly(changed.headers)
      ? { ...changed, headers: readOnly(new Map(changed.headers)) }
      : changed;
  const { message } = changed;
  if (isReadOnly(message.headers)) return changed;
  return { ...changed, message: { ...message, headers: readOnly(new Map(message.headers)) } };
}

/**
 * The frame with a copy of its body: an interceptor can change the bytes at any time, and those of a JSON client are known as valid
 * JSON, which an encoder does not check again.
 */
function withCopiedBody(frame: ClientFrame): ClientFrame {
  if (frame.kind !== 'send' || frame.message.body.length === 0) return frame;
  return { ...frame, message: { ...frame.message, body: Buffer.from(frame.message.body) } };
}

/**
 * Calls the handler with the frame that an interceptor passes on; an exception becomes a rejection. A promise of the handler is
 * returned unchanged.
 */
function start<C extends InterceptedClient>(
  handler: FrameHandler<C>,
  frame: ClientFrame,
  passed: ClientFrame,
  client: C,
): Promise<void | 'dropped'> {
  try {
    if (passed.kind !== frame.kind)
      throw new Error(`An interceptor passed on a ${passed.kind} frame for a ${frame.kind}.`);
    const owned = passed === frame ? frame : withOwnHeaders(passed);
    return Promise.resolve(handler(owned, client));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Returned by `next()`: a promise of the processing that follows, which records whether the interceptor awaits it. */
class Continuation implements Promise<void> {
  #awaited = false;
  #settled = false;
  #result: void | 'dropped' = undefined;

  constructor(private readonly processing: Promise<void | 'dropped'>) {
    // The second function also prevents an unhandled rejection when the interceptor does not await a failure.
    processing.then(
      (result) => {
        this.#settled = true;
        this.#result = result;
      },
      () => void (this.#settled = true),
    );
  }

  get [Symbol.toStringTag](): string {
    return 'Promise';
  }

  /** The outcome once the interceptor has returned: its failure counts, unless the interceptor awaited and caught it. */
  outcome(): void | 'dropped' | Promise<void | 'dropped'> {
    return this.#awaited && this.#settled ? this.#result : this.processing;
  }

  /** Returned by a second call of `next()`. Fails when the processing has ended, because later frames must not start before. */
  calledAgain(name: string): Continuation {
    const error = new Error(`The ${name} called next() twice for one frame.`);
    return new Continuation(
      this.settled().then(() => {
        throw error;
      }),
    );
  }

  /** Resolves when the processing has ended, even if it failed. */
  async settled(): Promise<void> {
    await this.processing.catch(() => {});
  }

  // oxlint-disable-next-line unicorn/no-thenable -- `await` calls it, which is how awaiting is detected
  then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#awaited = true;
    return (this.processing as Promise<void>).then(onFulfilled, onRejected);
  }

  catch<B = never>(
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<void | B> {
    return this.then(undefined, onRejected);
  }

  finally(onSettled?: (() => void) | null): Promise<void> {
    this.#awaited = true;
    return (this.processing as Promise<void>).finally(onSettled);
  }
}

/** Applies the outbound interceptors to a frame, the first one first; undefined when one of them drops it. */
export function interceptOutbound(
  interceptors: readonly OutboundInterceptor[],
  frame: ServerFrame,
  session: Session,
): ServerFrame | undefined {
  protect(frame);
  let outgoing: ServerFrame | undefined = frame;
  for (const interceptor of interceptors) {
    outgoing = interceptor(outgoing, session);
    if (outgoing === undefined) return undefined;
    if (isPromise(outgoing)) throw refusedPromise(outgoing, 'An outbound interceptor');
  }
  return outgoing;
}

/** Sessions share the frames of messages. */
function protect(frame: ServerFrame): void {
  Object.freeze(frame);
  if (frame.kind !== 'message') return;
  Object.freeze(frame.message);
  Object.freeze(frame.marks);
  readOnly(frame.message.headers);
}
