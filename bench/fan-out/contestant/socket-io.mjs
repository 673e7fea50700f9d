// Socket.IO, WebSocket only and without compression (its default): one `emit` to a room that all clients have joined.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { quote } from '../quote.mjs';

export async function open() {
  const server = createServer();
  const io = new Server(server, { transports: ['websocket'], serveClient: false });
  io.on('connection', (socket) => socket.join('quotes'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  /** @param {number} count */
  function publish(count) {
    for (let i = 0; i < count; i++) io.to('quotes').emit('quote', quote);
  }

  return {
    port: server.address().port,
    // Engine.IO opens by "0", Socket.IO connects to the namespace by "40".
    dialogue: {
      path: '/socket.io/?EIO=4&transport=websocket',
      steps: [{ receive: '0', send: '40' }, { receive: '40' }],
    },
    publish,
  };
}
