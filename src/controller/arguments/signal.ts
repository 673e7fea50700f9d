// The decorator for the abort signal of a call, and the type of the parameter.
import { createParamDecorator } from '../decorators/param-decorator.js';

/**
 * An abort signal for the handler. It is aborted when `handlerTimeout` expires, the session ends or, for a stream, the subscription
 * ends.
 *
 * @example
 * ```ts
 * @SubscribeMapping('/prices')
 * async *prices(@Signal() signal: Signal) {
 *   while (!signal.aborted) yield await this.exchange.next({ signal });
 * }
 * ```
 */
export const Signal: () => ParameterDecorator = createParamDecorator(
  (invocation) => invocation.signal,
);

/** The abort signal of a handler's call. */
export interface Signal extends AbortSignal {}
