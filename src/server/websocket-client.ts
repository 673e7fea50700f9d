// One client of a WebSocket handler, from its connection to its end: everything that belongs to its session, and the calls of the handler.
import type { AnyHandler, WebSocketRoute } from '../controller/compile-websocket-handler.js';
import type { Clock } from '../message/clock.js';
import { EncodedFrame } from '../message/encoded-frame.js';
import { closeCodes, MessagingError } from '../message/error.js';
import type { ClientFrame, ConnectFrame, Malformed, SendFrame } from '../message/frame.js';
import type { Ids } from '../message/ids.js';
import type { Logger } from '../message/logger.js';
import { noHeaders, type Headers, type Principal } from '../message/message.js';
import { isPromise, requireResult, settledInTime } from '../message/promise.js';
import type { Holding } from '../message/quota.js';
import { constantMap } from '../message/read-only.js';
import { asBuffer } from '../payload/bytes.js';
import type { Activity } from '../session/activity.js';
import {
  ClientSession,
  type FrameResult,
  type SessionOwner,
  type SessionParts,
} from '../session/client-session.js';
import { noHeartbeat } from '../session/heartbeat.js';
import type { SessionAttributeMap } from '../session/session.js';
import type { WebSocketSession } from '../session/websocket-session.js';
import { pathOf, splitPath } from '../transport/http-host.js';
import { bytesOf, textOf } from '../transport/http-session/text.js';
import {
  tooLargeReason,
  tooLargeText,
  type Connection,
  type Handshake,
} from '../transport/transport.js';
import { ClientEntry, type EntryParts } from './client-entry.js';
import type { Hooks } from './hooks.js';
import { ReceivedParts } from './received-parts.js';
import type { WebSockets } from './websockets.js';

/** The parts that all clients of WebSocket handlers share. */
export interface WebSocketClientParts extends EntryParts {
  readonly ids: Ids;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly activity: Activity;
  readonly webSockets: WebSockets;
  /** Bytes of one message. */
  readonly maxMessageBytes: number;
  /** Milliseconds until a method of a handler must have returned; 0 for no limit. */
  readonly handlerTimeout: number;
  readonly hooks: Hooks;
}

/** Handlers have no CONNECT of the client, so an authenticator gets one without headers. */
const connect: ConnectFrame = {
  kind: 'connect',
  implicit: true,
  heartbeat: [0, 0],
  headers: noHeaders,
};

const textHeaders: Headers = constantMap([['content-type', 'text/plain;charset=UTF-8']]);

/** A message of a client, or a part of one. */
export interface RawFrame extends SendFrame {
  readonly binary: boolean;
  /** True if further parts of the message follow. */
  readonly more: boolean;
}

/** A message that arrives in parts. */
interface Receiving {
  readonly parts: ReceivedParts;
  /** The result of the handler; never rejects. */
  readonly handled: Promise<FrameResult>;
  /** Bytes that have arrived. */
  bytes: number;
}

/**
 * The parts of the sessions of a handler. Each message becomes a frame, so that the inbox keeps the order and the limits.
 *
 * @param maxBytes of a message or part; checked here for transports that have one limit for all their clients, such as the one in memory
 */
export function webSocketParts(
  route: WebSocketRoute,
  session: SessionParts,
  maxBytes: number,
): SessionParts {
  const destination = route.pattern.pattern;
  const message = tooLargeText(maxBytes);
  const tooLarge: Malformed = { kind: 'malformed', code: tooLargeReason, message };
  const readMessage = (body: Uint8Array, binary: boolean, more: boolean): RawFrame | Malformed => {
    if (body.length > maxBytes) return tooLarge;
    const headers = binary ? noHeaders : textHeaders;
    return { kind: 'send', message: { destination, headers, body }, binary, more };
  };
  return { ...session, concurrency: 1, readMessage };
}

export class WebSocketClient implements SessionOwner, WebSocketSession {
  readonly session: ClientSession;
  /** Only sessions of a protocol have subscriptions. */
  readonly openSubscriber = undefined;
  readonly held: Holding;
  readonly #route: WebSocketRoute;
  readonly #parts: WebSocketClientParts;
  readonly #ended: ((code: number, reason: string) => void) | undefined;
  #variables: ReadonlyMap<string, string> | undefined;
  /** Set before `open` is called. */
  #handler: AnyHandler | undefined;
  #receiving: Receiving | undefined;
  #end: { readonly code: number; readonly reason: string } | undefined;
  readonly #entry: ClientEntry;
  /** True when text can have lone surrogates; otherwise they are replaced by U+FFFD, as WebSocket requires. */
  readonly #carriesSurrogates: boolean;

  constructor(
    connection: Connection,
    route: WebSocketRoute,
    session: SessionParts,
    parts: WebSocketClientParts,
  ) {
    this.#route = route;
    this.#parts = parts;
    const { remoteAddress } = connection.handshake;
    this.#entry = new ClientEntry(remoteAddress, `The handshake for ${route.name}`, parts);
    this.held = this.#entry.held;
    this.#carriesSurrogates = connection.carriesSurrogates === true;
    const { maxPartBytes } = route.options;
    if (maxPartBytes !== undefined)
      requireResult(connection.takeParts?.(maxPartBytes), 'takeParts() of the connection');
    this.session = new ClientSession(parts.ids.session(), connection, session, this);
    this.#ended = parts.hooks.onConnection?.(this.session);
    parts.clients.add(this);
    this.session.begin(connect);
  }

  get id(): string {
    return this.session.id;
  }

  get principal(): Principal | undefined {
    return this.session.principal;
  }

  get handshake(): Handshake {
    return this.session.handshake;
  }

  get attributes(): SessionAttributeMap {
    return this.session.attributes;
  }

  get signal(): AbortSignal {
    return this.session.signal;
  }

  get subprotocol(): string | undefined {
    return this.session.handshake.subprotocol;
  }

  get variables(): ReadonlyMap<string, string> {
    return (this.#variables ??= variablesOf(this.#route, this.handshake.url));
  }

  send(data: string | Uint8Array): boolean {
    const encoded = this.#encoded(data);
    return !this.session.gone && this.session.outbox.sendEncoded(encoded) && !this.session.gone;
  }

  async room(): Promise<boolean> {
    await this.session.room();
    return !this.session.gone;
  }

  close(code: number = closeCodes.normal, reason = ''): void {
    this.session.close(code, reason);
  }

  get #takesParts(): boolean {
    return this.#route.options.maxPartBytes !== undefined;
  }

  /** Processes a frame; never rejects. */
  async process(frame: ClientFrame): Promise<FrameResult> {
    const end = this.#parts.hooks.onFrame?.(frame, this.session);
    let result: FrameResult = 'done';
    try {
      if (frame.kind === 'connect') await this.#admit(frame);
      else if (frame.kind === 'send') {
        // `readMessage` has made it.
        const raw = frame as RawFrame;
        if (this.#takesParts) result = await this.#receivePart(raw);
        else {
          const handling = this.#inTime(this.#handler?.message?.(this, this.#dataOf(raw)));
          if (handling !== undefined) await handling;
        }
      }
    } catch (thrown) {
      await this.#fail(thrown, frame.kind === 'connect' ? 'open' : 'message');
      result = 'failed';
    }
    end?.(result);
    return result;
  }

  /** Only messages of a protocol can be dropped. */
  messageDropped(): void {}

  connectionLost(code: number, reason: string): void {
    this.#end = { code, reason };
    this.#ended?.(code, reason);
    this.#entry.stopWaiting();
    // A handshake that never completes must not count for longer than its connection.
    if (this.session.connected) this.#parts.webSockets.remove(this);
    else this.#entry.release();
  }

  /** Calls `close` of the handler and releases everything that belongs to the session. */
  async finished(): Promise<void> {
    const { activity, clients, logger } = this.#parts;
    activity.begin();
    await this.#endReceiving();
    try {
      const { code, reason } = this.#end!;
      await this.#inTime(this.#handler?.close?.(this, code, reason));
    } catch (error) {
      logger.error(`${this.#name('close')} failed.`, error);
    }
    if (this.#handler !== undefined) await this.#destroy(this.#handler);
    clients.remove(this);
    this.#entry.release();
    activity.end();
  }

  /**
   * Opens the session.
   *
   * @throws {MessagingError} `access-refused` without a reason for the client; `session-limit`; what the handler throws
   */
  async #admit(frame: ConnectFrame): Promise<void> {
    const { session } = this;
    const admitted = await this.#entry.admit(frame, session);
    if (admitted === undefined) return;
    const created = this.#route.handler();
    const handler = isPromise(created) ? await created : created;
    if (!session.accept(admitted.principal, noHeartbeat)) return this.#destroy(handler);
    this.#handler = handler;
    this.#parts.webSockets.add(this);
    await this.#inTime(handler.open?.(this));
  }

  /**
   * Delivers a part of a message. Waits until the handler has taken it, so that the inbox delivers no further one, and after the last
   * part until the handler has returned.
   *
   * @throws {MessagingError} `handler-timeout`
   */
  async #receivePart(frame: RawFrame): Promise<FrameResult> {
    const { clock, handlerTimeout, maxMessageBytes } = this.#parts;
    const receiving = (this.#receiving ??= this.#beginReceiving(frame.binary));
    const { parts, handled } = receiving;
    receiving.bytes += frame.message.body.length;
    if (receiving.bytes > maxMessageBytes) {
      const error = new MessagingError(tooLargeReason, tooLargeText(maxMessageBytes));
      parts.fail(error);
      this.session.protocolError(error);
      return 'failed';
    }
    try {
      if (frame.message.body.length > 0)
        await settledInTime(parts.add(this.#dataOf(frame)), clock, handlerTimeout);
      if (frame.more) return 'done';
      this.#receiving = undefined;
      parts.complete();
      return await settledInTime(handled, clock, handlerTimeout);
    } catch (thrown) {
      this.#receiving = undefined;
      // The handler may read on, and has no further effect.
      parts.fail(MessagingError.from(thrown));
      throw thrown;
    }
  }

  #beginReceiving(binary: boolean): Receiving {
    const parts = new ReceivedParts(binary);
    return { parts, handled: this.#handleParts(parts), bytes: 0 };
  }

  /** Calls the handler of a message that arrives. Its failure ends the session at once, also between two parts. */
  async #handleParts(parts: ReceivedParts): Promise<FrameResult> {
    try {
      await this.#handler?.message?.(this, parts);
      return 'done';
    } catch (thrown) {
      const { failure } = parts;
      if (failure === undefined) await this.#fail(thrown, 'message');
      // The end of the message is not a failure of the handler.
      else if (thrown !== failure) this.#logLate('message', thrown);
      return 'failed';
    } finally {
      parts.stop();
    }
  }

  /** Ends the reading of a message that is not complete, and waits for its handler: methods never overlap. */
  async #endReceiving(): Promise<void> {
    if (this.#receiving === undefined) return;
    const { parts, handled } = this.#receiving;
    parts.fail(new MessagingError('message-incomplete'));
    const { clock, handlerTimeout } = this.#parts;
    try {
      await settledInTime(handled, clock, handlerTimeout);
    } catch (timeout) {
      this.#logLate('message', timeout);
    }
  }

  /** Calls `@preDestroy` of an instance that belongs to this session. */
  async #destroy(handler: AnyHandler): Promise<void> {
    try {
      await this.#inTime(this.#route.destroy?.(handler));
    } catch (error) {
      this.#parts.logger.error(`@preDestroy of ${this.#route.name} failed.`, error);
    }
  }

  /** The promise of a handler, limited by `handlerTimeout`; undefined when the method has returned no promise. */
  #inTime(returned: void | Promise<void> | undefined): PromiseLike<unknown> | undefined {
    if (!isPromise(returned)) return undefined;
    const { clock, handlerTimeout } = this.#parts;
    return settledInTime(returned, clock, handlerTimeout);
  }

  /** Calls `error` of the handler, and closes the session. Only the log contains the reason. */
  async #fail(thrown: unknown, method: 'open' | 'message'): Promise<void> {
    if (this.#handler === undefined) return this.#entry.refuse(thrown, this.session);
    const error = MessagingError.from(thrown);
    const cause = error.code === 'handler-failed' ? error.cause : error;
    try {
      await this.#inTime(this.#handler.error?.(this, cause));
    } catch (another) {
      this.#parts.logger.error(`${this.#name('error')} failed.`, another);
    }
    if (!this.session.gone) this.session.fail(error, {}, { activity: this.#name(method), cause });
    else this.#logLate(method, cause);
  }

  #logLate(method: 'open' | 'message', cause: unknown): void {
    this.#parts.logger.error(`${this.#name(method)} failed. Its session has ended.`, cause);
  }

  /** @throws {TypeError} for other values, which a program in JavaScript can pass */
  #encoded(data: string | Uint8Array): EncodedFrame {
    if (typeof data === 'string')
      return new EncodedFrame(this.#carriesSurrogates ? bytesOf(data) : Buffer.from(data), false);
    if (data instanceof Uint8Array) return new EncodedFrame(data, true);
    throw new TypeError('send() takes a string or a Uint8Array.');
  }

  #dataOf({ binary, message: { body } }: RawFrame): string | Uint8Array {
    if (binary) return body;
    const text = this.#carriesSurrogates ? textOf(body) : undefined;
    return text ?? asBuffer(body).toString();
  }

  #name(method: keyof AnyHandler): string {
    return `${this.#route.name}.${method}`;
  }
}

function variablesOf({ pattern }: WebSocketRoute, url: string): ReadonlyMap<string, string> {
  const path = pathOf(url);
  // Over SockJS, the path of the session follows.
  const values = pattern.match(path) ?? pattern.match(splitPath(pattern, path)?.base ?? '') ?? [];
  return new Map([...values].map(([name, value]) => [name, decoded(value)]));
}

/** A text with a malformed escape stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
