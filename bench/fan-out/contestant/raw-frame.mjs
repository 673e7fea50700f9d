// The limit that sockets set: one WebSocket frame, built once, written to each client's socket without `ws`.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { stompMessage } from '../quote.mjs';

/** @param {{ joined: boolean }} options joined: all publications of a turn are one buffer, written once to each socket */
export async function open({ joined }) {
  const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  /** @type {Set<import('node:stream').Duplex>} */
  const sockets = new Set();
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    upgrades.handleUpgrade(request, socket, head, () => sockets.add(socket));
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  /** @param {number} count */
  function publish(count) {
    const frame = textFrame(stompMessage);
    if (joined) {
      const batch = Buffer.concat(Array(count).fill(frame));
      for (const socket of sockets) socket.write(batch);
    } else {
      for (let i = 0; i < count; i++) {
        for (const socket of sockets) socket.write(frame);
      }
    }
  }

  return { port: server.address().port, dialogue: { path: '/', steps: [] }, publish };
}

/** @param {Buffer} payload 126 bytes to 64 KB */
export function textFrame(payload) {
  const header = Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([header, payload]);
}
