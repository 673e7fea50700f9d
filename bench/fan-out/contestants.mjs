// The contestants of the fan-out; a process loads only the one that it runs.

/**
 * @typedef {object} Contestant
 * @property {number} port
 * @property {import('./subscriber.mjs').Dialogue} dialogue how a client becomes a subscriber
 * @property {(count: number) => void} publish publishes this number of messages to all subscribers, in this turn of the event loop
 */

/** The contestant that all others are compared with. */
export const base = 'plain ws';

/** The contestants that show the cost of mixed transports: subscribers of one topic over WebSocket, over TCP, and over both in turn. */
export const transports = {
  webSocket: 'signalbox STOMP',
  tcp: 'signalbox STOMP, TCP',
  mixed: 'signalbox STOMP, WebSocket and TCP',
};

/** @type {Record<string, () => Promise<Contestant>>} */
export const contestants = {
  [base]: async () => (await import('./contestant/plain-ws.mjs')).open(),
  'raw frame': async () => (await import('./contestant/raw-frame.mjs')).open({ joined: false }),
  'joined frames': async () => (await import('./contestant/raw-frame.mjs')).open({ joined: true }),
  'Socket.IO': async () => (await import('./contestant/socket-io.mjs')).open(),
  ...signalbox(transports.webSocket, { protocol: 'stomp', ownIds: false }),
  ...signalbox(transports.tcp, { protocol: 'stomp', ownIds: false, tcp: 'all' }),
  ...signalbox(transports.mixed, { protocol: 'stomp', ownIds: false, tcp: 'every second' }),
  ...signalbox('signalbox JSON', { protocol: 'json', ownIds: false }),
  ...signalbox('signalbox STOMP, own ids', { protocol: 'stomp', ownIds: true }),
  ...signalbox('signalbox JSON, own ids', { protocol: 'json', ownIds: true }),
};

/**
 * @param {string} name
 * @param {{ protocol: 'stomp' | 'json', ownIds: boolean, tcp?: 'all' | 'every second' }} options
 */
function signalbox(name, options) {
  return { [name]: async () => (await import('./contestant/signalbox.mjs')).open(options) };
}
