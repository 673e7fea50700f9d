// Which headers of a client's frame go no further: what the server alone may say, and what the frame's fields say already.

/** The server's own towards subscribers; a client's word for it is dropped in every occurrence. */
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
