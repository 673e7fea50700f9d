// WebSocket on `ws`: its handshake, its reader and its rules; our own frames written raw beside it.
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket, type ServerOptions } from 'ws';
import type { Clock } from '../message/clock.js';
import type { EncodedFrame, Framing } from '../message/encoded-frame.js';
import { closeCode } from '../message/error.js';
import type { OriginCheck } from './origin.js';
import type {
  Acceptor,
  Connection,
  ConnectionListener,
  Handshake,
  Transport,
} from './transport.js';
import { claimUpgrade, refuseUpgrade, type HttpHost } from './upgrade.js';

export interface WebSocketOptions {
  readonly path: string;
  readonly http: HttpHost;
  /** The subprotocol to answer; undefined for none. */
  readonly subprotocol: (offered: ReadonlySet<string>) => string | undefined;
  readonly origin: OriginCheck;
  /** Octets of one WebSocket message; a larger one closes with 1009. */
  readonly maxMessageSize: number;
  readonly clock: Clock;
}

/** How long a client may take to answer a close. */
const closeWithin = 1000;

export function webSocketTransport(options: WebSocketOptions): Transport {
  const { path, http, subprotocol, origin, maxMessageSize, clock } = options;
  const limits: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    // Text is checked here, so that frames before an invalid message still count.
    skipUTF8Validation: true,
    maxPayload: maxMessageSize,
    handleProtocols: (offered) => subprotocol(offered) ?? false,
    closeTimeout: closeWithin,
  };
  const server = new WebSocketServer(limits);
  let release: (() => void) | undefined;
  return {
    name: `websocket ${path}`,
    open(acceptor) {
      release = claimUpgrade(http, path, (request, socket, head) => {
        if (!origin(originFacts(request))) return refuseUpgrade(socket, 403);
        server.handleUpgrade(request, socket, head, (webSocket) =>
          accept(webSocket, socket, request, acceptor, clock),
        );
      });
    },
    close: () => release?.(),
  };
}

function accept(
  webSocket: WebSocket,
  socket: Duplex,
  request: IncomingMessage,
  acceptor: Acceptor,
  clock: Clock,
): void {
  const connection = new WebSocketConnection(
    webSocket,
    socket,
    handshakeOf(webSocket, request),
    clock,
  );
  try {
    acceptor(connection);
  } catch {
    webSocket.close(closeCode.internalError);
  }
}

function originFacts({ headers, socket }: IncomingMessage) {
  return {
    origin: headers.origin,
    host: headers.host,
    forwardedHost: first(headers['x-forwarded-host']),
    forwardedProto: first(headers['x-forwarded-proto']),
    remoteAddress: socket.remoteAddress,
  };
}

/** The first of a list: what the proxy nearest to the client was asked for. */
function first(header: string | string[] | undefined): string | undefined {
  return (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim();
}

function handshakeOf(
  webSocket: WebSocket,
  { url = '/', headers, socket }: IncomingMessage,
): Handshake {
  const copied = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) copied.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return {
    url,
    headers: copied,
    remoteAddress: socket.remoteAddress,
    subprotocol: webSocket.protocol === '' ? undefined : webSocket.protocol,
    secure: 'encrypted' in socket,
    principal: undefined,
  };
}

const finalText = 0x81;
const finalBinary = 0x82;

/** RFC 6455 section 5.2: a whole message in one unmasked frame. */
const framing: Framing = {
  frame({ bytes, binary }: EncodedFrame): Uint8Array {
    const { length } = bytes;
    const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    const frame = Buffer.allocUnsafeSlow(head + length);
    frame[0] = binary ? finalBinary : finalText;
    if (head === 2) frame[1] = length;
    else if (head === 4) {
      frame[1] = 126;
      frame.writeUInt16BE(length, 2);
    } else {
      frame[1] = 127;
      frame.writeBigUInt64BE(BigInt(length), 2);
    }
    frame.set(bytes, head);
    return frame;
  },
};

class WebSocketConnection implements Connection {
  readonly framing = framing;
  #listener: ConnectionListener | undefined;
  #refused = false;

  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: Duplex,
    readonly handshake: Handshake,
    private readonly clock: Clock,
  ) {
    webSocket.binaryType = 'nodebuffer';
    // ws closes by itself with the right code; `close` tells us.
    webSocket.on('error', () => {});
    webSocket.on('message', this.#onMessage);
    webSocket.on('pong', this.#onPong);
    webSocket.on('close', this.#onClose);
    socket.on('drain', this.#onDrain);
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    // Its state changes synchronously with its close frame, behind which nothing may be written.
    if (this.webSocket.readyState === this.webSocket.OPEN) this.socket.write(bytes);
  }

  ping(): boolean {
    if (this.webSocket.readyState === this.webSocket.OPEN) this.webSocket.ping();
    return true;
  }

  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }

  close(code: number, reason: string): void {
    // A paused reader would never see the client's answer.
    this.webSocket.resume();
    this.webSocket.close(code, reason);
    this.clock.after(closeWithin, () => this.webSocket.terminate());
  }

  terminate(): void {
    this.webSocket.terminate();
  }

  readonly #onMessage = (data: Buffer | ArrayBuffer | Buffer[], binary: boolean): void => {
    if (this.#refused) return;
    const octets = data as Buffer;
    if (binary || isUtf8(octets)) return this.#listener?.data(octets);
    this.#refused = true;
    this.#listener?.ended(closeCode.invalidData, 'text-invalid');
  };

  readonly #onPong = (): void => this.#listener?.ponged();

  readonly #onDrain = (): void => this.#listener?.drained();

  readonly #onClose = (code: number, reason: Buffer): void => {
    this.socket.off('drain', this.#onDrain);
    this.#listener?.closed(code, reason.toString());
  };
}
