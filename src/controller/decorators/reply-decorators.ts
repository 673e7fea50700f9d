// Return rules: the decorators that choose the destinations of a handler's value.
import { isUnbalanced, placeholdersOf, toDestinations, toUser } from '../../dispatch/reply.js';
import type { Reply } from '../../dispatch/route.js';
import { ownDefinition, ownMethod, type ReplyRule } from '../definition.js';

/** For a method, or for a class and all its `@MessageMapping` methods. */
export type ReplyDecorator = ClassDecorator & MethodDecorator;

export interface SendToUserOptions {
  /** True: all sessions of the user receive the value. False: only the sending session. @default true */
  readonly broadcast?: boolean;
}

/**
 * Sends the return value to all subscribers of the destinations (Spring: `@SendTo`).
 *
 * @param destinations may contain variables of the pattern, as `/topic/rooms/{room}`.
 *   @default `/topic` + the message's destination without its application prefix
 *
 * @example
 * @MessageMapping('/rooms/{room}/say')
 * @SendTo('/topic/rooms/{room}', '/topic/all')
 * say(message: ChatMessage) {
 *   return message;
 * }
 */
export function SendTo(...destinations: readonly string[]): ReplyDecorator {
  return replyDecorator(compileRule(toDestinations(destinations), destinations, destinations));
}

/**
 * Sends the return value to all sessions of the sender's user, below `/user` (Spring: `@SendToUser`). With
 * `{ broadcast: false }`, or if the sender is anonymous, only the sending session receives it.
 *
 * @param given destinations, then options; destinations may contain variables of the pattern.
 *   @default `/queue` + the message's destination without its application prefix
 *
 * @example
 * @MessageMapping('/order')
 * @SendToUser('/queue/orders', { broadcast: false })
 * order(order: Order) {
 *   return { accepted: true };
 * }
 */
export function SendToUser(
  ...given: readonly string[] | readonly [...string[], SendToUserOptions]
): ReplyDecorator {
  const items: readonly (string | SendToUserOptions)[] = given;
  const destinations = items.filter((item) => typeof item === 'string');
  const { broadcast = true } = items.find((item) => typeof item === 'object') ?? {};
  return replyDecorator(compileRule(toUser(destinations, broadcast), destinations, []));
}

/**
 * Creates a return rule from a function (Spring: HandlerMethodReturnValueHandler). The function is called for each return value
 * except undefined and null.
 *
 * @example
 * const SendToTenant = createReplyDecorator(({ session }) => [
 *   { kind: 'destination', destination: `/topic/tenants/${session.attributes.get('tenant')}` },
 * ]);
 */
export function createReplyDecorator(reply: Reply): ReplyDecorator {
  return replyDecorator({ reply, explicit: true, variables: [], published: [], findings: [] });
}

function compileRule(
  reply: Reply,
  destinations: readonly string[],
  published: readonly string[],
): ReplyRule {
  return {
    reply,
    explicit: destinations.length > 0,
    variables: destinations.flatMap(placeholdersOf),
    published,
    findings: destinations
      .filter(isUnbalanced)
      .map((destination) => `the braces of '${destination}' do not match; write {name}`),
  };
}

function replyDecorator(rule: ReplyRule): ReplyDecorator {
  return (target: object, key?: string | symbol) => {
    const definition = key === undefined ? ownDefinition(target) : ownMethod(target, key);
    definition.replies.push(rule);
  };
}
