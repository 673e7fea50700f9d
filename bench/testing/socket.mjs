// The same test over a socket, without the kit.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from '../../dist/index.js';
import { WebSocket } from 'ws';
import { ChatController } from './chat.mjs';

const body = JSON.stringify({ text: 'hi' });

export async function handlerTest() {
  const server = await createServer({ controllers: [ChatController] });
  await server.listen(0);
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}/ws`, 'v12.stomp');
  await once(socket, 'open');
  socket.send('CONNECT\naccept-version:1.2\nhost:127.0.0.1\n\n\0');
  await once(socket, 'message');
  socket.send('SUBSCRIBE\nid:room\ndestination:/topic/rooms/lobby\nreceipt:live\n\n\0');
  await once(socket, 'message');
  socket.send(`SEND\ndestination:/app/rooms/lobby/say\ncontent-type:application/json\n\n${body}\0`);
  const [message] = await once(socket, 'message');
  assert.equal(JSON.parse(String(message).split('\n\n')[1].slice(0, -1)).text, 'hi');
  socket.close();
  await server.close();
}
