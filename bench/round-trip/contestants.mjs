// The contestants of the round trip; a process loads only the one that it runs.

/**
 * @typedef {object} Contestant
 * @property {number} port
 * @property {import('./client.mjs').Dialogue} dialogue the messages of a client, and how it recognizes the answer
 */

/** The contestant that all others are compared with. */
export const base = 'NestJS';

/** @type {Record<string, () => Promise<Contestant>>} */
export const contestants = {
  [base]: async () => (await import('./contestant/nestjs.mjs')).open(),
  'plain ws': async () => (await import('./contestant/plain-ws.mjs')).open(),
  'signalbox STOMP': async () => (await import('./contestant/signalbox.mjs')).open('stomp'),
  'signalbox JSON': async () => (await import('./contestant/signalbox.mjs')).open('json'),
};
