// The transports under test, each with its client: memory, WebSocket, SockJS, SSE, TCP and TLS.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
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
import type { Transport, TransportContext } from '../../../src/transport/transport.js';
import { webSocketTransport } from '../../../src/transport/websocket.js';
import { selfSigned } from '../../certificate.js';
import {
  socketConnection,
  tcpConnection,
  webSocketConnection,
  type ClientConnection,
  type TcpClientConnection,
} from '../../clients/connection.js';
import { sockJsConnection, type SockJsReceiver } from '../../clients/sockjs.js';
import { http1Client, http2Client, sseConnection } from '../../clients/sse.js';
import { asHttpServer } from '../../transport/http-session/endpoints.js';
import { endpointAt as sockJsEndpointAt } from '../../transport/sockjs/endpoints.js';
import { endpointAt as sseEndpointAt } from '../../transport/sse/endpoints.js';

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
  open(context) {
    const transport = webSocketTransport({
      path: '/ws',
      subprotocol: () => undefined,
      origin: createOriginCheck({}),
      client: createClientReader(),
    });
    return openOnHttp(context, transport, async (port) => {
      const connection = await webSocketConnection(port, { binary: true });
      return clientOf(connection, connection.socket);
    });
  },
};

/**
 * Milliseconds without a request after which a SockJS session is lost. The server notices a lost client of a polling receiver only by
 * this time; clients of other receivers can need long for their next request on a busy machine.
 */
const disconnectDelays: Readonly<Record<SockJsReceiver, number>> = {
  websocket: 30_000,
  xhr: 3000,
  xhr_streaming: 30_000,
  eventsource: 30_000,
  htmlfile: 30_000,
  jsonp: 3000,
};

/** The SockJS sessions that receive in one way. */
export function sockJs(receiver: SockJsReceiver): TransportSubject {
  return {
    open(context) {
      const transport = sockJsEndpointAt('/ws', {
        options: { disconnectDelay: disconnectDelays[receiver] },
      });
      return openOnHttp(context, transport, async (port) => {
        const connection = await sockJsConnection(port, receiver);
        return clientOf(connection, connection);
      });
    },
  };
}

/** Milliseconds in which an SSE client could continue its session: only then the server reports that it is lost. */
const sseDelay = { options: { disconnectDelay: 1000 } };

export const sse: TransportSubject = {
  open: (context) =>
    openOnHttp(context, sseEndpointAt('/ws', sseDelay), async (port) => {
      const connection = await sseConnection(http1Client(port));
      return clientOf(connection, connection);
    }),
};

export const sseOverHttp2: TransportSubject = {
  open(context) {
    const connect = async (port: number) => {
      const session = connectHttp2(`http://127.0.0.1:${port}`).on('error', () => {});
      const connection = await sseConnection(http2Client(session));
      void connection.closed.then(() => session.destroy());
      return clientOf(connection, connection);
    };
    const http = asHttpServer(createHttp2Server());
    return openOnHttp(context, sseEndpointAt('/ws', sseDelay), connect, http);
  },
};

/** Opens a transport on its own HTTP server. */
async function openOnHttp(
  context: TransportContext,
  transport: Transport,
  connect: (port: number) => Promise<TransportClient>,
  http: Server = createServer(),
): Promise<OpenedTransport> {
  await transport.open({ ...context, http: httpHostOf(http) });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  return {
    transport,
    connect: () => connect(port),
    async end() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

export const tcp: TransportSubject = { open: (context) => openTcp(context, {}, tcpConnection) };

/** Undefined when this machine cannot make a certificate. */
export function tls(): TransportSubject | undefined {
  const certificate = selfSigned();
  if (certificate === undefined) return undefined;
  const options = { host: '127.0.0.1', allowHalfOpen: true, rejectUnauthorized: false };
  return {
    open: (context) =>
      openTcp(context, { tls: certificate }, (port) =>
        socketConnection(connectSecurely({ ...options, port })),
      ),
  };
}

async function openTcp(
  context: TransportContext,
  options: Partial<TcpOptions>,
  dial: (port: number) => TcpClientConnection,
): Promise<OpenedTransport> {
  const transport = tcpTransport({ ...options, port: 0 });
  await transport.open(context);
  const { port } = transport.address()!;
  return {
    transport,
    async connect() {
      const connection = dial(port);
      const { socket } = connection;
      await once(socket, 'encrypted' in socket ? 'secureConnect' : 'connect');
      return clientOf(connection, {
        pause: () => void socket.pause(),
        resume: () => void socket.resume(),
        close: () => void socket.end(),
      });
    },
  };
}

/** @param parts the methods that differ between transports */
function clientOf(
  connection: ClientConnection,
  parts: Pick<TransportClient, 'pause' | 'resume' | 'close'>,
): TransportClient {
  let chunks: Uint8Array[] = [];
  let closed: TransportClient['closed'];
  connection.onData = (bytes) => void chunks.push(bytes);
  void connection.closed.then(({ code = 1000, reason = '' }) => (closed = { code, reason }));
  return {
    get received() {
      if (chunks.length !== 1) chunks = [Buffer.concat(chunks)];
      return chunks[0]!;
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
