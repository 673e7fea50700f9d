// A server for tests that send raw frames: the test moves its clock, and clients connect over one transport.
import type { AddressInfo } from 'node:net';
import { testClock } from 'signalbox/testing';
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

export const transportNames = ['memory', 'WebSocket text', 'WebSocket binary', 'TCP'] as const;
export type TransportName = (typeof transportNames)[number];

export type RawServer = Awaited<ReturnType<typeof rawServer>>;

/** Starts a server, which closes when the test has finished. */
export async function rawServer(transport: TransportName = 'memory', options: ServerOptions = {}) {
  const clock = testClock();
  const [memory, tcp] = [memoryTransport(), tcpTransport({ port: 0 })];
  const transports = transport === 'TCP' ? [memory, tcp] : [memory];
  const server = await createServer({ transports, clock, logger: silentLogger, ...options });
  const webSocket = transport.startsWith('WebSocket');
  await (webSocket ? server.listen(0) : server.start());
  /** Where the server listens for its transport; 0 in memory. */
  const port = webSocket ? portOf(server) : (tcp.address()?.port ?? 0);
  const clients: StompClient[] = [];
  onTestFinished(async () => {
    for (const { connection } of clients) connection.vanish();
    await server.close();
  });

  /** A client that has not sent CONNECT. */
  async function client(): Promise<StompClient> {
    const opened = new StompClient(await openConnection(transport, { port, memory }));
    clients.push(opened);
    return opened;
  }
  /** A connected client. */
  async function connect(version: StompVersion = '1.2', headers: StompHeaders = {}) {
    return connected(await client(), { 'accept-version': version, ...headers });
  }
  /** A connected client with the subscription `s`. */
  async function subscriber(version: StompVersion, destination: string, headers?: StompHeaders) {
    const subscribed = await connect(version);
    await subscribed.subscribe('s', destination, headers);
    return subscribed;
  }
  return { server, clock, memory, port, client, connect, subscriber };
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
