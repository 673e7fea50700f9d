// Functions around every frame, in and out, and the chain that is built of them once at start.
import type { ClientFrame, ServerFrame } from '../message/frame.js';
import type { Logger } from '../message/logger.js';
import type { Session } from './session.js';

/** Sees each client frame before the junction; calls `next`, once, and waits for it to let it pass, throws a MessagingError to refuse it, does neither to swallow it. */
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

export type FrameHandler<S extends Session> = (
  frame: ClientFrame,
  session: S,
) => void | Promise<void>;

/** The handler with the interceptors around it, the first one outermost. */
export function intercept<S extends Session>(
  interceptors: readonly Interceptor[],
  handler: FrameHandler<S>,
): FrameHandler<S> {
  return interceptors.reduceRight<FrameHandler<S>>(
    (inner, interceptor) => async (frame, session) => {
      const passing = new Passing(() => inner(frame, session));
      await interceptor(frame, session, () => passing.begin());
      await passing.end();
    },
    handler,
  );
}

/** The way of one frame to what stands behind an interceptor. */
class Passing {
  #begun: Promise<void> | undefined;
  #settled = false;

  constructor(private readonly pass: () => void | Promise<void>) {}

  begin(): Promise<void> {
    // Twice a CONNECT would be two clients, twice a SEND two messages.
    if (this.#begun !== undefined)
      return Promise.reject(new Error('An interceptor called next() twice for one frame.'));
    const begun = this.#run();
    // An interceptor that does not wait for it must not end the process.
    begun.catch(() => {});
    return (this.#begun = begun);
  }

  /** Where the interceptor did not wait, the lane does, and hears of a failure; one that had settled was the interceptor's to judge. */
  async end(): Promise<void> {
    if (!this.#settled) await this.#begun;
  }

  async #run(): Promise<void> {
    try {
      await this.pass();
    } finally {
      this.#settled = true;
    }
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
