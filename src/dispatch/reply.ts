// Where a handler's value goes: Spring's defaults, and destinations with `{variables}` made ready at start.
import { MessagingError } from '../message/error.js';
import type { DestinationTarget, SessionTarget, Target, UserTarget } from '../message/target.js';
import type { Invocation } from './invocation.js';
import type { Reply } from './route.js';

type Addressing = (invocation: Invocation) => string;

const placeholder = /\{([^{}]*)\}/;
const nowhere: readonly Target[] = [];

/** The names of the placeholders in a destination, as `room` in `/topic/rooms/{room}`. */
export function placeholdersOf(destination: string): string[] {
  return destination.split(placeholder).filter((_, i) => i % 2 === 1);
}

/** Whether a brace of the destination opens or closes no placeholder. */
export function isUnbalanced(destination: string): boolean {
  return destination.split(placeholder).some((text, i) => i % 2 === 0 && /[{}]/.test(text));
}

/** To all who subscribed the destinations; without any, `/topic` + lookup (Spring: `@SendTo`, and no annotation at all). */
export function toDestinations(destinations: readonly string[]): Reply {
  const addressings = addressingsOf(destinations, '/topic');
  return (invocation) =>
    addressings.map((address): DestinationTarget => ({
      kind: 'destination',
      destination: address(invocation),
    }));
}

/**
 * To the sender's user, or with `broadcast: false` to the sending session alone, as always when it is anonymous; without
 * destinations, `/queue` + lookup (Spring: `@SendToUser`).
 */
export function toUser(destinations: readonly string[], broadcast: boolean): Reply {
  const addressings = addressingsOf(destinations, '/queue');
  return (invocation) => {
    const { id, principal } = invocation.session;
    return addressings.map((address): UserTarget | SessionTarget => {
      const destination = address(invocation);
      return broadcast && principal !== undefined
        ? { kind: 'user', user: principal.name, destination }
        : { kind: 'session', session: id, destination };
    });
  };
}

/** Once to the subscription that asked, under the destination it named (Spring: `@SubscribeMapping`). */
const toSubscription: Reply = ({ session, subscription, message }) =>
  subscription === undefined
    ? nowhere
    : [
        {
          kind: 'subscription',
          session: session.id,
          subscription,
          destination: message.destination,
        },
      ];

/** Where the value of an exception handler goes that says nothing: its sender alone. Spring broadcasts it. */
export const toErrorQueue: Reply = toUser(['/queue/errors'], false);

/** Where a handler's value goes that says nothing. */
export function defaultReply(on: 'send' | 'subscribe'): Reply {
  return on === 'send' ? toDestinations([]) : toSubscription;
}

/** All of them, one after the other. */
export function inTurn(replies: readonly Reply[]): Reply {
  const [only] = replies;
  if (replies.length === 1 && only !== undefined) return only;
  return (invocation) => replies.flatMap((reply) => reply(invocation));
}

function addressingsOf(destinations: readonly string[], above: string): Addressing[] {
  return destinations.length === 0
    ? [({ lookup }) => below(above, lookup)]
    : destinations.map(addressing);
}

/** A lookup destination has its leading slash with the separator `/` only. */
function below(prefix: string, lookup: string): string {
  return lookup.startsWith('/') ? prefix + lookup : `${prefix}/${lookup}`;
}

function addressing(template: string): Addressing {
  // Literal text at even places, names at odd ones.
  const parts = template.split(placeholder);
  if (parts.length === 1) return () => template;
  return ({ variables }) => {
    let destination = parts[0]!;
    for (let i = 1; i < parts.length; i += 2)
      destination += variable(variables, parts[i]!) + parts[i + 1]!;
    return destination;
  };
}

/** Missing only for an exception handler, which serves routes with different variables. */
function variable(variables: ReadonlyMap<string, string>, name: string): string {
  const value = variables.get(name);
  if (value === undefined)
    throw new MessagingError('argument-missing', `The destination has no variable '${name}'.`);
  return value;
}
