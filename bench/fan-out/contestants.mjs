// Who takes part in the fan-out; each is loaded only by the process that runs it.

/**
 * @typedef {object} Contestant
 * @property {number} port
 * @property {import('./subscriber.mjs').Dialogue} dialogue how a client becomes a subscriber
 * @property {(count: number) => void} publish publishes so many messages to all subscribers, in this turn of the event loop
 */

/** What all others are compared with. */
export const base = 'plain ws';

/** @type {Record<string, () => Promise<Contestant>>} */
export const contestants = {
  [base]: async () => (await import('./contestant/plain-ws.mjs')).open(),
  'raw frame': async () => (await import('./contestant/raw-frame.mjs')).open({ joined: false }),
  'joined frames': async () => (await import('./contestant/raw-frame.mjs')).open({ joined: true }),
  'Socket.IO': async () => (await import('./contestant/socket-io.mjs')).open(),
  ...signalbox('signalbox STOMP', { protocol: 'stomp', ownIds: false }),
  ...signalbox('signalbox JSON', { protocol: 'json', ownIds: false }),
  ...signalbox('signalbox STOMP, own ids', { protocol: 'stomp', ownIds: true }),
  ...signalbox('signalbox JSON, own ids', { protocol: 'json', ownIds: true }),
};

/**
 * @param {string} name
 * @param {{ protocol: 'stomp' | 'json', ownIds: boolean }} options
 */
function signalbox(name, options) {
  return { [name]: async () => (await import('./contestant/signalbox.mjs')).open(options) };
}
