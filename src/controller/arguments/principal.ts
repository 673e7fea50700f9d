// The decorator for the user of the session, and the type of the parameter.
import { MessagingError } from '../../message/error.js';
import type { Principal as SessionPrincipal } from '../../message/message.js';
import { shapeMistake, type Shape } from '../../message/option.js';
import { createParamDecorator } from '../decorators/param-decorator.js';

/** Options of `@Principal`. */
export interface PrincipalOptions {
  /** True: a frame of an anonymous client fails with `argument-missing`. False: the argument is undefined. @default false */
  readonly required?: boolean;
}

const optionsShape: Shape<PrincipalOptions> = { required: true };

/**
 * The authenticated user of the sender's session; undefined if the client is anonymous (Spring: a `Principal` parameter).
 *
 * @throws {MessagingError} `argument-missing` with `required` when the client is anonymous
 *
 * @example
 * ```ts
 * @MessageMapping('/say')
 * say(text: string, @Principal() user?: Principal) {
 *   return `${user?.name ?? 'guest'}: ${text}`;
 * }
 *
 * @MessageMapping('/order')
 * order(order: Order, @Principal({ required: true }) user: Principal) {}
 * ```
 */
export const Principal: (options?: PrincipalOptions) => ParameterDecorator = createParamDecorator(
  ({ session: { principal } }, _parameter, options?: PrincipalOptions) => {
    if (principal === undefined && options?.required === true)
      throw new MessagingError(
        'argument-missing',
        'The handler needs a user, and the client is anonymous.',
      );
    return principal;
  },
  (_parameter, options = {}) => shapeMistake(options, optionsShape),
);

/** The user of a session, as the authenticator returned it. */
export interface Principal extends SessionPrincipal {}
