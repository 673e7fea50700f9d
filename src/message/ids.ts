// Ids: random ones for sessions, which clients must not guess, and short ones for messages.
import { randomUUID } from 'node:crypto';

export interface Ids {
  /** The id of a session; cannot be guessed. */
  session(): string;
  /** The id of a publication; unique in this process. */
  message(): string;
  /** The id of a reply address; cannot be guessed. */
  reply(): string;
}

export function randomIds(): Ids {
  // One prefix for each server, so that ids of two servers never clash.
  const prefix = randomUUID().slice(0, 8);
  let count = 0;
  return {
    session: () => randomUUID(),
    message: () => `${prefix}-${(++count).toString(36)}`,
    reply: () => randomUUID(),
  };
}
