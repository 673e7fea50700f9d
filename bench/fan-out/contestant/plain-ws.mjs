// The base of comparison: `ws` sends one prepared buffer to each client in a loop.
import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { stompMessage } from '../quote.mjs';

export async function open() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');

  /** @param {number} count */
  function publish(count) {
    for (let i = 0; i < count; i++) {
      for (const client of server.clients) client.send(stompMessage, { binary: false });
    }
  }

  return { port: server.address().port, dialogue: { path: '/', steps: [] }, publish };
}
