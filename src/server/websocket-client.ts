// One client of a WebSocket handler, from its connection to its end: everything that belongs to its session, and the calls of the handler.
import type { WebSocketHandler } from '../controller/decorators/websocket-handler.js';
import type { WebSocketRoute } from '../controller/compile-websocket-handler.js';
import type { Clock } from '../message/clock.js';
import { EncodedFrame } from '../message/encoded-frame.js';
import { closeCodes, MessagingError } from '../message/error.js';
import type { ClientFrame, ConnectFrame, SendFrame } from '../message/frame.js';
import type { Ids } from '../message/ids.js';
import type { Logger } from '../message/logger.js';
import { noHeaders, type Headers, type Principal } from '../message/message.js';
import { isPromise, settledInTime } from '../message/promise.js';
import { accountOf, Holding, type Quota } from '../message/quota.js';
import { constantMap } from '../message/read-only.js';
import { authenticated, type Authenticator } from '../security/authenticator.js';
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
import { pathOf } from '../transport/http-host.js';
import type { Connection, Handshake } from '../transport/transport.js';
import type { Admission } from './admission.js';
import type { Clients } from './clients.js';
import type { Hooks } from './hooks.js';
import type { WebSockets } from './websockets.js';

/** The parts that all clients of WebSocket handlers share. */
export interface WebSocketClientParts {
  readonly ids: Ids;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly activity: Activity;
  readonly clients: Clients;
  readonly webSockets: WebSockets;
  readonly admission: Admission;
  /** The bytes of waiting messages. */
  readonly heldBytes: Quota;
  readonly authenticate: Authenticator | undefined;
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

/** Marks the messages that are text. */
const textHeaders: Headers = constantMap([['content-type', 'text/plain;charset=UTF-8']]);

/** The parts of the sessions of a handler. Each message becomes a frame, so that the inbox keeps the order and the limits. */
export function webSocketParts(route: WebSocketRoute, session: SessionParts): SessionParts {
  const destination = route.pattern.pattern;
  const readMessage = (body: Uint8Array, binary: boolean): SendFrame => ({
    kind: 'send',
    message: { destination, headers: binary ? noHeaders : textHeaders, body },
  });
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
  #handler: WebSocketHandler | undefined;
  #end: { readonly code: number; readonly reason: string } | undefined;
  /** Ends the counting of the connection or session for the limits. */
  #release: () => void;

  constructor(
    connection: Connection,
    route: WebSocketRoute,
    session: SessionParts,
    parts: WebSocketClientParts,
  ) {
    this.#route = route;
    this.#parts = parts;
    const { remoteAddress } = connection.handshake;
    this.held = new Holding(parts.heldBytes, accountOf(undefined, remoteAddress));
    this.#release = parts.admission.begin(remoteAddress);
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
    const encoded = encodedMessage(data);
    return !this.session.gone && this.session.outbox.sendEncoded(encoded) && !this.session.gone;
  }

  async room(): Promise<boolean> {
    await this.session.room();
    return !this.session.gone;
  }

  close(code: number = closeCodes.normal, reason = ''): void {
    this.session.close(code, reason);
  }

  /** Processes a frame; never rejects. */
  async process(frame: ClientFrame): Promise<FrameResult> {
    const end = this.#parts.hooks.onFrame?.(frame, this.session);
    let result: FrameResult = 'done';
    try {
      if (frame.kind === 'connect') await this.#admit(frame);
      else if (frame.kind === 'send') {
        const handling = this.#call('message', dataOf(frame));
        if (handling !== undefined) await handling;
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
    this.#parts.webSockets.remove(this);
    // A handshake that never completes must not count for longer than its connection.
    if (!this.session.connected) this.#release();
  }

  /** Calls `close` of the handler and releases everything that belongs to the session. */
  async finished(): Promise<void> {
    const { activity, clients, logger } = this.#parts;
    activity.begin();
    try {
      const { code, reason } = this.#end!;
      await this.#call('close', code, reason);
    } catch (error) {
      logger.error(`${this.#name('close')} failed.`, error);
    }
    clients.remove(this);
    this.#release();
    activity.end();
  }

  /**
   * Opens the session.
   *
   * @throws {MessagingError} `access-refused` without a reason for the client; `session-limit`; what the handler throws
   */
  async #admit(frame: ConnectFrame): Promise<void> {
    const { session } = this;
    const { admission, authenticate, webSockets } = this.#parts;
    const principal = await authenticated(authenticate, frame, session.handshake);
    // The client may have left during authentication.
    if (session.gone) return;
    const account = accountOf(principal, session.handshake.remoteAddress);
    const release = admission.open(account, principal);
    this.#release();
    this.#release = release;
    this.held.moveTo(account);
    const created = this.#route.handler();
    const handler = isPromise(created) ? await created : created;
    if (!session.accept(principal, noHeartbeat)) return;
    this.#handler = handler;
    webSockets.add(this);
    await this.#call('open');
  }

  /** Calls a method of the handler; undefined when it has returned without a promise, or does not exist. */
  #call(method: 'open'): PromiseLike<void> | undefined;
  #call(method: 'message', data: string | Uint8Array): PromiseLike<void> | undefined;
  #call(method: 'close', code: number, reason: string): PromiseLike<void> | undefined;
  #call(method: 'error', error: unknown): PromiseLike<void> | undefined;
  #call(
    method: keyof WebSocketHandler,
    first?: unknown,
    second?: unknown,
  ): PromiseLike<void> | undefined {
    const handler = this.#handler as
      | Readonly<Record<string, ((...values: unknown[]) => unknown) | undefined>>
      | undefined;
    const returned = handler?.[method]?.(this, first, second);
    if (!isPromise(returned)) return undefined;
    const { clock, handlerTimeout } = this.#parts;
    return settledInTime(returned as PromiseLike<void>, clock, handlerTimeout);
  }

  /** Calls `error` of the handler, and closes the session. Only the log contains the reason. */
  async #fail(thrown: unknown, method: 'open' | 'message'): Promise<void> {
    const error = MessagingError.from(thrown);
    const { code, cause } = error;
    const failure = code === 'handler-failed' ? cause : error;
    try {
      await this.#call('error', failure);
    } catch (another) {
      this.#parts.logger.error(`${this.#name('error')} failed.`, another);
    }
    const activity =
      this.#handler === undefined ? `The handshake for ${this.#route.name}` : this.#name(method);
    const reason = this.#handler === undefined ? cause : failure;
    if (!this.session.gone) this.session.fail(error, {}, { activity, cause: reason });
    else if (this.#handler !== undefined)
      this.#parts.logger.error(`${activity} failed. Its session has ended.`, reason);
  }

  #name(method: keyof WebSocketHandler): string {
    return `${this.#route.name}.${method}`;
  }
}

/** @throws {TypeError} for other values, which a program in JavaScript can pass */
function encodedMessage(data: string | Uint8Array): EncodedFrame {
  if (typeof data === 'string') return new EncodedFrame(Buffer.from(data), false);
  if (data instanceof Uint8Array) return new EncodedFrame(data, true);
  throw new TypeError('send() takes a string or a Uint8Array.');
}

function dataOf({ message: { headers, body } }: SendFrame): string | Uint8Array {
  if (headers !== textHeaders) return body;
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString();
}

function variablesOf({ pattern }: WebSocketRoute, url: string): ReadonlyMap<string, string> {
  const values = pattern.match(pathOf(url)) ?? [];
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
