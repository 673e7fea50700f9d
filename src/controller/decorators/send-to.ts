// Return rules: decorators that say where a handler's value goes.
import {
  inTurn,
  isUnbalanced,
  placeholdersOf,
  toDestinations,
  toUser,
} from '../../dispatch/reply.js';
import type { Reply } from '../../dispatch/route.js';
import { ownDefinition, ownMethod, type ReplyRule } from '../definition.js';

/** On a method, or on a class for all its `@MessageMapping` methods. */
export type ReplyDecorator = ClassDecorator & MethodDecorator;

export interface SendToUserOptions {
  /** Whether all sessions of the user get the value, or the sending one alone. Default true. */
  readonly broadcast?: boolean;
}

/**
 * Sends the value to all who subscribed these destinations (Spring: `@SendTo`); `{room}` stands for what the pattern found.
 * Without destinations: `/topic` + the message's own.
 */
export function SendTo(...destinations: readonly string[]): ReplyDecorator {
  return decorator(ruleOf(toDestinations(destinations), destinations, destinations));
}

/**
 * Sends the value to the sender's user, below `/user` (Spring: `@SendToUser`); to the sending session alone with
 * `{ broadcast: false }`, and always when the sender is anonymous. Without destinations: `/queue` + the message's own.
 */
export function SendToUser(
  ...given: readonly string[] | readonly [...string[], SendToUserOptions]
): ReplyDecorator {
  const items: readonly (string | SendToUserOptions)[] = given;
  const destinations = items.filter((item) => typeof item === 'string');
  const { broadcast = true } = items.find((item) => typeof item === 'object') ?? {};
  return decorator(ruleOf(toUser(destinations, broadcast), destinations, []));
}

/** Makes a return rule of a function (Spring: HandlerMethodReturnValueHandler). It is called for values that go somewhere. */
export function createReplyDecorator(rule: Reply): ReplyDecorator {
  return decorator({ reply: rule, explicit: true, variables: [], published: [], findings: [] });
}

/**
 * Which rules hold: those of the method if any of them names a place, else those of the class if any does, else whichever
 * there are, the method's first (Spring's choice). Undefined when nobody says anything.
 */
export function chosenReply(
  method: readonly ReplyRule[],
  type: readonly ReplyRule[],
): ReplyRule | undefined {
  const candidates = [method, type].filter((rules) => rules.length > 0);
  const chosen =
    candidates.find((rules) => rules.some(({ explicit }) => explicit)) ?? candidates[0];
  if (chosen === undefined) return undefined;
  return {
    reply: inTurn(chosen.map((rule) => rule.reply)),
    explicit: chosen.some(({ explicit }) => explicit),
    variables: chosen.flatMap(({ variables }) => variables),
    published: chosen.flatMap(({ published }) => published),
    findings: chosen.flatMap(({ findings }) => findings),
  };
}

function ruleOf(
  rule: Reply,
  destinations: readonly string[],
  published: readonly string[],
): ReplyRule {
  return {
    reply: rule,
    explicit: destinations.length > 0,
    variables: destinations.flatMap(placeholdersOf),
    published,
    findings: destinations
      .filter(isUnbalanced)
      .map((destination) => `the braces of '${destination}' do not match; write {name}`),
  };
}

function decorator(rule: ReplyRule): ReplyDecorator {
  return (target: object, key?: string | symbol) => {
    const definition = key === undefined ? ownDefinition(target) : ownMethod(target, key);
    definition.replies.push(rule);
  };
}
