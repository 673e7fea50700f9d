// The end of the call's time.
import { createParamDecorator } from '../decorators/argument.js';

/** An AbortSignal: fires when the handler's time is up, its session ends or, for a stream, its subscription. */
export const Signal = createParamDecorator((invocation) => invocation.signal);
export type Signal = AbortSignal;
