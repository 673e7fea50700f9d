// The smallest application on `ws`: it parses and answers without a check.
import { once } from 'node:events';
import { WebSocketServer } from 'ws';
import { words } from '../words.mjs';

export async function open() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', (/** @type {Buffer} */ data) =>
      socket.send(JSON.stringify(JSON.parse(data.toString()))),
    );
  });
  return {
    port: server.address().port,
    dialogue: { path: '/', hello: [], ask: JSON.stringify(words), answer: '{"text"' },
  };
}
