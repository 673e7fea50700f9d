// The session of one client: connects inbox, outbox and heart-beats, and controls how the session begins and ends.
import { setMaxListeners } from 'node:events';
import { inspect } from 'node:util';
import type { Timer } from '../message/clock.js';
import { ended } from '../message/end-of-session.js';
import {
  closeCodeOf,
  closeCodes,
  errorCodes,
  MessagingError,
  type ErrorCode,
} from '../message/error.js';
import type {
  ClientFrame,
  ConnectFrame,
  MessageFrame,
  Problem,
  ServerFrame,
} from '../message/frame.js';
import type { LimitedLogs } from '../message/limited-log.js';
import type { Logger } from '../message/logger.js';
import type { Principal } from '../message/message.js';
import { requireResult } from '../message/promise.js';
import type { Holding } from '../message/quota.js';
import { loggable } from '../message/quote.js';
import {
  lostConnection,
  type Connection,
  type ConnectionListener,
  type Handshake,
} from '../transport/transport.js';
import { guardedController } from './guarded-signal.js';
import { Heartbeats, type HeartbeatAgreement } from './heartbeat.js';
import { Inbox, type InboxParts } from './inbox.js';
import { Outbox, type OutboxParts } from './outbox.js';
import type { Session, SessionAttributeMap } from './session.js';
import { DividedWork } from './turns.js';

/** The parts that all sessions of a server share. */
export interface SessionParts extends InboxParts {
  readonly logger: Logger;
  /** The log of sessions that were closed for a reason of their client, by error code or close code. */
  readonly closeLog: LimitedLogs;
  readonly outbox: OutboxParts;
  /** Time that a client has to send CONNECT, in milliseconds. */
  readonly connectTimeout: number;
}

/** The result of processing a frame. Only `done` is confirmed by a receipt. */
export type FrameResult = 'done' | 'failed' | 'dropped';

/** What a session needs of the server that owns it. No method throws. */
export interface SessionOwner {
  /** Bytes that the session holds: frames that wait, and open transactions. */
  readonly held: Holding;
  /** Processes one frame; never rejects. */
  process(frame: ClientFrame): Promise<FrameResult>;
  /** A message was dropped because the client reads too slowly. */
  messageDropped(frame: MessageFrame): void;
  /** The connection is closed; frames already read may still be processed. */
  connectionLost(code: number, reason: string): void;
  /** No work remains for the session. `drain` waits for the promise. */
  finished(): void | Promise<void>;
}

/** Identifies the frame that a problem is about. */
export type ProblemContext = Pick<Problem, 'destination' | 'receipt'>;

/** An exception that ended a session, and the activity that it was thrown in. */
interface Failure {
  readonly activity: string;
  readonly cause: unknown;
}

/** `open`: reads and writes. `closing`: ignores input and output. `closed`: the connection is closed. */
type State = 'open' | 'closing' | 'closed';

export class ClientSession implements Session, ConnectionListener {
  /** Public, so that deliveries call it directly. */
  readonly outbox: Outbox;
  #state: State = 'open';
  #connected = false;
  /** True when no frame was completed for `stallTimeout`; the session then does not wait for frames in process. */
  #hasStalled = false;
  #principal: Principal | undefined;
  #user: string | undefined;
  /** The code and reason that the server closed the session with. */
  #closedWith: { readonly code: number; readonly reason: string } | undefined;
  /** Data that the transport has refused. The connection may be closed before the frames that precede it are processed. */
  #refusedInput:
    | { readonly code: number; readonly reason: string; readonly detail: string }
    | undefined;
  #connectTimer: Timer | undefined;
  #attributes: SessionAttributeMap | undefined;
  /** Set when the connection is closed. */
  #finished: Promise<void> | undefined;
  #abortController: AbortController | undefined;
  readonly #inbox: Inbox;
  readonly #heartbeats: Heartbeats;

  constructor(
    readonly id: string,
    private readonly connection: Connection,
    private readonly parts: SessionParts,
    readonly owner: SessionOwner,
  ) {
    this.#principal = connection.handshake.principal;
    this.outbox = new Outbox(this, connection, parts.outbox);
    this.#heartbeats = new Heartbeats(this, connection, parts.clock);
    this.#inbox = new Inbox(this, connection, this.#heartbeats, parts);
    this.#connectTimer = parts.clock.after(parts.connectTimeout, () =>
      this.closeWith('connect-timeout'),
    );
    requireResult(connection.listen(this), 'listen() of the connection');
  }

  get handshake(): Handshake {
    return this.connection.handshake;
  }

  get principal(): Principal | undefined {
    return this.#principal;
  }

  get user(): string | undefined {
    return this.#user;
  }

  /** Created at the first use, because most sessions have none. */
  get attributes(): SessionAttributeMap {
    return (this.#attributes ??= new Map(this.handshake.attributes) as SessionAttributeMap);
  }

  get protocol(): string {
    return this.#inbox.protocol;
  }

  /** True while frames of the client wait or are in process. */
  get busy(): boolean {
    return !this.#inbox.idle;
  }

  /** True when frames can no longer reach the client. */
  get gone(): boolean {
    return this.#state !== 'open';
  }

  /** True when CONNECT was accepted. */
  get connected(): boolean {
    return this.#connected;
  }

  get signal(): AbortSignal {
    this.#abortController ??= this.#createAbortController();
    return this.#abortController.signal;
  }

  /** Processes the CONNECT that the server makes for a client whose messages belong to no protocol. */
  begin(frame: ConnectFrame): void {
    this.#inbox.begin(frame);
  }

  /** Accepts CONNECT: sets the user and starts the heart-beats. False when the session has ended in the meantime. */
  accept(principal: Principal | undefined, agreement: HeartbeatAgreement): boolean {
    this.#setEncoder();
    if (this.#state !== 'open') return false;
    this.#connected = true;
    this.#principal = principal;
    this.#user = principal?.name;
    this.#stopConnectTimer();
    this.#heartbeats.start(agreement);
    return true;
  }

  /** Queues a frame; false when more than half of the outbox limit waits. Ignored when the session has ended. */
  send(frame: ServerFrame): boolean {
    return this.outbox.send(frame);
  }

  /** Resolves when less than half of the outbox limit waits. */
  room(): Promise<void> {
    return this.outbox.room();
  }

  /** True when the client's protocol has ERROR frames that do not end the session; false before the first byte. */
  get hasNonFatalErrors(): boolean {
    return this.#inbox.hasNonFatalErrors;
  }

  /** Answers a heart-beat that asks for one, even before CONNECT. */
  answerHeartbeat(): void {
    this.#setEncoder();
    this.outbox.send({ kind: 'heartbeat' });
  }

  /**
   * Sends an ERROR frame for a frame that was refused or whose processing failed, and closes with `error.closes`. Ignored when the
   * session has ended, so that frames already read are still processed.
   *
   * @param failure logged together with the close
   */
  fail(error: MessagingError, about: ProblemContext = {}, failure?: Failure): void {
    this.#fail(error, error.closes, about, failure);
  }

  /** Sends an ERROR frame for a violation of the protocol, and closes with the close code of the table, such as 1002. */
  protocolError(error: MessagingError, about: ProblemContext = {}): void {
    this.#fail(error, closeCodeOf(error.code), about);
  }

  /** Closes with the close code of an error, without an ERROR frame. */
  closeWith(code: ErrorCode): void {
    this.#close(closeCodeOf(code), code);
  }

  /**
   * Closes with 1011 and logs the exception. The boundary of a session calls it for exceptions of codecs, interceptors and
   * transports, so that they cannot harm other sessions.
   *
   * @param activity names the failed activity in the log, as the beginning of a sentence
   */
  internalError(activity: string, cause: unknown): void {
    this.#close(closeCodeOf('session-failed'), 'session-failed', { activity, cause });
  }

  /** @param detail explains the reason in the log */
  close(code: number = closeCodes.normal, reason = '', detail?: string): void {
    if (!isCloseCode(code))
      throw new RangeError(
        `A close code is 1000 to 1003, 1007 to 1014 or 3000 to 4999, unlike ${inspect(code)}; applications use 3000 to 4499.`,
      );
    if (typeof reason !== 'string')
      throw new TypeError(`The reason of a close is a string, unlike ${inspect(reason)}.`);
    this.#close(code, reason, undefined, detail);
  }

  /** Begins the work of a frame that consists of many parts, such as COMMIT or a stream. */
  divideWork(): DividedWork {
    return new DividedWork(this, this.parts);
  }

  /** Called when a part of a frame was processed, because a long COMMIT must not count as stalled. */
  progressed(): void {
    this.#inbox.progressed();
  }

  /** Called when frames wait and none was completed for `stallTimeout`. A frame that never completes must not keep the session. */
  stalled(): void {
    this.#hasStalled = true;
    if (this.#state !== 'closed') return this.closeWith('reading-stalled');
    const text = `Session ${this.id} has ended, and its frames were not completed within ${this.parts.stallTimeout} milliseconds.`;
    this.parts.closeLog.write('late reading-stalled', text);
    this.#inbox.abandon();
  }

  /** Processes all frames that were read, flushes and closes with 1001. Resolves when the connection is closed. */
  async drain(): Promise<void> {
    this.#inbox.stop();
    await this.#inbox.whenIdle();
    this.close(closeCodes.goingAway, 'server-stopping');
    const { signal } = this;
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await this.#finished;
  }

  /** Ends the session and its connection immediately: queued frames are lost, and frames that wait are not processed. */
  terminate(): void {
    this.#inbox.discard();
    try {
      requireResult(this.connection.terminate(), 'terminate() of the connection');
    } catch (error) {
      this.parts.logger.error(`The connection of session ${this.id} cannot be closed.`, error);
    }
    // A transport may report the end later, after the data that it has read, or never.
    this.closed(lostConnection.code, lostConnection.reason);
  }

  data(chunk: Uint8Array, binary?: boolean, more?: boolean): void {
    this.#inbox.receive(chunk, this.#heartbeats.received(), binary, more);
  }

  ended(code: number, reason: string, detail?: string): void {
    this.#heartbeats.inputEnded();
    this.#refusedInput = detail === undefined ? undefined : { code, reason, detail };
    this.#inbox.end(code, reason, detail);
  }

  held(bytes: number): boolean {
    this.owner.held.add(bytes);
    return !this.owner.held.full;
  }

  drained(): void {
    this.outbox.drained();
  }

  ponged(): void {
    this.#heartbeats.received();
  }

  /**
   * Called when the connection is closed. Frames that were read are still processed if CONNECT was accepted; their answers are
   * dropped. A frame that is not completed within `stallTimeout` is given up.
   */
  closed(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (this.#connected && !this.#hasStalled) this.#inbox.stop();
    else this.#inbox.abandon();
    if (this.busy) this.#inbox.watch();
    this.#stopConnectTimer();
    this.#heartbeats.stop();
    this.outbox.stop();
    this.#abortController?.abort(ended);
    // A client that does not answer the server's close frame ends with 1006; the server's own code is the reason.
    const end = this.#closedWith ?? { code, reason };
    if (this.#closedWith === undefined && this.#refusedInput !== undefined) {
      const refused = this.#refusedInput;
      this.#logClose(refused.code, refused.reason, undefined, refused.detail);
    }
    this.owner.connectionLost(end.code, end.reason);
    this.#finished = this.#inbox.whenIdle().then(() => this.owner.finished());
  }

  #fail(error: MessagingError, closes: number, about: ProblemContext, failure?: Failure): void {
    if (this.#state !== 'open') return;
    const { code, message, detail, fields } = error;
    this.#setEncoder();
    this.send({ kind: 'error', code, message, detail, ...about, fields, fatal: true });
    this.#close(closes, code, failure, message);
  }

  /** @param text the text of the error, for the log */
  #close(code: number, reason: string, failure?: Failure, text?: string): void {
    if (this.#state !== 'open') return;
    this.outbox.finish();
    // Writing may have failed, or exceeded a limit, and closed the session.
    if (this.gone) return;
    this.#state = 'closing';
    this.#closedWith = { code, reason };
    this.#logClose(code, reason, failure, text);
    this.#stopConnectTimer();
    this.#heartbeats.stop();
    this.outbox.stop();
    this.#inbox.discard();
    try {
      requireResult(this.connection.close(code, reason), 'close() of the connection');
    } catch (error) {
      this.parts.logger.error(`Closing the connection of session ${this.id} failed.`, error);
      this.terminate();
    }
  }

  #logClose(code: number, reason: string, failure?: Failure, message?: string): void {
    if (code === closeCodes.normal || code === closeCodes.goingAway) return;
    // Refused sessions can be many; the server logs them once a minute.
    if (code === closeCodes.tryAgainLater || isOfApplication(code)) return;
    const refusal = failure === undefined ? undefined : refusalIn(failure.cause);
    // The error of another failure is logged as its cause.
    const because =
      failure === undefined
        ? withText(message)
        : `: ${failure.activity} failed${withText(refusal)}`;
    const text = `Session ${this.id} was closed with ${code} ${reason}${because}`;
    // Failures of the server are logged one by one; clients can cause any number of the others.
    if (failure !== undefined && code === closeCodes.internalError)
      this.parts.logger.error(text, failure.cause);
    else {
      const cause = refusal === undefined ? failure?.cause : undefined;
      this.parts.closeLog.write(reason in errorCodes ? reason : `${code}`, text, cause);
    }
  }

  /** Releases the timer as well, because a timer needs more memory than this field. */
  #stopConnectTimer(): void {
    this.#connectTimer?.cancel();
    this.#connectTimer = undefined;
  }

  /** Created at the first use, because most sessions need none. */
  #createAbortController(): AbortController {
    // Not `this`: an object that keeps the signal must not keep the session.
    const { id } = this;
    const { logger } = this.parts;
    const controller = guardedController((error) =>
      logger.error(`A listener on the signal of session ${id} failed.`, error),
    );
    // Each running call that uses its signal adds a listener, so many listeners are not a leak.
    setMaxListeners(0, controller.signal);
    if (this.#state === 'closed') controller.abort(ended);
    return controller;
  }

  /** Sets the encoder for the version that the client has chosen. */
  #setEncoder(): void {
    try {
      const { encoder } = this.#inbox;
      if (encoder !== undefined) this.outbox.setEncoder(encoder);
    } catch (error) {
      this.internalError('Choosing an encoder', error);
    }
  }
}

/** True for close codes that only the application uses: they are a part of its protocol, not a problem. @see RFC 6455 section 7.4.2 */
function isOfApplication(code: number): boolean {
  return code >= 3000 && code < closeCodes.slowConsumer;
}

/** True for the codes that a close frame may contain. @see RFC 6455 section 7.4 */
function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (
    (code >= 1000 && code <= 1003) ||
    (code >= 1007 && code <= 1014) ||
    (code >= 3000 && code <= 4999)
  );
}

/** The text of an error by which the application refuses a client on purpose, so that its stack is not needed. */
function refusalIn(thrown: unknown): string | undefined {
  const { code, message, cause } = MessagingError.from(thrown);
  return errorCodes[code].class === 'refusal' && cause === undefined ? message : undefined;
}

/** The end of a line in the log. */
function withText(text: string | undefined): string {
  return text === undefined ? '.' : `: ${loggable(text)}`;
}
