// The client's end of a connection in octets, over each transport.
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { MemoryTransport } from '../../../src/transport/memory.js';
import type { TransportName } from './line.js';

export interface Wire {
  send(octets: Buffer): void;
  listen(listener: (octets: Buffer) => void): void;
  /** Resolves when the server has ended the connection, or it is lost. */
  readonly ended: Promise<void>;
  /** Is gone without a word. */
  vanish(): void;
}

/** Where a server can be reached. */
export interface Doors {
  readonly memory: MemoryTransport;
  readonly tcpPort: number;
  readonly httpPort: number;
}

export const dials: Readonly<Record<TransportName, (doors: Doors) => Promise<Wire>>> = {
  memory({ memory }) {
    const client = memory.connect();
    return Promise.resolve({
      send: (octets) => client.send(octets),
      listen: (listener) => void (client.onData = (octets) => listener(Buffer.from(octets))),
      ended: client.closed.then(() => {}),
      vanish: () => client.vanish(),
    });
  },
  'WebSocket text': (doors) => dialWebSocket(doors, (octets) => octets.toString()),
  'WebSocket binary': (doors) => dialWebSocket(doors, (octets) => octets),
  async TCP({ tcpPort }) {
    const socket = connectTcp({ port: tcpPort, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return wireOn(socket);
  },
};

/** @param socket TCP or TLS, connected */
export function wireOn(socket: Socket): Wire {
  socket.setNoDelay();
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  return {
    send: (octets) => void socket.write(octets),
    listen: (listener) => void socket.on('data', listener),
    ended: new Promise((resolve) => {
      for (const end of ['end', 'close']) socket.on(end, () => resolve());
    }),
    vanish: () => socket.destroy(),
  };
}

async function dialWebSocket(
  { httpPort }: Doors,
  dress: (octets: Buffer) => string | Buffer,
): Promise<Wire> {
  const socket = new WebSocket(`ws://127.0.0.1:${httpPort}/ws`);
  socket.on('error', () => {});
  await once(socket, 'open');
  return {
    // Text cannot hold octets that are none.
    send: (octets) => socket.send(isText(octets) ? dress(octets) : octets),
    listen: (listener) => void socket.on('message', (data: Buffer) => listener(data)),
    ended: once(socket, 'close').then(() => {}),
    vanish: () => socket.terminate(),
  };
}

function isText(octets: Buffer): boolean {
  return Buffer.from(octets.toString()).equals(octets);
}
