// Ids that are the same in every run: session-1, message-1.
import type { Ids } from '../message/ids.js';

export function sequentialIds(): Ids {
  let sessions = 0;
  let messages = 0;
  let replies = 0;
  return {
    session: () => `session-${++sessions}`,
    message: () => `message-${++messages}`,
    reply: () => `reply-${++replies}`,
  };
}
