// The contestants of the comparison of idle sessions; a process loads only the one that it runs.
import { once } from 'node:events';

/**
 * @typedef {object} Contestant
 * @property {number} port
 * @property {import('../fan-out/subscriber.mjs').Dialogue} dialogue how a client becomes idle
 * @property {() => number} sessions the number of sessions
 */

/** @type {Record<string, () => Promise<Contestant>>} The others are compared with the first one. */
export const contestants = {
  'bare ws': bareWs,
  'signalbox STOMP': () =>
    signalbox('v12.stomp', [
      { send: 'CONNECT\naccept-version:1.2\nhost:127.0.0.1\n\n\0' },
      {
        receive: 'CONNECTED',
        send: 'SUBSCRIBE\nid:sub-0\ndestination:/topic/idle\nreceipt:live\n\n\0',
      },
      { receive: 'RECEIPT' },
    ]),
  'signalbox JSON': () =>
    signalbox('v1.json.signalbox', [
      { send: '{"type":"subscribe","id":"s","destination":"/topic/idle","receipt":"live"}' },
      { receive: '{"type":"receipt"' },
    ]),
};

async function bareWs() {
  const { WebSocketServer } = await import('ws');
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  server.on('connection', (socket) => socket.on('message', () => {}));
  return {
    port: server.address().port,
    dialogue: { path: '/', steps: [] },
    sessions: () => server.clients.size,
  };
}

/**
 * @param {string} subprotocol
 * @param {import('../fan-out/subscriber.mjs').Dialogue['steps']} steps
 */
async function signalbox(subprotocol, steps) {
  const { createServer } = await import('../../dist/index.js');
  // All clients have one address.
  const server = await createServer({ endpoints: [{ path: '/ws' }], limits: { shares: 1 } });
  await server.listen(0, '127.0.0.1');
  return {
    port: server.address().port,
    dialogue: { path: '/ws', subprotocol, steps },
    sessions: () => server.sessions.size,
  };
}
