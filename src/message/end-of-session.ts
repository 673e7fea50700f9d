// The reason with which the signals of sessions and subscriptions abort.

/**
 * The reason of signals that abort because their session or subscription has ended. One object for all: a reason that is made for
 * each abort refers to the session by its stack, and keeps it in memory with everything that keeps the signal.
 */
export const ended = new DOMException('The session or its subscription has ended.', 'AbortError');
