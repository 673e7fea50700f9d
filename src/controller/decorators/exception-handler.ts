// The decorator of exception handlers.
import { ownDefinition, ownMethod, reportUncalled, type ErrorType } from '../definition.js';

/**
 * Makes the method handle errors of the class's other handlers and of their arguments (Spring: `@MessageExceptionHandler`).
 *
 * - If several handlers match, the one with the nearest class of the error is called. If none matches, the error's direct
 *   cause is tried.
 * - A parameter without decorator receives the error.
 * - The return value is sent to `/user/queue/errors` of the sending session, unless the method has a reply decorator. Reply
 *   decorators of the class do not apply. Spring would send the value to all subscribers.
 *
 * @param errors the error classes that it handles. @default all thrown values
 *
 * @example
 * ```ts
 * @MessageExceptionHandler(RoomClosed)
 * closed(error: RoomClosed) {
 *   return { message: error.message };
 * }
 * ```
 */
export function MessageExceptionHandler(...errors: readonly ErrorType[]): MethodDecorator {
  reportUncalled(errors, '@MessageExceptionHandler()');
  return (target, key) => {
    const method = ownMethod(target, key);
    if (method.errors !== undefined) {
      ownDefinition(target.constructor).mistakes.push(
        `.${String(key)}: it has several @MessageExceptionHandler; keep one that names all classes.`,
      );
    }
    method.errors = errors;
  };
}
