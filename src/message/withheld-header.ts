// Headers of client frames that are not passed on: headers that only the server may set, and headers that are fields of the frame.

/** Headers that only the server may send to subscribers; all occurrences in client frames are dropped. */
const serverOwned = [
  'message-id',
  'subscription',
  'receipt',
  'receipt-id',
  'ack',
  'redelivered',
  'delivery-count',
  'retained',
  'content-length',
  'transaction',
  'session',
  'user-name',
  'dropped',
  'original-destination',
];

/** White space of Unicode, and control and format characters, which the `trim` functions of some languages remove too. */
const space = String.raw`[\p{White_Space}\p{Cc}\p{Cf}]`;

/**
 * Matches the names of headers that are not passed on, without their escapes. White space around a name makes no difference:
 * clients such as stompjs trim names, so ` user-name` would forge `user-name`. Names are case-sensitive, as in STOMP.
 */
function matcher(names: readonly string[]): RegExp {
  const withheldName = `${space}*(?:${names.join('|')})${space}*`;
  // The server rewrites `reply-to`; a client that trims names would read ` reply-to` unchanged.
  const disguisedReplyTo = `${space}+reply-to${space}*|reply-to${space}+`;
  return new RegExp(`^(?:${withheldName}|${disguisedReplyTo})$`, 'u');
}

/** By kind of frame: `withheld.send.test(name)` is true for a header that is not passed on. */
export const withheld = {
  connect: matcher(['passcode']),
  send: matcher(['destination', ...serverOwned]),
  subscribe: matcher(['destination', 'id', ...serverOwned]),
} as const;
