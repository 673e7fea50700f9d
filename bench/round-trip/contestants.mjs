// Who takes part in the round trip; each is loaded only by the process that runs it.

/**
 * @typedef {object} Contestant
 * @property {number} port
 * @property {import('./client.mjs').Dialogue} dialogue how a client asks and knows its answer
 */

/** What all others are compared with. */
export const base = 'NestJS';

/** @type {Record<string, () => Promise<Contestant>>} */
export const contestants = {
  [base]: async () => (await import('./contestant/nestjs.mjs')).open(),
  'plain ws': async () => (await import('./contestant/plain-ws.mjs')).open(),
  'signalbox STOMP': async () => (await import('./contestant/signalbox.mjs')).open('stomp'),
  'signalbox JSON': async () => (await import('./contestant/signalbox.mjs')).open('json'),
};
