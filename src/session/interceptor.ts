// Functions around every frame, in and out, and the chain that is built of them once at start.
import type { ClientFrame, ServerFrame } from '../message/frame.js';
import type { Logger } from '../message/logger.js';
import type { Session } from './session.js';

/**
 * Sees each client frame before the junction. Calls `next` once to let it pass, and waits for it to hear how that ended; throws a
 * MessagingError to refuse the frame; does neither to swallow it.
 */
export type Interceptor = (
  frame: ClientFrame,
  session: Session,
  next: () => Promise<void>,
) => Promise<void>;

/**
 * Sees each server frame before it is encoded; undefined drops it, and so does throwing, which is logged. Handing back the
 * same object keeps the shared octets.
 */
export type OutboundInterceptor = (frame: ServerFrame, session: Session) => ServerFrame | undefined;

export type FrameHandler<C extends { readonly session: Session }> = (
  frame: ClientFrame,
  client: C,
) => void | Promise<void>;

/** The handler with the interceptors around it, the first one outermost. */
export function intercept<C extends { readonly session: Session }>(
  interceptors: readonly Interceptor[],
  handler: FrameHandler<C>,
): FrameHandler<C> {
  return interceptors.reduceRight<FrameHandler<C>>(
    (inner, interceptor) => async (frame, client) => {
      let passing: Passing | undefined;
      await interceptor(frame, client.session, () => {
        // Twice a CONNECT would be two clients, twice a SEND two messages.
        if (passing !== undefined)
          throw new Error('An interceptor called next() twice for one frame.');
        return (passing = new Passing(async () => inner(frame, client)));
      });
      await passing?.end();
    },
    handler,
  );
}

/** The way of one frame to what stands behind an interceptor: a promise that knows whether anybody asked how it ended. */
class Passing implements Promise<void> {
  readonly [Symbol.toStringTag] = 'Promise';
  readonly #passed: Promise<void>;
  #over = false;
  #asked = false;

  constructor(pass: () => Promise<void>) {
    const over = () => void (this.#over = true);
    this.#passed = pass();
    // Nor does a failure that nobody asks for end the process.
    this.#passed.then(over, over);
  }

  /** The lane waits though the interceptor did not; a failure is its own unless the interceptor has heard of it. */
  async end(): Promise<void> {
    if (!this.#over || !this.#asked) await this.#passed;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise has one
  then<A = void, B = never>(
    passed?: ((value: void) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#asked = true;
    return this.#passed.then(passed, failed);
  }

  catch<B = never>(failed?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<void | B> {
    return this.then(undefined, failed);
  }

  finally(settled?: (() => void) | null): Promise<void> {
    this.#asked = true;
    return this.#passed.finally(settled);
  }
}

/** The outbound interceptors as one, for the frames of a session; undefined where there are none. */
export function interceptOutbound(
  interceptors: readonly OutboundInterceptor[],
  session: Session,
  logger: Logger,
): ((frame: ServerFrame) => ServerFrame | undefined) | undefined {
  if (interceptors.length === 0) return undefined;
  return (frame) => {
    let outgoing: ServerFrame | undefined = frame;
    try {
      for (const interceptor of interceptors) {
        outgoing = interceptor(outgoing, session);
        if (outgoing === undefined) return undefined;
      }
      return outgoing;
    } catch (error) {
      logger.error('An outbound interceptor failed; its frame was dropped.', error);
      return undefined;
    }
  };
}
