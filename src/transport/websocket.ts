// The WebSocket transport: `ws` does the handshake, reads and closes; frames of the server are written to the socket directly.
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws';
import type { Framing } from '../message/encoded-frame.js';
import { closeCodes, MessagingError } from '../message/error.js';
import { LimitedLog } from '../message/limited-log.js';
import { closeCodeOf, isSendable, truncateReason } from './close-frame.js';
import type { ClientReader, RequestClient } from './forwarded.js';
import {
  handshakeOf,
  handshakeRequest,
  refusalOf,
  type HandshakeCheck,
  type HandshakeDecision,
  type HandshakeRefusal,
} from './handshake.js';
import { dividedSocket, FrameDivider, TextParts } from './message-parts.js';
import { rejectUpgrade, upgradeRequired, type UpgradeListener } from './http-host.js';
import { refusedOrigin, type OriginCheck } from './origin.js';
import {
  acceptsDeflated,
  wsDeflateOptions,
  type PerMessageDeflateOptions,
} from './permessage-deflate.js';
import { SocketWriter } from './socket-writer.js';
import {
  closeTimeout,
  tooLargeReason,
  tooLargeText,
  type Connection,
  type ConnectionListener,
  type Handshake,
  type Transport,
  type TransportContext,
} from './transport.js';
import { deflatedFraming, plainFraming } from './websocket-frame.js';

export interface WebSocketOptions {
  /** The path of the endpoint, without query; it may have variables, such as `/rooms/{room}`. */
  readonly path: string;
  /** Chooses the subprotocol of the answer; undefined for none. */
  readonly subprotocol: (offered: ReadonlySet<string>) => string | undefined;
  readonly origin: OriginCheck;
  /** Reads the address of the client, which trusted proxies report. */
  readonly client: ClientReader;
  /** Undefined when messages are not compressed. */
  readonly deflate?: PerMessageDeflateOptions | undefined;
  /** Asks the application before a client is accepted. */
  readonly check?: HandshakeCheck | undefined;
  /** Delivers messages in parts of at most so many bytes; only without `deflate`. Undefined delivers whole messages. */
  readonly maxPartBytes?: number | undefined;
}

/** Creates a transport for one endpoint. Opening it fails with `listen-failed` when the server has no HTTP server. */
export function webSocketTransport(options: WebSocketOptions): Transport {
  const { path, origin, client, check } = options;
  let close: (() => void) | undefined;
  return {
    name: `websocket ${path}`,
    open(context) {
      const { http } = context;
      if (http === undefined)
        throw new MessagingError(
          'listen-failed',
          `The WebSocket endpoint '${path}' needs an HTTP server.`,
        );
      const upgrade = upgradeOf(context, options);
      const decided = check && new DecidedUpgrades(check, upgrade, context);
      const refusedOrigins = new LimitedLog(context.clock, context.logger, 'warn');
      const release = http.claimUpgrades(path, (request, socket, head) => {
        const sender = client(request);
        const refusal =
          requestRefusal(request, sender, origin, refusedOrigins) ??
          refusalOf(sender, context.gate);
        if (refusal !== undefined) return refuse(socket, refusal);
        if (decided === undefined) upgrade(request, socket, head, sender);
        else void decided.add(request, socket, head, sender);
      });
      close = () => {
        release();
        decided?.close();
      };
    },
    close: () => close?.(),
  };
}

/** Answers a valid request with 101 and starts a session. False when `ws` has refused the request, with 400. */
type Upgrade = (
  ...request: [...Parameters<UpgradeListener>, RequestClient, HandshakeDecision?]
) => boolean;

function upgradeOf(context: TransportContext, options: WebSocketOptions): Upgrade {
  const { deflate, maxPartBytes } = options;
  const { maxMessageBytes } = context.limits;
  const deflated = deflate && deflatedFraming(deflate);
  /** The choice of the application for the request that `ws` answers at the moment. */
  let chosen: string | undefined;
  const server = new WebSocketServer({
    ...serverOptions(maxPartBytes ?? maxMessageBytes, deflate),
    handleProtocols: (offered) => chosen ?? options.subprotocol(offered) ?? false,
  });
  return (request, socket, head, sender, decision) => {
    let accepted = false;
    chosen = decision?.subprotocol;
    let [stream, early] = [socket, head];
    let parts: FrameDivider | undefined;
    if (maxPartBytes !== undefined) {
      parts = new FrameDivider({ maxPartBytes, maxMessageBytes });
      socket.unshift(head);
      [stream, early] = [dividedSocket(socket, parts), nothing];
    }
    server.handleUpgrade(request, stream, early, (webSocket) => {
      accepted = true;
      const subprotocol = webSocket.protocol === '' ? undefined : webSocket.protocol;
      const handshake = handshakeOf(request, sender, decision, subprotocol);
      const { 'sec-websocket-extensions': offers } = request.headers;
      const compresses = webSocket.extensions !== '' && acceptsDeflated(offers);
      const framing = (compresses && deflated) || plainFraming;
      context.accept(
        new WebSocketConnection(webSocket, socket, handshake, framing, parts, maxMessageBytes),
      );
    });
    return accepted;
  };
}

/**
 * The requests about which the application has not decided. Node has stopped to read from their sockets, so early bytes of the
 * clients wait there.
 */
class DecidedUpgrades {
  readonly #waiting = new Set<Duplex>();

  constructor(
    private readonly check: HandshakeCheck,
    private readonly upgrade: Upgrade,
    private readonly context: TransportContext,
  ) {}

  async add(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    sender: RequestClient,
  ): Promise<void> {
    this.#waiting.add(socket);
    const release = this.context.gate.begin(sender.address);
    const decision = await this.check(handshakeRequest(request, sender));
    release();
    decision.answered(this.#answer(request, socket, head, sender, decision));
  }

  /** The transport closes: all waiting requests are answered. */
  close(): void {
    for (const socket of this.#waiting) rejectUpgrade(socket, 503);
    this.#waiting.clear();
  }

  /** Returns the status of the answer; undefined when the client has left. */
  #answer(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    sender: RequestClient,
    decision: HandshakeDecision,
  ): number | undefined {
    if (!this.#waiting.delete(socket)) return 503;
    if (socket.destroyed) return undefined;
    const { refusal } = decision;
    if (refusal !== undefined) {
      refuse(socket, refusal);
      return refusal.status;
    }
    return this.upgrade(request, socket, head, sender, decision) ? 101 : 400;
  }
}

const nothing = Buffer.alloc(0);

/** @param maxBytes of one message, or of one part */
function serverOptions(
  maxBytes: number,
  deflate: PerMessageDeflateOptions | undefined,
): ServerOptions & { readonly closeTimeout: number } {
  return {
    noServer: true,
    perMessageDeflate: deflate !== undefined && wsDeflateOptions,
    clientTracking: false,
    // The connection checks UTF-8, so that frames before an invalid message are still processed.
    skipUTF8Validation: true,
    // The connection answers pings: `ws` would end the connection without a close code at 60 pings in one read.
    autoPong: false,
    // `ws` emits one event in each turn of the event loop, and the connection allows it more.
    allowSynchronousEvents: false,
    // Counts the bytes after inflation; a message is not inflated beyond it.
    maxPayload: maxBytes,
    ...pieceLimits(maxBytes),
    closeTimeout,
  };
}

/**
 * Limits for the pieces of one message, which cost more than their bytes: a read of one byte takes about 300 bytes of memory,
 * and a fragment keeps the whole read that contains it.
 */
function pieceLimits(maxMessageBytes: number) {
  return {
    // A full TCP segment has at least 536 bytes. `ws` removes reads from the front of a list, which takes seconds of CPU when the
    // list has more than 16,384.
    maxBufferedChunks: between(1024, maxMessageBytes / 512, 16_384),
    // Clients that split messages do so at 4,096 bytes or more.
    maxFragments: between(128, maxMessageBytes / 2048, 16_384),
  };
}

function between(least: number, value: number, most: number): number {
  return Math.min(Math.max(least, Math.ceil(value)), most);
}

function refuse(socket: Duplex, { status, headers, body }: HandshakeRefusal): void {
  rejectUpgrade(socket, status, headers, body);
}

/** Checks the origin, and the cases that `ws` answers differently from RFC 6455 section 4.2 and Spring's handshake handler. */
function requestRefusal(
  request: IncomingMessage,
  client: RequestClient,
  isAllowed: OriginCheck,
  log: LimitedLog,
): HandshakeRefusal | undefined {
  const { method, headers, httpVersionMajor, httpVersionMinor } = request;
  if (method !== 'GET') return { status: 405, headers: { Allow: 'GET' } };
  const isOld = httpVersionMajor === 1 && httpVersionMinor === 0;
  if (isOld || headers.host === undefined) return { status: 400 };
  if (headers['sec-websocket-version'] !== '13') return { status: 426, headers: upgradeRequired };
  const { host, scheme } = client;
  if (isAllowed({ origin: headers.origin, host, scheme })) return undefined;
  log.write(refusedOrigin(request, client));
  return { status: 403 };
}

/**
 * Messages, pings and pongs of one connection in one turn of the event loop. A read can contain 10,000 of them, which take about 10
 * milliseconds.
 */
const eventsPerTurn = 128;

/**
 * The reader of `ws`. With its option `allowSynchronousEvents`, it emits all events of a read in one turn, and without it one event
 * in a turn, which is too slow. No public interface changes the option later. If a version of `ws` has no such field, the connection
 * is slow, not unlimited.
 */
interface WebSocketReader {
  _allowSynchronousEvents: boolean;
  /** Reads the frames in the bytes that have arrived, and calls `done`. Called again after each message that was inflated. */
  startLoop?(done: (error?: Error) => void): void;
  /** Adds a listener for a close frame of the client, which runs before `ws` answers with the same code. */
  prependListener(event: 'conclude', listener: (code: number, reason: Buffer) => void): unknown;
  /** Adds a listener for data that cannot be read, which runs before `ws` closes without a reason. */
  prependListener(event: 'error', listener: (error: Error) => void): unknown;
}

/** Frames of a read that `ws` has not read, because the connection is paused. */
interface UnreadFrames {
  read(): void;
  /** `ws` reports the end of the connection only after it. */
  drop(): void;
}

class WebSocketConnection implements Connection {
  // The fields that each write reads come first, to share a cache line.
  readonly #webSocket: WebSocket;
  readonly #writer: SocketWriter;
  readonly wholeMessages = true;
  #listener: ConnectionListener | undefined;
  /** True after a text message that is not UTF-8; later messages are ignored. */
  #rejected = false;
  /** The code that `ws` has sent because it could not read the client's data. */
  #failed: number | undefined;
  /** The reason that was sent with this code. */
  #reason: string | undefined;
  /** True while a pong has not left this process. */
  #answering = false;
  /** The data of the latest ping that waits for an earlier pong. */
  #latestPing: Buffer | undefined;
  readonly #reader: WebSocketReader | undefined;
  /** Set while a text message arrives in parts. */
  #text: TextParts | undefined;
  /** Events since `ws` last waited for a turn. */
  #events = 0;
  #paused = false;
  /** Compressed frames that have arrived while paused. */
  #unread: UnreadFrames | undefined;

  constructor(
    webSocket: WebSocket,
    socket: Duplex,
    readonly handshake: Handshake,
    readonly framing: Framing,
    /** Undefined when messages arrive as a whole. */
    private readonly parts: FrameDivider | undefined,
    private readonly maxMessageBytes: number,
  ) {
    this.#webSocket = webSocket;
    this.#writer = new SocketWriter(socket, () => this.#listener?.drained());
    this.#reader = (webSocket as { readonly _receiver?: WebSocketReader })._receiver;
    if (this.#reader !== undefined) {
      this.#reader._allowSynchronousEvents = true;
      this.#reader.prependListener('conclude', this.#onCloseFrame);
      this.#reader.prependListener('error', this.#onUnreadable);
      if (webSocket.extensions !== '') this.#stopReadingWhilePaused(this.#reader);
    }
    webSocket.binaryType = 'nodebuffer';
    webSocket.on('error', this.#onError);
    webSocket.on('message', this.#onMessage);
    webSocket.on('ping', this.#onPing);
    webSocket.on('pong', this.#onPong);
    webSocket.on('close', this.#onClose);
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes;
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    // The state changes in the same call that writes the close frame, and nothing may follow that frame.
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#writer.write(bytes);
  }

  ping(): boolean {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.ping();
    return true;
  }

  pause(): void {
    this.#paused = true;
    this.#webSocket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#webSocket.resume();
    this.#takeUnread()?.read();
  }

  close(code: number, reason: string): void {
    // While paused, `ws` would not read the client's close frame.
    this.resume();
    if (isSendable(code)) this.#webSocket.close(code, truncateReason(reason));
    else this.#webSocket.close();
  }

  terminate(): void {
    this.#webSocket.terminate();
    this.#takeUnread()?.drop();
  }

  /** `ws` pauses only the socket, and would inflate all messages of a read, whose bytes can be 1,000 times those of the read. */
  #stopReadingWhilePaused(reader: WebSocketReader): void {
    const startLoop = reader.startLoop?.bind(reader);
    if (startLoop === undefined) return;
    reader.startLoop = (done) => {
      if (this.#paused) this.#unread = { read: () => startLoop(done), drop: done };
      else startLoop(done);
    };
  }

  #takeUnread(): UnreadFrames | undefined {
    const unread = this.#unread;
    this.#unread = undefined;
    return unread;
  }

  /**
   * Counts an event: after a number of them, the next one is emitted in a later turn. The count does not end with a turn, because one
   * wait for 128 events takes less time than to detect the end of a turn.
   */
  #countEvent(): void {
    const more = ++this.#events < eventsPerTurn;
    if (!more) this.#events = 0;
    if (this.#reader !== undefined) this.#reader._allowSynchronousEvents = more;
  }

  readonly #onMessage = (data: Buffer | ArrayBuffer | Buffer[], binary: boolean): void => {
    this.#countEvent();
    if (this.#rejected) return;
    const bytes = data as Buffer;
    if (this.parts !== undefined) return this.#receivePart(bytes, binary, this.parts.takeEnd());
    if (binary || isUtf8(bytes)) return this.#listener?.data(bytes, binary);
    this.#rejectText();
  };

  #receivePart(bytes: Uint8Array, binary: boolean, ends: boolean): void {
    if (binary) return this.#listener?.data(bytes, true, !ends);
    this.#text ??= new TextParts();
    const part = this.#text.push(bytes, ends);
    if (part === undefined) return this.#rejectText();
    if (ends) this.#text = undefined;
    if (ends || part.length > 0) this.#listener?.data(part, false, !ends);
  }

  /** Messages before it are still processed. */
  #rejectText(): void {
    this.#rejected = true;
    this.#listener?.ended(closeCodes.invalidData, 'text-invalid');
  }

  /** A message above the limit ends the input with a reason, and the session logs it. */
  readonly #onUnreadable = (error: Error): void => {
    if (closeCodeOf(error) !== closeCodes.tooBig) return;
    this.#reason = tooLargeReason;
    this.#webSocket.close(closeCodes.tooBig, tooLargeReason);
    this.#listener?.ended(closeCodes.tooBig, tooLargeReason, tooLargeText(this.maxMessageBytes));
  };

  /** `ws` has already sent a close frame with this code, but reports 1006 if the client does not answer it. */
  readonly #onError = (error: Error): void => {
    this.#failed ??= closeCodeOf(error);
  };

  /**
   * One pong may answer several pings (RFC 6455 section 5.5.3). So pings that arrive together, or of a client that does not read, need
   * neither memory nor a limit.
   */
  readonly #onPing = (data: Buffer): void => {
    this.#countEvent();
    // A copy, because a view would keep the whole read.
    if (this.#answering) this.#latestPing = Buffer.from(data);
    else this.#answer(data);
  };

  #answer(data: Buffer): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#answering = true;
    this.#webSocket.pong(data, false, this.#onAnswered);
  }

  readonly #onAnswered = (): void => {
    this.#answering = false;
    const latest = this.#latestPing;
    this.#latestPing = undefined;
    if (latest !== undefined) this.#answer(latest);
  };

  readonly #onPong = (): void => {
    this.#countEvent();
    this.#listener?.ponged();
  };

  readonly #onCloseFrame = (_code: number, reason: Buffer): void => {
    if (isUtf8(reason)) return;
    this.#failed ??= closeCodes.invalidData;
    this.#webSocket.close(closeCodes.invalidData);
  };

  readonly #onClose = (code: number, reason: Buffer): void => {
    this.#listener?.closed(this.#failed ?? code, this.#reason ?? reason.toString());
  };
}
