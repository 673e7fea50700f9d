// The transports under examination, each with the client that reaches it: in memory, WebSocket, TCP and TLS.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type {
  OpenedTransport,
  TransportClient,
  TransportSubject,
} from 'signalbox/testing/conformance';
import { WebSocket } from 'ws';
import { memoryTransport, type MemoryClient } from '../../../src/transport/memory.js';
import { createOriginCheck } from '../../../src/transport/origin.js';
import { tcpTransport, type TcpOptions } from '../../../src/transport/tcp.js';
import { webSocketTransport } from '../../../src/transport/websocket.js';
import { selfSigned } from '../../certificate.js';

const megabytes = 1024 * 1024;

export const memory: TransportSubject = {
  async open(acceptor) {
    const transport = memoryTransport();
    await transport.open(acceptor);
    return { transport, connect: () => Promise.resolve(memoryClient(transport.connect())) };
  },
};

export const webSocket: TransportSubject = {
  async open(acceptor) {
    const http = createServer();
    const transport = webSocketTransport({
      path: '/ws',
      http,
      subprotocol: () => undefined,
      origin: createOriginCheck({}),
      maxMessageSize: 16 * megabytes,
    });
    await transport.open(acceptor);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    return {
      transport,
      connect: () => webSocketClient(port),
      async end() {
        http.closeAllConnections();
        http.close();
        await once(http, 'close');
      },
    };
  },
};

export const tcp: TransportSubject = {
  open: (acceptor) =>
    openTcp(acceptor, {}, (port) => connect({ port, host: '127.0.0.1', allowHalfOpen: true })),
};

/** Undefined where no certificate can be made. */
export function tls(): TransportSubject | undefined {
  const certificate = selfSigned();
  if (certificate === undefined) return undefined;
  const options = { host: '127.0.0.1', allowHalfOpen: true, rejectUnauthorized: false };
  return {
    open: (acceptor) =>
      openTcp(acceptor, { tls: certificate }, (port) => connectSecurely({ ...options, port })),
  };
}

async function openTcp(
  acceptor: Parameters<TransportSubject['open']>[0],
  options: Partial<TcpOptions>,
  dial: (port: number) => Socket,
): Promise<OpenedTransport> {
  const transport = tcpTransport({ ...options, port: 0 });
  await transport.open(acceptor);
  const { port } = transport.address()!;
  return {
    transport,
    async connect() {
      const socket = dial(port);
      await once(socket, 'encrypted' in socket ? 'secureConnect' : 'connect');
      return tcpClient(socket);
    },
  };
}

/** What arrived, put together when somebody looks. */
class Arrived {
  #chunks: Uint8Array[] = [];

  add(octets: Uint8Array): void {
    this.#chunks.push(octets);
  }

  get octets(): Uint8Array {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}

function memoryClient(client: MemoryClient): TransportClient {
  const arrived = new Arrived();
  let closed: TransportClient['closed'];
  client.onData = (octets) => arrived.add(octets);
  void client.closed.then((end) => (closed = end));
  return {
    get received() {
      return arrived.octets;
    },
    get closed() {
      return closed;
    },
    send: (octets) => client.send(octets),
    pause: () => client.pause(),
    resume: () => client.resume(),
    close: () => client.close(),
    vanish: () => client.vanish(),
  };
}

async function webSocketClient(port: number): Promise<TransportClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const arrived = new Arrived();
  let closed: TransportClient['closed'];
  socket.on('message', (data: Buffer) => arrived.add(data));
  socket.on('close', (code, reason) => (closed = { code, reason: reason.toString() }));
  await once(socket, 'open');
  return {
    get received() {
      return arrived.octets;
    },
    get closed() {
      return closed;
    },
    send: (octets) => socket.send(octets),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(1000),
    vanish: () => socket.terminate(),
  };
}

function tcpClient(socket: Socket): TransportClient {
  const arrived = new Arrived();
  let closed: TransportClient['closed'];
  socket.on('data', (octets: Buffer) => arrived.add(octets));
  socket.on('error', () => {});
  // The server ends its side first, and waits for ours.
  socket.on('end', () => {
    closed ??= { code: 1000, reason: '' };
    socket.end();
  });
  socket.on('close', () => (closed ??= { code: 1006, reason: '' }));
  return {
    get received() {
      return arrived.octets;
    },
    get closed() {
      return closed;
    },
    send: (octets) => void socket.write(octets),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => void socket.end(),
    vanish: () => socket.destroy(),
  };
}
