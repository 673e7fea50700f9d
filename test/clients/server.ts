// A server for tests that send raw frames: the test moves its clock, and clients connect over one transport.
import type { AddressInfo } from 'node:net';
import { testClock, type TestClock } from 'signalbox/testing';
import { onTestFinished } from 'vitest';
import {
  createServer,
  memoryTransport,
  silentLogger,
  tcpTransport,
  type MemoryClientOptions,
  type MemoryTransport,
  type Server,
  type ServerOptions,
} from '../../src/index.js';
import {
  tcpConnection,
  webSocketConnection,
  type ClientConnection,
  type WebSocketClientOptions,
} from './connection.js';
import { connected, StompClient, type StompHeaders, type StompVersion } from './stomp.js';

export type TransportName = 'memory' | 'WebSocket text' | 'WebSocket binary' | 'TCP';

export interface RawServer {
  readonly server: Server;
  readonly clock: TestClock;
  readonly memory: MemoryTransport;
  /** Where the server listens for its transport; 0 in memory. */
  readonly port: number;
  /** A client that has not sent CONNECT. */
  client(): Promise<StompClient>;
  /** A connected client. */
  connect(version?: StompVersion, headers?: StompHeaders): Promise<StompClient>;
  /** A connected client with the subscription `s`. */
  subscriber(
    version: StompVersion,
    destination: string,
    headers?: StompHeaders,
  ): Promise<StompClient>;
}

/** Starts a server, which closes when the test has finished. */
export async function rawServer(
  transport: TransportName = 'memory',
  options: ServerOptions = {},
): Promise<RawServer> {
  const clock = testClock();
  const [memory, tcp] = [memoryTransport(), tcpTransport({ port: 0 })];
  const transports = transport === 'TCP' ? [memory, tcp] : [memory];
  const server = await createServer({ transports, clock, logger: silentLogger, ...options });
  const webSocket = transport.startsWith('WebSocket');
  await (webSocket ? server.listen(0) : server.start());
  const port = webSocket ? portOf(server) : (tcp.address()?.port ?? 0);
  const clients: StompClient[] = [];
  onTestFinished(async () => {
    for (const { connection } of clients) connection.vanish();
    await server.close();
  });

  async function client(): Promise<StompClient> {
    const opened = new StompClient(await openConnection(transport, { port, memory }));
    clients.push(opened);
    return opened;
  }
  async function connect(version: StompVersion = '1.2', headers: StompHeaders = {}) {
    return connected(await client(), { 'accept-version': version, ...headers });
  }
  return {
    server,
    clock,
    memory,
    port,
    client,
    connect,
    async subscriber(version, destination, headers) {
      const subscriber = await connect(version);
      await subscriber.subscribe('s', destination, headers);
      return subscriber;
    },
  };
}

export interface ServerAddress {
  readonly port: number;
  readonly memory: MemoryTransport;
  /** The certificate of a server that uses TLS. */
  readonly ca?: Buffer;
}

/** @param options of the WebSocket handshake; the memory transport uses its headers */
export async function openConnection(
  transport: TransportName,
  { port, memory, ca }: ServerAddress,
  options: WebSocketClientOptions & MemoryClientOptions = {},
): Promise<ClientConnection> {
  if (transport === 'memory') return memory.connect(options);
  if (transport === 'TCP') return tcpConnection(port, ca);
  const secure = ca === undefined ? {} : { ca, servername: 'localhost' };
  const binary = transport === 'WebSocket binary';
  return webSocketConnection(port, { ...options, ...secure, binary });
}

/** The port of a server that listens for HTTP. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
