// The client's end of a connection in bytes: in memory, over WebSocket as text or binary, and over TCP or TLS.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { WebSocket, type ClientOptions } from 'ws';

export interface ConnectionEnd {
  /** Undefined over TCP, which has no close codes. */
  readonly code?: number;
  readonly reason?: string;
}

/** Implemented by `MemoryClient`. */
export interface ClientConnection {
  /** Called with received bytes. */
  onData: ((bytes: Uint8Array) => void) | undefined;
  /** Resolves when the server has ended the connection, or it is lost. */
  readonly closed: Promise<ConnectionEnd>;
  send(bytes: Uint8Array | string): void;
  /** Ends the connection without a closing handshake. */
  vanish(): void;
}

export interface TcpClientConnection extends ClientConnection {
  readonly socket: Socket;
}

export interface WebSocketClientConnection extends ClientConnection {
  readonly socket: WebSocket;
}

/** @param socket TCP or TLS, connected or connecting */
export function socketConnection(socket: Socket): TcpClientConnection {
  socket.setNoDelay();
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  const connection: TcpClientConnection = {
    socket,
    onData: undefined,
    closed: new Promise((resolve) => {
      for (const end of ['end', 'close']) socket.on(end, () => resolve({}));
    }),
    send: (bytes) => void socket.write(bytes),
    vanish: () => socket.destroy(),
  };
  socket.on('data', (bytes: Buffer) => connection.onData?.(bytes));
  return connection;
}

/**
 * Stays open for answers after the client has ended its side.
 *
 * @param ca the certificate of a server that uses TLS
 */
export function tcpConnection(port: number, ca?: Buffer): TcpClientConnection {
  const address = { port, host: '127.0.0.1', allowHalfOpen: true };
  // The certificate is that of `localhost`.
  return socketConnection(
    ca === undefined ? connect(address) : connectTls({ ...address, ca, servername: 'localhost' }),
  );
}

export interface WebSocketClientOptions extends ClientOptions {
  readonly subprotocols?: readonly string[];
  /** Sends all bytes as binary messages. By default bytes that are valid UTF-8 are sent as text. */
  readonly binary?: boolean;
}

/**
 * A connection to the endpoint `/ws` of a server on this machine: open, or closed when the server has rejected it. With `ca`, the
 * certificate of the server, it uses TLS.
 */
export async function webSocketConnection(
  port: number,
  { subprotocols = [], binary = false, ...options }: WebSocketClientOptions = {},
): Promise<WebSocketClientConnection> {
  const scheme = options.ca === undefined ? 'ws' : 'wss';
  const socket = new WebSocket(`${scheme}://127.0.0.1:${port}/ws`, [...subprotocols], options);
  socket.on('error', () => {});
  const connection: WebSocketClientConnection = {
    socket,
    onData: undefined,
    closed: new Promise((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    ),
    send(bytes) {
      const data = Buffer.from(bytes as string);
      socket.send(binary || !isText(data) ? data : data.toString());
    },
    vanish: () => socket.terminate(),
  };
  socket.on('message', (bytes: Buffer) => connection.onData?.(bytes));
  await Promise.race([once(socket, 'open').catch(() => {}), connection.closed]);
  return connection;
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
}
