// A signalbox server whose sockets other contestants write to as well, so that all share one process, heap and set of sockets.
import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { open } from './contestant/signalbox.mjs';
import { textFrame } from './contestant/raw-frame.mjs';
import { stompMessage } from './quote.mjs';

/** @type {Set<import('ws').WebSocket>} */
const webSockets = new Set();
/** @type {Set<import('node:stream').Duplex>} */
const sockets = new Set();
// signalbox does not expose them, so they are collected where its copy of `ws` creates them.
const { WebSocketServer } = createRequire(new URL('../../package.json', import.meta.url))('ws');
const { handleUpgrade } = WebSocketServer.prototype;
/** @type {typeof handleUpgrade} */
WebSocketServer.prototype.handleUpgrade = function (request, socket, head, accept) {
  handleUpgrade.call(this, request, socket, head, (webSocket) => {
    webSockets.add(webSocket);
    sockets.add(socket);
    accept(webSocket, request);
  });
};

const frame = textFrame(stompMessage);
const { port, dialogue, publish } = await open({ protocol: 'stomp', ownIds: false });

/** @type {Record<string, (count: number) => void>} */
const ways = {
  'plain ws': (count) => {
    for (let i = 0; i < count; i++)
      for (const webSocket of webSockets) webSocket.send(stompMessage, { binary: false });
  },
  'raw frame': (count) => {
    for (let i = 0; i < count; i++) for (const socket of sockets) socket.write(frame);
  },
  'joined frames': (count) => {
    const batch = Buffer.concat(Array(count).fill(frame));
    for (const socket of sockets) socket.write(batch);
  },
  'signalbox STOMP': publish,
};

process.on('disconnect', () => process.exit());
process.on('message', (question) => void measure(question));
process.send?.({ port, dialogue, ways: Object.keys(ways) });

/**
 * Sends the CPU time of the turns, user and system, in microseconds.
 *
 * @param {{ way: string, perTurn: number, turns: number }} question
 */
async function measure({ way, perTurn, turns }) {
  const before = process.cpuUsage();
  for (let turn = 0; turn < turns; turn++) {
    ways[way](perTurn);
    await nextTurn();
  }
  const { user, system } = process.cpuUsage(before);
  process.send?.({ cpu: user + system });
}
