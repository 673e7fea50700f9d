// Ids: random ids for sessions, which clients must not guess, and short ids for messages.
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { isPromise, refusedPromise } from './promise.js';
import { quote } from './quote.js';

/** Makes the ids of a server: texts of 1 to 128 visible ASCII characters. Other ids are refused where they are used. */
export interface Ids {
  /** The id of a session; cannot be guessed. */
  session(): string;
  /** The id of a publication; unique in this process. It must not begin with `own-`, which marks messages of session queues. */
  message(): string;
  /** The id of a reply address; cannot be guessed. */
  reply(): string;
}

export function randomIds(): Ids {
  // A prefix for each server, so that the ids of two servers are always different.
  const prefix = randomUUID().slice(0, 8);
  let count = 0;
  return {
    session: () => randomUUID(),
    message: () => `${prefix}-${(++count).toString(36)}`,
    reply: () => randomUUID(),
  };
}

/** Begins the acknowledgement ids of session queues, so that they differ from those of the broker, which are message ids. */
export const ownPrefix = 'own-';

/**
 * Ids are values of headers that clients send back. Spaces at the ends and line ends do not survive STOMP 1.0, and longer ids can
 * exceed the limits of a destination or a header.
 */
const validId = /^[!-~]{1,128}$/;

/** Wraps ids of the application: each method throws when its result is not a text, or is a text that clients cannot send back. */
export function checkedIds(ids: Ids): Ids {
  return {
    session: () => checked(ids.session(), 'session'),
    message() {
      const id = checked(ids.message(), 'message');
      if (id.startsWith(ownPrefix))
        throw new TypeError(
          `ids.message() must not return an id that begins with ${ownPrefix}, which marks messages of session queues; it returned ${quote(id)}.`,
        );
      return id;
    },
    reply: () => checked(ids.reply(), 'reply'),
  };
}

function checked(id: unknown, method: keyof Ids): string {
  if (typeof id === 'string' && validId.test(id)) return id;
  if (isPromise(id)) throw refusedPromise(id, `ids.${method}()`);
  const given = typeof id === 'string' ? quote(id) : inspect(id, { depth: 0 });
  throw new TypeError(
    `ids.${method}() must return a text of 1 to 128 visible ASCII characters; it returned ${given}.`,
  );
}
