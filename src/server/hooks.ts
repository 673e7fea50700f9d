// Hooks: functions that observe a running server. The test kit uses them; tracing and metrics will.
import type { DeliveryHook } from '../broker/subscriber.js';
import type { PublicationHook } from '../broker/publisher.js';
import type { Container } from '../container/container.js';
import type { Invocation } from '../dispatch/invocation.js';
import type { Outcome, Route } from '../dispatch/route.js';
import type { ClientFrame } from '../message/frame.js';
import type { Logger } from '../message/logger.js';
import type { FrameResult } from '../session/client-session.js';
import type { Session } from '../session/session.js';

/** Every hook is called when something begins and returns a function that is called when it ends, or undefined. */
export interface Hooks {
  /** A client has connected, before its first frame. */
  readonly onConnection?: (
    session: Session,
  ) => ((code: number, reason: string) => void) | undefined;
  /** A client frame is processed. */
  readonly onFrame?: (
    frame: ClientFrame,
    session: Session,
  ) => ((result: FrameResult) => void) | undefined;
  /** A handler is called; ends when it has returned or thrown. */
  readonly onRoute?: (route: Route, invocation: Invocation) => (() => void) | undefined;
  /** A handler has returned a stream; ends when the stream does. */
  readonly onStream?: (route: Route, invocation: Invocation) => (() => void) | undefined;
  readonly onPublication?: PublicationHook;
  readonly onDelivery?: DeliveryHook;
  /** The container is ready and no controller is built; returns a function that restores the container. */
  readonly onContainer?: (container: Container) => Promise<() => void>;
  /** The WebSocket handlers are compiled; called with their paths. */
  readonly onWebSocketPaths?: (paths: readonly string[]) => void;
}

/** Wraps the hooks so that their exceptions are logged, because an observer must not affect the server. */
export function guardHooks(hooks: Hooks, logger: Logger): Hooks {
  const guard = <Begin extends unknown[], End extends unknown[]>(
    hook: ((...values: Begin) => ((...values: End) => void) | undefined) | undefined,
  ) => {
    if (hook === undefined) return undefined;
    const attempt = <Result>(call: () => Result): Result | undefined => {
      try {
        return call();
      } catch (error) {
        logger.error('A hook failed.', error);
        return undefined;
      }
    };
    return (...values: Begin) => {
      const end = attempt(() => hook(...values));
      return end && ((...last: End) => attempt(() => end(...last)));
    };
  };
  return {
    onConnection: guard(hooks.onConnection),
    onFrame: guard(hooks.onFrame),
    onRoute: guard(hooks.onRoute),
    onStream: guard(hooks.onStream),
    onPublication: guard(hooks.onPublication),
    onDelivery: guard(hooks.onDelivery),
    // Not an observer: the server cannot be built when it fails.
    onContainer: hooks.onContainer,
    onWebSocketPaths: hooks.onWebSocketPaths,
  };
}

/** The route with the hooks around its handler and its streams; the route itself when there are none. */
export function observeRoute(route: Route, { onRoute, onStream }: Hooks): Route {
  if (onRoute === undefined && onStream === undefined) return route;
  const observe = (
    call: () => Outcome | Promise<Outcome>,
    invocation: Invocation,
  ): Outcome | Promise<Outcome> => {
    const end = onRoute?.(route, invocation);
    let pending: Outcome | Promise<Outcome>;
    try {
      pending = call();
    } catch (thrown) {
      end?.();
      throw thrown;
    }
    if (!(pending instanceof Promise)) {
      end?.();
      return observeStream(pending, invocation);
    }
    return pending.finally(() => end?.()).then((outcome) => observeStream(outcome, invocation));
  };
  const observeStream = (outcome: Outcome, invocation: Invocation): Outcome => {
    if (outcome.kind !== 'stream') return outcome;
    return {
      ...outcome,
      stream: observedStream(outcome.stream, () => onStream?.(route, invocation)),
      recover: (thrown) => observe(() => outcome.recover(thrown), invocation),
    };
  };
  return { ...route, invoke: (call) => observe(() => route.invoke(call), call) };
}

/** The stream; calls `begin` when it is iterated, and the end function when the iteration has ended. */
function observedStream(
  stream: AsyncIterable<unknown>,
  begin: () => (() => void) | undefined,
): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = stream[Symbol.asyncIterator]();
      let end = begin();
      const ended = () => {
        end?.();
        end = undefined;
      };
      const observed = async (take: () => Promise<IteratorResult<unknown>>) => {
        try {
          const result = await take();
          if (result.done === true) ended();
          return result;
        } catch (error) {
          ended();
          throw error;
        }
      };
      return {
        next: () => observed(() => iterator.next()),
        return: () =>
          observed(async () => (await iterator.return?.()) ?? { done: true, value: undefined }),
      };
    },
  };
}
