// WebSocket on `ws`: its handshake, its reader and its rules; our own frames written raw beside it.
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import type { EncodedFrame, Framing } from '../message/encoded-frame.js';
import { closeCodes } from '../message/error.js';
import { closedWith, cutReason, isSendable } from './close-frame.js';
import type { OriginCheck } from './origin.js';
import { Outlet } from './outlet.js';
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
}

/** Milliseconds that a client may take to answer a close, before `ws` destroys the socket. */
const closeTimeout = 1000;

export function webSocketTransport(options: WebSocketOptions): Transport {
  const { path, http, subprotocol, origin, maxMessageSize } = options;
  const limits: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    // Text is checked here, so that frames before an invalid message still count.
    skipUTF8Validation: true,
    maxPayload: maxMessageSize,
    // A message in very many pieces costs more than its octets.
    maxBufferedChunks: 1024,
    maxFragments: 128,
    handleProtocols: (offered) => subprotocol(offered) ?? false,
    closeTimeout: closeTimeout,
  };
  const server = new WebSocketServer(limits);
  let release: (() => void) | undefined;
  return {
    name: `websocket ${path}`,
    open(acceptor) {
      release = claimUpgrade(http, path, (request, socket, head) => {
        const refusal = refusalOf(request, origin);
        if (refusal !== undefined) return refuseUpgrade(socket, refusal.status, refusal.headers);
        server.handleUpgrade(request, socket, head, (webSocket) =>
          accept(webSocket, socket, request, acceptor),
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
): void {
  const connection = new WebSocketConnection(webSocket, socket, handshakeOf(webSocket, request));
  try {
    acceptor(connection);
  } catch {
    webSocket.close(closeCodes.internalError);
  }
}

interface HandshakeRefusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What `ws` would answer differently from RFC 6455 section 4.2 and Spring's handshake handler, and the origin. */
function refusalOf(request: IncomingMessage, origin: OriginCheck): HandshakeRefusal | undefined {
  if (request.method !== 'GET') return { status: 405, headers: { Allow: 'GET' } };
  if (request.headers['sec-websocket-version'] !== '13') {
    return { status: 426, headers: { 'Sec-WebSocket-Version': '13' } };
  }
  return origin(originFacts(request)) ? undefined : { status: 403 };
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

/** What says nothing of the client, and would be kept for as long as it is there. */
const ofTheUpgrade = /^(?:connection|upgrade|sec-websocket-.*)$/;

function handshakeOf(
  webSocket: WebSocket,
  { url = '/', headers, socket }: IncomingMessage,
): Handshake {
  const copied = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ofTheUpgrade.test(name)) continue;
    copied.set(name, Array.isArray(value) ? value.join(', ') : value);
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
  // What a write touches stands first.
  readonly #webSocket: WebSocket;
  readonly #outlet: Outlet;
  readonly framing = framing;
  readonly messages = true;
  #listener: ConnectionListener | undefined;
  #refused = false;
  /** The code that `ws` closed with, having met what it cannot read. */
  #failed: number | undefined;

  constructor(
    webSocket: WebSocket,
    socket: Duplex,
    readonly handshake: Handshake,
  ) {
    this.#webSocket = webSocket;
    this.#outlet = new Outlet(socket, () => this.#listener?.drained());
    webSocket.binaryType = 'nodebuffer';
    webSocket.on('error', this.#onError);
    webSocket.on('message', this.#onMessage);
    webSocket.on('pong', this.#onPong);
    webSocket.on('close', this.#onClose);
  }

  get bufferedBytes(): number {
    return this.#outlet.bufferedBytes;
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    // Its state changes synchronously with its close frame, behind which nothing may be written.
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#outlet.write(bytes);
  }

  ping(): boolean {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.ping();
    return true;
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  close(code: number, reason: string): void {
    // A paused reader would never see the client's answer.
    this.#webSocket.resume();
    if (isSendable(code)) this.#webSocket.close(code, cutReason(reason));
    else this.#webSocket.close();
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  readonly #onMessage = (data: Buffer | ArrayBuffer | Buffer[], binary: boolean): void => {
    if (this.#refused) return;
    const octets = data as Buffer;
    if (binary || isUtf8(octets)) return this.#listener?.data(octets);
    this.#refused = true;
    this.#listener?.ended(closeCodes.invalidData, 'text-invalid');
  };

  /** ws has closed by then, with this code, but tells of 1006 when the client has not answered. */
  readonly #onError = (error: Error): void => {
    this.#failed ??= closedWith(error);
  };

  readonly #onPong = (): void => this.#listener?.ponged();

  readonly #onClose = (code: number, reason: Buffer): void => {
    this.#listener?.closed(this.#failed ?? code, reason.toString());
  };
}
