// Where ids come from: sessions get ones that nobody can guess, messages get short ones.
import { randomUUID } from 'node:crypto';

export interface Ids {
  /** Names a session; not guessable. */
  session(): string;
  /** Names a message; unique in this process, holds nothing of a session. */
  message(): string;
  /** Names a place that others may answer to; not guessable. */
  reply(): string;
}

export function randomIds(): Ids {
  // A prefix of its own for each server, so that two servers behind one relay never name two messages alike.
  const prefix = randomUUID().slice(0, 8);
  let count = 0;
  return {
    session: () => randomUUID(),
    message: () => `${prefix}-${(++count).toString(36)}`,
    reply: () => randomUUID(),
  };
}
