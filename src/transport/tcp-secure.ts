// TLS for the TCP transport: sockets are handed on when their handshake is done, and those before it are looked after.
import type { Server, ServerOpts, Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { MessagingError } from '../message/error.js';

export interface SecureServer {
  readonly server: Server;
  /** Ends the sockets whose handshake is under way: nobody else knows of them. */
  abandonHandshakes(): void;
}

/** Milliseconds; a client that speaks no TLS and says nothing must not stay. */
const handshakeTimeout = 10_000;

/** Errors: `option-invalid` when `node:tls` refuses the options. */
export function secureServer(
  tls: TlsOptions,
  sockets: ServerOpts,
  accept: (socket: Socket) => void,
): SecureServer {
  const handshakes = new Map<string, Socket>();
  const server = create({ handshakeTimeout, ...tls, ...sockets });
  server.on('connection', (socket) => {
    const peer = peerOf(socket);
    handshakes.set(peer, socket);
    socket.once('close', () => handshakes.delete(peer));
  });
  server.on('secureConnection', (socket) => {
    handshakes.delete(peerOf(socket));
    accept(socket);
  });
  // A handshake that takes too long is told of here and otherwise left alone.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return {
    server,
    abandonHandshakes() {
      for (const socket of handshakes.values()) socket.destroy();
    },
  };
}

/** The same for a socket and for the TLS around it, which Node does not tell to belong together. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function create(options: TlsOptions & ServerOpts) {
  try {
    return createServer(options);
  } catch (error) {
    const { message } = error as Error;
    throw new MessagingError('option-invalid', `The option 'tls' cannot be used: ${message}`, {
      cause: error,
    });
  }
}
