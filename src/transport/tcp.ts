// The transport for TCP and TLS sockets, for STOMP and JSON clients without WebSocket.
import { createServer, type AddressInfo, type ServerOpts, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type TlsOptions,
} from 'node:tls';
import type { Clock, Timer } from '../message/clock.js';
import { unframed } from '../message/encoded-frame.js';
import { closeCodes } from '../message/error.js';
import { noHeaders } from '../message/message.js';
import { checkShape, invalidOption, type Shape } from '../message/option.js';
import { defaultHost, hostRule, isHost, listen, logAddress, portOf } from './listen.js';
import { SocketWriter } from './socket-writer.js';
import { requireSecure, SecureServer, type BeginHandshake } from './tls.js';
import {
  closeTimeout,
  lostConnection,
  type Connection,
  type ConnectionListener,
  type Handshake,
  type Transport,
  type TransportContext,
} from './transport.js';

/** Options of the transport for TCP and TLS. */
export interface TcpOptions {
  /** The port to listen on; 0 means any free port, which `address` returns. STOMP clients expect 61613. */
  readonly port: number;
  /**
   * The address to listen on; `'0.0.0.0'` accepts clients on other machines.
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * Key, certificate and other options of `node:tls`. `handshakeTimeout` is
   * 10,000 milliseconds by default.
   *
   * @default none: connections are not encrypted
   */
  readonly tls?: TlsOptions;
}

/** The transport for TCP and TLS. */
export interface TcpTransport extends Transport {
  /** The address that the transport listens on; undefined while it does not listen. */
  address(): AddressInfo | undefined;
  /**
   * Replaces the certificate for connections that begin later. Open connections stay.
   *
   * @param tls key and certificate; other options of `tls` that are not given stay
   * @throws {MessagingError} `option-invalid` for a wrong certificate, which is then not used, and without the option `tls`
   */
  renewCertificate(tls: SecureContextOptions): void;
}

const shape: Shape<TcpOptions> = { port: undefined, host: '', tls: {} };

const socketOptions: ServerOpts = {
  // The frames of a turn leave in one write, so there is nothing to wait for.
  noDelay: true,
  // Without heart-beats, the operating system detects lost clients.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

/**
 * Creates a transport for the option `transports` of a server. Each socket is a session; its first byte decides which of
 * the server's protocols it uses.
 *
 * Opening it fails with `listen-failed` when the port or the address cannot be used.
 * @throws {MessagingError} `option-invalid` for an unknown name or another type, and when `node:tls` rejects its options
 * @example
 * ```ts
 * const server = await createServer({ transports: [tcpTransport({ port: 61613 })] });
 * ```
 */
export function tcpTransport(options: TcpOptions): TcpTransport {
  checkShape('', options, shape);
  const { port, host = defaultHost, tls } = options;
  if (portOf(port) === undefined)
    throw invalidOption('port', 'must be a whole number from 0 to 65535');
  if (!isHost(host)) throw invalidOption('host', `must be ${hostRule}`);
  let context: TransportContext | undefined;
  const accept = (socket: Socket): void => {
    // The transport may have been closed since the socket arrived.
    if (context === undefined || context.gate.refusal(socket.remoteAddress) !== undefined)
      socket.destroy();
    else context.accept(new TcpConnection(socket, context.clock));
  };
  const begin: BeginHandshake = ({ remoteAddress }) =>
    context?.gate.refusal(remoteAddress) === undefined
      ? context?.gate.begin(remoteAddress)
      : undefined;
  const secure =
    tls &&
    new SecureServer(tls, begin, (checked) => createTlsServer({ ...checked, ...socketOptions }));
  secure?.server.on('secureConnection', accept);
  const server = secure?.server ?? createServer(socketOptions, accept);
  return {
    name: `${secure === undefined ? 'tcp' : 'tls'} ${host}:${port}`,
    async open(given) {
      await listen(server, port, host);
      logAddress(server, given.logger, `tcpTransport({ port: ${port}, host: '0.0.0.0' })`);
      secure?.logExpiry(given.clock, given.logger);
      context = given;
    },
    close() {
      context = undefined;
      server.close();
      secure?.abandonHandshakes();
    },
    address() {
      // A string only for Unix sockets, which this transport does not use.
      return (server.address() as AddressInfo | null) ?? undefined;
    },
    renewCertificate(given) {
      requireSecure(secure).renewCertificate(given);
    },
  };
}

/** One client on a TCP or TLS socket. Exported for the stress program, which counts its instances. @public */
export class TcpConnection implements Connection {
  readonly handshake: Handshake;
  readonly framing = unframed;
  readonly wholeMessages = false;
  readonly #writer: SocketWriter;
  #listener: ConnectionListener | undefined;
  /** Code and reason of a `close` by the server; TCP does not send them to the client. */
  #closing: { readonly code: number; readonly reason: string } | undefined;
  #closeTimer: Timer | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
  ) {
    // A client that has ended its side still receives its answers. Not an option of a TLS server: its socket would stay open when a
    // client leaves during the handshake.
    socket.allowHalfOpen = true;
    this.handshake = handshakeOf(socket);
    this.#writer = new SocketWriter(socket, () => this.#listener?.drained());
    socket.on('data', (chunk) => this.#listener?.data(chunk));
    socket.on('end', () => this.#listener?.ended(closeCodes.normal, ''));
    // Without this listener an error would end the process; `close` follows it.
    socket.on('error', () => {});
    socket.on('close', this.#onClose);
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes;
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    if (this.socket.writable) this.#writer.write(bytes);
  }

  /** TCP has no pings that this process can send; the protocol's heart-beats and TCP's keep-alive replace them. */
  ping(): boolean {
    return false;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(code: number, reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = { code, reason };
    // With unread data, the system would reset the connection, and the client would lose the last frames.
    this.socket.resume();
    this.socket.end();
    this.#closeTimer = this.clock.after(closeTimeout, () => this.terminate());
  }

  terminate(): void {
    this.socket.destroy();
  }

  readonly #onClose = (): void => {
    this.#closeTimer?.cancel();
    const { code, reason } = this.#closing ?? lostConnection;
    this.#listener?.closed(code, reason);
  };
}

function handshakeOf(socket: Socket): Handshake {
  return {
    url: '',
    headers: noHeaders,
    remoteAddress: socket.remoteAddress,
    subprotocol: undefined,
    secure: 'encrypted' in socket,
    principal: undefined,
  };
}
