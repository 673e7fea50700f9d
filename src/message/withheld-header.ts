// Headers of client frames that are not passed on: those that only the server may set, and those that are fields of the frame.

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
];

export const withheld = {
  connect: new Set(['passcode']),
  send: new Set(['destination', ...serverOwned]),
  subscribe: new Set(['destination', 'id', ...serverOwned]),
} as const satisfies Record<string, ReadonlySet<string>>;
