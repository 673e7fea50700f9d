// Ids that are the same in every run.
import type { Ids } from '../message/ids.js';

/**
 * Creates ids that are the same in every run: `session-1`, `message-1`, `reply-1` and so on. Test servers use them by default.
 *
 * @example
 * ```ts
 * const app = await testServer({ ids: { ...sequentialIds(), session: () => 'my-session' } });
 * ```
 */
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
