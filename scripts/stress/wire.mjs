// Connections to a server over memory, TCP and WebSocket, with one interface.
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';

/**
 * @typedef {object} Wire
 * @property {(bytes: string) => void} send
 * @property {(listener: (bytes: string) => void) => void} listen
 * @property {Promise<void>} gone resolves when either side has ended the connection
 * @property {() => void} pause stops reading
 * @property {() => void} resume
 * @property {() => void} vanish ends the connection without notice
 */

/** @typedef {{ memory: import('../../dist/index.js').MemoryTransport, tcp: number, webSocket: number }} Addresses */

/** @type {Readonly<Record<string, (addresses: Addresses) => Promise<Wire>>>} */
export const dials = {
  memory: async ({ memory }) => {
    const client = memory.connect();
    return {
      send: (bytes) => client.send(bytes),
      listen: (listener) =>
        void (client.onData = (bytes) => listener(Buffer.from(bytes).toString())),
      gone: client.closed.then(() => {}),
      pause: () => client.pause(),
      resume: () => client.resume(),
      vanish: () => client.vanish(),
    };
  },
  TCP: async ({ tcp }) => {
    const socket = connect(tcp, '127.0.0.1');
    const gone = once(socket, 'close').then(() => {});
    socket.on('error', () => {});
    socket.setEncoding('utf8');
    await Promise.race([once(socket, 'connect'), gone]);
    return {
      send: (bytes) => void socket.write(bytes),
      listen: (listener) => void socket.on('data', (data) => listener(String(data))),
      gone,
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      vanish: () => socket.destroy(),
    };
  },
  WebSocket: async ({ webSocket }) => {
    const socket = new WebSocket(`ws://127.0.0.1:${webSocket}/ws`, ['v12.stomp']);
    const gone = new Promise((resolve) => socket.on('close', () => resolve(undefined)));
    socket.on('error', () => {});
    await Promise.race([once(socket, 'open'), gone]);
    return {
      send: (bytes) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
      },
      listen: (listener) =>
        void socket.on('message', (/** @type {Buffer} */ data) => listener(data.toString())),
      gone: /** @type {Promise<void>} */ (gone),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      vanish: () => socket.terminate(),
    };
  },
};
