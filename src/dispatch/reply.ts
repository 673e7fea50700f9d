// The targets of a handler's value: Spring's defaults, and destinations with `{variables}` compiled at start.
import { MessagingError } from '../message/error.js';
import {
  problemQueue,
  type DestinationTarget,
  type SessionTarget,
  type Target,
  type UserTarget,
} from '../message/target.js';
import type { Invocation } from './invocation.js';
import type { Reply } from './route.js';

/** Returns one destination for an invocation. */
type Template = (invocation: Invocation) => string;

const placeholder = /\{([^{}]*)\}/;
const noTargets: readonly Target[] = Object.freeze([]);

/** The names of the placeholders in a destination, such as `room` in `/topic/rooms/{room}`. */
export function placeholdersOf(destination: string): string[] {
  return destination.split(placeholder).filter((_, i) => i % 2 === 1);
}

/** True when a brace of the destination does not belong to a placeholder. */
export function isUnbalanced(destination: string): boolean {
  return destination.split(placeholder).some((text, i) => i % 2 === 0 && /[{}]/.test(text));
}

/** True when the destination has a wildcard outside its placeholders. */
export function hasWildcard(destination: string): boolean {
  return destination.split(placeholder).some((text, i) => i % 2 === 0 && /[*?]/.test(text));
}

/** To all subscribers of the destinations; without any, of `/topic` + lookup (Spring: `@SendTo`, and no annotation at all). */
export function toDestinations(destinations: readonly string[]): Reply {
  const templates = compileTemplates(destinations, '/topic');
  return (invocation) =>
    templates.map((destinationOf): DestinationTarget => ({
      kind: 'destination',
      destination: destinationOf(invocation),
    }));
}

/**
 * To all sessions of the sender's user, or to the sending session only if `broadcast` is false or the sender is anonymous.
 * Without destinations: `/queue` + lookup (Spring: `@SendToUser`).
 */
export function toUser(destinations: readonly string[], broadcast: boolean): Reply {
  const templates = compileTemplates(destinations, '/queue');
  return (invocation) => {
    const { id, user } = invocation.session;
    return templates.map((destinationOf): UserTarget | SessionTarget => {
      const destination = destinationOf(invocation);
      return broadcast && user !== undefined
        ? { kind: 'user', user, destination }
        : { kind: 'session', session: id, destination };
    });
  };
}

/** Once to the new subscription, under the destination that the client named (Spring: `@SubscribeMapping`). */
const toSubscription: Reply = ({ session, subscription, message }) =>
  subscription === undefined
    ? noTargets
    : [
        {
          kind: 'subscription',
          session: session.id,
          subscription,
          destination: message.destination,
        },
      ];

/** Default of exception handlers: the sending session only. Spring sends to all subscribers. */
export const toProblemQueue: Reply = toUser([problemQueue], false);

const toTopic: Reply = toDestinations([]);

/** Default of message handlers. */
export function defaultReply(on: 'send' | 'subscribe'): Reply {
  return on === 'send' ? toTopic : toSubscription;
}

/** The targets of several rules, in their order. */
export function combineReplies(replies: readonly Reply[]): Reply {
  const [only] = replies;
  if (replies.length === 1 && only !== undefined) return only;
  return (invocation) => replies.flatMap((reply) => reply(invocation));
}

function compileTemplates(destinations: readonly string[], defaultPrefix: string): Template[] {
  return destinations.length === 0
    ? [({ lookup }) => append(defaultPrefix, lookup)]
    : destinations.map(compileTemplate);
}

/** A lookup destination starts with a slash only if the separator is `/`. */
function append(prefix: string, lookup: string): string {
  return lookup.startsWith('/') ? prefix + lookup : `${prefix}/${lookup}`;
}

function compileTemplate(destination: string): Template {
  // Literal text at even indexes, names at odd ones.
  const parts = destination.split(placeholder);
  if (parts.length === 1) return () => destination;
  return ({ variables }) => {
    let text = parts[0]!;
    for (let i = 1; i < parts.length; i += 2)
      text += requireVariable(variables, parts[i]!) + parts[i + 1]!;
    return text;
  };
}

/** A variable is missing only in an exception handler, which serves routes with different variables. */
function requireVariable(variables: ReadonlyMap<string, string>, name: string): string {
  const value = variables.get(name);
  if (value === undefined)
    throw new MessagingError('argument-missing', `The destination has no variable '${name}'.`);
  return value;
}
