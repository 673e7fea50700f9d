// Ids: random ids for sessions, which clients must not guess, and short ids for messages.
import { randomUUID } from 'node:crypto';
import { isPromise, refusedPromise } from './promise.js';

/** Makes the ids of a server. */
export interface Ids {
  /** The id of a session; cannot be guessed. */
  session(): string;
  /** The id of a publication; unique in this process. */
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

/** Wraps ids of the application: each method throws when its result is not a text or is empty. */
export function checkedIds(ids: Ids): Ids {
  return {
    session: () => checked(ids.session(), 'session'),
    message: () => checked(ids.message(), 'message'),
    reply: () => checked(ids.reply(), 'reply'),
  };
}

function checked(id: unknown, method: keyof Ids): string {
  if (typeof id === 'string' && id !== '') return id;
  if (isPromise(id)) throw refusedPromise(id, `ids.${method}()`);
  throw new TypeError(`ids.${method}() must return a text that is not empty.`);
}
