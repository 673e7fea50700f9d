// The transports under test, each with its client: memory, WebSocket, TCP and TLS.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import type {
  OpenedTransport,
  TransportClient,
  TransportSubject,
} from 'signalbox/testing/conformance';
import { createClientReader } from '../../../src/transport/forwarded.js';
import { httpHostOf } from '../../../src/transport/http-host.js';
import { memoryTransport } from '../../../src/transport/memory.js';
import { createOriginCheck } from '../../../src/transport/origin.js';
import { tcpTransport, type TcpOptions } from '../../../src/transport/tcp.js';
import type { TransportContext } from '../../../src/transport/transport.js';
import { webSocketTransport } from '../../../src/transport/websocket.js';
import { selfSigned } from '../../certificate.js';
import {
  socketConnection,
  webSocketConnection,
  type ClientConnection,
  type ConnectionEnd,
} from '../../clients/connection.js';

export const memory: TransportSubject = {
  async open(context) {
    const transport = memoryTransport();
    await transport.open(context);
    return {
      transport,
      async connect() {
        const client = transport.connect();
        return clientOf(client, client);
      },
    };
  },
};

export const webSocket: TransportSubject = {
  async open(context) {
    const http = createServer();
    const transport = webSocketTransport({
      path: '/ws',
      subprotocol: () => undefined,
      origin: createOriginCheck({}),
      client: createClientReader(),
    });
    await transport.open({ ...context, http: httpHostOf(http) });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    return {
      transport,
      async connect() {
        const connection = await webSocketConnection(port, { binary: true });
        return clientOf(connection, connection.socket);
      },
      async end() {
        http.closeAllConnections();
        http.close();
        await once(http, 'close');
      },
    };
  },
};

export const tcp: TransportSubject = {
  open: (context) =>
    openTcp(context, {}, (port) => connect({ port, host: '127.0.0.1', allowHalfOpen: true })),
};

/** Undefined where no certificate can be made. */
export function tls(): TransportSubject | undefined {
  const certificate = selfSigned();
  if (certificate === undefined) return undefined;
  const options = { host: '127.0.0.1', allowHalfOpen: true, rejectUnauthorized: false };
  return {
    open: (context) =>
      openTcp(context, { tls: certificate }, (port) => connectSecurely({ ...options, port })),
  };
}

async function openTcp(
  context: TransportContext,
  options: Partial<TcpOptions>,
  dial: (port: number) => Socket,
): Promise<OpenedTransport> {
  const transport = tcpTransport({ ...options, port: 0 });
  await transport.open(context);
  const { port } = transport.address()!;
  return {
    transport,
    async connect() {
      const socket = dial(port);
      await once(socket, 'encrypted' in socket ? 'secureConnect' : 'connect');
      return clientOf(socketConnection(socket), {
        pause: () => void socket.pause(),
        resume: () => void socket.resume(),
        close: () => void socket.end(),
      });
    },
  };
}

/** Collects received bytes; they are concatenated when they are read. */
class ReceivedBytes {
  #chunks: Uint8Array[] = [];

  add(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
  }

  get all(): Uint8Array {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}

/** @param parts the methods that differ between transports */
function clientOf(
  connection: ClientConnection,
  parts: Pick<TransportClient, 'pause' | 'resume' | 'close'>,
): TransportClient {
  const received = new ReceivedBytes();
  let closed: TransportClient['closed'];
  connection.onData = (bytes) => received.add(bytes);
  void connection.closed.then(
    ({ code = 1000, reason = '' }: ConnectionEnd) => (closed = { code, reason }),
  );
  return {
    get received() {
      return received.all;
    },
    get closed() {
      return closed;
    },
    send: (bytes) => connection.send(bytes),
    pause: () => parts.pause(),
    resume: () => parts.resume(),
    close: () => parts.close(),
    vanish: () => connection.vanish(),
  };
}
