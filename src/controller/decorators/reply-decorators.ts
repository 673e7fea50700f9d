// Reply decorators: the decorators that choose the destinations of a handler's value.
import { inspect } from 'node:util';
import { shapeMistake, type Shape } from '../../message/option.js';
import { isPromise, refusedPromise } from '../../message/promise.js';
import type { Target } from '../../message/target.js';
import {
  hasWildcard,
  isUnbalanced,
  placeholdersOf,
  toDestinations,
  toUser,
} from '../../dispatch/reply.js';
import type { Reply } from '../../dispatch/route.js';
import {
  defaultTopic,
  ownDefinition,
  ownMethod,
  reportUncalled,
  type ReplyRule,
} from '../definition.js';

/** A decorator for a method, or for a class and all its `@MessageMapping` methods. */
export type ReplyDecorator = ClassDecorator & MethodDecorator;

/** Options of `@SendToUser`. */
export interface SendToUserOptions {
  /** True: all sessions of the user receive the value. False: only the sending session. @default true */
  readonly broadcast?: boolean;
}

/**
 * Sends the return value to all subscribers of the destinations (Spring: `@SendTo`).
 *
 * @param destinations may contain variables of the pattern, such as `/topic/rooms/{room}`; also as one list.
 *   @default `/topic` + the message's destination without its application prefix
 *
 * @example
 * ```ts
 * @MessageMapping('/rooms/{room}/say')
 * @SendTo('/topic/rooms/{room}', '/topic/all')
 * say(message: ChatMessage) {
 *   return message;
 * }
 * ```
 */
export function SendTo(...destinations: readonly (string | readonly string[])[]): ReplyDecorator {
  reportUncalled(destinations, '@SendTo()');
  const given = destinations.flat();
  const published = given.length === 0 ? [defaultTopic] : given;
  return replyDecorator(compileRule(toDestinations, given, published));
}

/**
 * Sends the return value to all sessions of the sender's user, below `/user` (Spring: `@SendToUser`). With
 * `{ broadcast: false }`, or if the sender is anonymous, only the sending session receives it.
 *
 * @param given destinations, then options; destinations may contain variables of the pattern.
 *   @default `/queue` + the message's destination without its application prefix
 *
 * @example
 * ```ts
 * @MessageMapping('/order')
 * @SendToUser('/queue/orders', { broadcast: false })
 * order(order: Order) {
 *   return { accepted: true };
 * }
 * ```
 */
export function SendToUser(
  ...given: readonly string[] | readonly [...string[], SendToUserOptions]
): ReplyDecorator {
  reportUncalled(given, '@SendToUser()');
  // A program in JavaScript may pass a list of destinations; a list is not options.
  const items: readonly (string | SendToUserOptions)[] = given.flat();
  const [options = {}] = items.filter(isOptions);
  const destinations = items.filter((item) => !isOptions(item)) as readonly string[];
  const mistake = shapeMistake(options, optionsShape);
  const { broadcast = true } = mistake === undefined ? options : {};
  const rule = compileRule((texts) => toUser(texts, broadcast), destinations, []);
  const mistakes = [
    ...rule.mistakes,
    ...destinations.filter((item) => item === '').map(() => 'a destination is empty'),
    ...(mistake === undefined ? [] : [mistake.replace(/\.$/, '')]),
  ];
  return replyDecorator({ ...rule, mistakes });
}

const optionsShape: Shape<SendToUserOptions> = { broadcast: true };

/**
 * Creates a reply decorator from a function (Spring: HandlerMethodReturnValueHandler). The function is called for each return value
 * except undefined and null, and it must not be asynchronous.
 *
 * @example
 * ```ts
 * const SendToTenant = createReplyDecorator(({ session }) => [
 *   { kind: 'destination', destination: `/topic/tenants/${session.attributes.get('tenant')}` },
 * ]);
 * ```
 */
export function createReplyDecorator(reply: Reply): ReplyDecorator {
  const mistakes =
    typeof reply === 'function' ? [] : [`${inspect(reply)} is not a function that returns targets`];
  const checked: Reply = (invocation) => {
    const targets = reply(invocation);
    if (isPromise(targets)) throw refusedPromise(targets, 'The function of createReplyDecorator()');
    requireTargets(targets);
    return targets;
  };
  return replyDecorator({
    reply: checked,
    explicit: true,
    destinations: [],
    variables: [],
    published: [],
    mistakes,
  });
}

const isKind: Readonly<Record<Target['kind'], true>> = {
  destination: true,
  user: true,
  session: true,
  subscription: true,
};

/** @throws {TypeError} for other values than a list of targets, which a program in JavaScript can return */
function requireTargets(targets: unknown): void {
  if (!Array.isArray(targets))
    throw new TypeError('The function of createReplyDecorator() must return a list of targets.');
  for (const target of targets as readonly ({ readonly kind?: unknown } | null | undefined)[]) {
    const kind = target?.kind;
    if (typeof kind === 'string' && Object.hasOwn(isKind, kind)) continue;
    throw new TypeError(
      `The function of createReplyDecorator() returned a target of the kind ${inspect(kind)}; the kinds are ${Object.keys(isKind).join(', ')}.`,
    );
  }
}

function isOptions(item: string | SendToUserOptions): item is SendToUserOptions {
  return typeof item === 'object';
}

function compileRule(
  replyTo: (destinations: readonly string[]) => Reply,
  given: readonly string[],
  published: readonly string[],
): ReplyRule {
  const destinations = given.filter(isText);
  return {
    reply: replyTo(destinations),
    explicit: given.length > 0,
    destinations,
    variables: destinations.flatMap(placeholdersOf),
    published: published.filter(isText),
    mistakes: [
      ...given.filter((item) => !isText(item)).map((item) => `${inspect(item)} is not a text`),
      ...destinations
        .filter(isUnbalanced)
        .map((destination) => `the braces of '${destination}' do not match; write {name}`),
      ...destinations
        .filter(hasWildcard)
        .map((destination) => `'${destination}' has a wildcard; name one destination`),
    ],
  };
}

/** A circular import gives undefined. */
function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function replyDecorator(rule: ReplyRule): ReplyDecorator {
  return (target: object, key?: string | symbol) => {
    const definition = key === undefined ? ownDefinition(target) : ownMethod(target, key);
    definition.replies.push(rule);
  };
}
