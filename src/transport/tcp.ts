// TCP and TLS on a port of their own, for clients that speak STOMP or JSON without WebSocket around it.
import { createServer, type AddressInfo, type ServerOpts, type Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { systemClock, type Clock } from '../message/clock.js';
import { listen } from './listening.js';
import { TcpConnection } from './tcp-connection.js';
import { secureServer } from './tcp-secure.js';
import type { Acceptor, Transport } from './transport.js';

export interface TcpOptions {
  /** Where to listen; 0 is any free port, which `address` tells. 61613 is what STOMP clients expect. */
  readonly port: number;
  /** The address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /**
   * Key, certificate and whatever else `node:tls` takes; without it octets travel in the open. `handshakeTimeout`
   * is 10,000 milliseconds by default.
   */
  readonly tls?: TlsOptions;
  /** Default: the system's. */
  readonly clock?: Clock;
}

export interface TcpTransport extends Transport {
  /** Where it listens; undefined while it does not. */
  address(): AddressInfo | undefined;
}

const socketOptions: ServerOpts = {
  // A client that has ended its side still gets its answers.
  allowHalfOpen: true,
  // Frames of a turn leave in one write: there is nothing to wait for.
  noDelay: true,
  // Machines that are gone without a word are found out by the system, where no heart-beats were agreed.
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

/**
 * A transport for the `transports` of a server; each socket is a session. It speaks whichever of the server's protocols the
 * first octet means. Errors: `option-invalid` when `node:tls` refuses its options; when it opens, `listen-failed`.
 */
export function tcpTransport(options: TcpOptions): TcpTransport {
  const { port, host = '127.0.0.1', tls, clock = systemClock } = options;
  let acceptor: Acceptor | undefined;
  const accept = (socket: Socket): void => {
    try {
      // Closed meanwhile, it takes nobody.
      if (acceptor === undefined) socket.destroy();
      else acceptor(new TcpConnection(socket, clock));
    } catch {
      socket.destroy();
    }
  };
  const secure = tls && secureServer(tls, socketOptions, accept);
  const server = secure?.server ?? createServer(socketOptions, accept);
  return {
    name: `${secure === undefined ? 'tcp' : 'tls'} ${host}:${port}`,
    async open(given) {
      await listen(server, port, host);
      acceptor = given;
    },
    close() {
      acceptor = undefined;
      server.close();
      secure?.abandonHandshakes();
    },
    address() {
      // Never text: that is where servers on a Unix socket listen.
      return (server.address() as AddressInfo | null) ?? undefined;
    },
  };
}
