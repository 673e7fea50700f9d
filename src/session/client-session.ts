// One client, from its first octet to its last: decodes what it says, keeps its frames in order, encodes what it hears.
import { setMaxListeners } from 'node:events';
import type { Clock, Timer } from '../message/clock.js';
import { closeCodes, MessagingError, type ErrorCode } from '../message/error.js';
import type { ClientFrame, MessageFrame, Problem, ServerFrame } from '../message/frame.js';
import type { Logger } from '../message/logger.js';
import type { Principal } from '../message/message.js';
import type { Connection, ConnectionListener, Handshake } from '../transport/transport.js';
import type { DecoderLimits, WireCodec } from '../wire/codec.js';
import type { Activity } from './activity.js';
import { Pulse, type Agreement } from './heartbeat.js';
import { Inbox, type InboxItem, type InboxOwner } from './inbox.js';
import { interceptOutbound, type OutboundInterceptor } from './interceptor.js';
import { Language } from './language.js';
import { Outbox, type OutboxOwner, type OutboxParts } from './outbox.js';
import type { Session } from './session.js';

export interface SessionLimits extends DecoderLimits {
  /** Frames that may wait before reading pauses. */
  readonly maxWaitingFrames: number;
}

/** What the sessions of a server share. */
export interface SessionParts {
  readonly clock: Clock;
  readonly activity: Activity;
  readonly logger: Logger;
  readonly outbox: OutboxParts;
  readonly codecs: readonly WireCodec[];
  readonly limits: SessionLimits;
  /** Milliseconds until the client must have connected. */
  readonly connectTimeout: number;
  readonly concurrency: number;
  readonly outboundInterceptors: readonly OutboundInterceptor[];
}

/** The result of processing a frame. A dropped frame gets no receipt. */
export type FrameResult = 'done' | 'failed' | 'dropped';

/** What a session needs of the server that owns it. */
export interface SessionOwner {
  /** Processes one frame; never rejects. */
  process(frame: ClientFrame): Promise<FrameResult>;
  /** A message was dropped because the client reads too slowly. */
  messageDropped(frame: MessageFrame): void;
  /** The connection is closed; frames already read may still be processed. */
  connectionLost(code: number, reason: string): void;
  /** No work remains for the session. */
  finished(): void;
}

/** Which frame a problem is about. */
export type ProblemContext = Pick<Problem, 'destination' | 'receipt'>;

const unprocessed = Promise.resolve(false);

/** `open`: reads and writes. `closing`: says nothing more and hears nothing. `closed`: the connection is gone. */
type State = 'open' | 'closing' | 'closed';

export class ClientSession implements Session, ConnectionListener {
  /** Its way out, for those that deliver. */
  readonly outbox: Outbox;
  #state: State = 'open';
  #connected = false;
  #principal: Principal | undefined;
  /** What the server closed it with. */
  #ending: { readonly code: number; readonly reason: string } | undefined;
  #connectTimer: Timer | undefined;
  #attributes: Map<string, unknown> | undefined;
  #controller: AbortController | undefined;
  readonly #language: Language;
  readonly #inbox: Inbox;
  readonly #pulse: Pulse;

  constructor(
    readonly id: string,
    private readonly connection: Connection,
    private readonly parts: SessionParts,
    private readonly owner: SessionOwner,
  ) {
    this.#principal = connection.handshake.principal;
    this.#language = new Language(parts.codecs, parts.limits, connection);
    this.outbox = new Outbox(connection, parts.outbox, this.#outboxOwner());
    this.#pulse = new Pulse(parts.clock, {
      outbox: this.outbox,
      connection,
      die: (code) => this.expel(code),
    });
    this.#inbox = new Inbox(connection, this.#language, this.#pulse, parts, this.#inboxOwner());
    this.#connectTimer = parts.clock.after(parts.connectTimeout, () =>
      this.expel('connect-timeout'),
    );
    connection.listen(this);
  }

  get handshake(): Handshake {
    return this.connection.handshake;
  }

  get principal(): Principal | undefined {
    return this.#principal;
  }

  /** Made when first asked for: most sessions have none. */
  get attributes(): Map<string, unknown> {
    return (this.#attributes ??= new Map());
  }

  get protocol(): string {
    return this.#language.name;
  }

  /** Whether frames of it wait or run. */
  get busy(): boolean {
    return !this.#inbox.empty;
  }

  /** Whether nothing reaches its client any more. */
  get gone(): boolean {
    return this.#state !== 'open';
  }

  /** Whether CONNECT was accepted. */
  get connected(): boolean {
    return this.#connected;
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#makeController();
    return this.#controller.signal;
  }

  /** Accepts the client: from now on it has an identity and a pulse. False when it has left meanwhile. */
  accept(principal: Principal | undefined, agreement: Agreement): boolean {
    if (this.#state !== 'open') return false;
    this.#connected = true;
    this.#principal = principal;
    this.#stopConnectTimer();
    this.#speak();
    this.#pulse.start(agreement);
    return true;
  }

  /** Sends a frame; false when more than half of the outbox's limit waits. Of a session that ends it is dropped. */
  send(frame: ServerFrame): boolean {
    return this.outbox.send(frame);
  }

  /** Resolves when less than half of the outbox's limit waits. */
  room(): Promise<void> {
    return this.outbox.room();
  }

  /** Tells of a problem that the session survives; false when its protocol cannot. */
  report(problem: Problem): boolean {
    if (!this.#language.errorsMayPass) return false;
    this.send({ kind: 'error', ...problem, fatal: false });
    return true;
  }

  /** Says why in an ERROR frame and closes. Of a connection that is lost, what was read goes on. */
  fail(error: MessagingError, about: ProblemContext = {}): void {
    if (this.#state !== 'open') return;
    const { code, message, detail, fields } = error;
    this.#speak();
    this.send({ kind: 'error', code, message, detail, ...about, fields, fatal: true });
    this.#inbox.discard();
    this.close(error.closes ?? closeCodes.protocolError, code);
  }

  /** Ends the session without a word but the close code; what was read and has not begun is discarded. */
  expel(code: ErrorCode): void {
    if (this.#state !== 'open') return;
    this.#inbox.discard();
    this.close(new MessagingError(code).closes ?? closeCodes.policy, code);
  }

  close(code: number = closeCodes.normal, reason = ''): void {
    if (this.#state !== 'open') return;
    this.outbox.finish();
    // Flushing may itself have met the outbox's limit and closed the session.
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#ending = { code, reason };
    if (code !== closeCodes.normal && code !== closeCodes.goingAway) {
      this.parts.logger.warn(`Session ${this.id} was closed with ${code} ${reason}.`);
    }
    this.#stopConnectTimer();
    this.#pulse.stop();
    this.outbox.stop();
    this.#inbox.discard();
    this.connection.close(code, reason);
  }

  /** Reads nothing more, lets what was read run to its end, flushes and closes with 1001; resolves when the connection is gone. */
  async drain(): Promise<void> {
    this.#inbox.close();
    await this.#inbox.settled();
    this.close(closeCodes.goingAway, 'server-stopping');
    const { signal } = this;
    if (!signal.aborted)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  terminate(): void {
    this.connection.terminate();
  }

  data(chunk: Uint8Array): void {
    this.#pulse.heard();
    this.#inbox.take(chunk);
  }

  ended(code: number, reason: string): void {
    this.#pulse.ended();
    this.#inbox.end(code, reason);
  }

  drained(): void {
    this.outbox.drained();
  }

  ponged(): void {
    this.#pulse.heard();
  }

  /** The connection is lost: what was read still runs, what it would answer is dropped. */
  closed(code: number, reason: string): void {
    this.#state = 'closed';
    this.#inbox.close();
    this.#stopConnectTimer();
    this.#pulse.stop();
    this.outbox.stop();
    this.#controller?.abort();
    // A client that does not answer our close ends with 1006; what we closed with is what happened.
    const ending = this.#ending ?? { code, reason };
    this.owner.connectionLost(ending.code, ending.reason);
    void this.#inbox.settled().then(() => this.owner.finished());
  }

  /** Forgotten as well: a timer takes more memory than a flag. */
  #stopConnectTimer(): void {
    this.#connectTimer?.cancel();
    this.#connectTimer = undefined;
  }

  #outboxOwner(): OutboxOwner {
    const { outboundInterceptors, logger } = this.parts;
    return {
      overflowed: () => this.expel('slow-consumer'),
      dropped: (frame) => this.owner.messageDropped(frame),
      intercept: interceptOutbound(outboundInterceptors, this, logger),
    };
  }

  #inboxOwner(): InboxOwner {
    return {
      work: (item) => this.#work(item),
      done: (item, processed) => this.#done(item, processed),
      asked: () => this.#answer(),
      notUnderstood: () => this.expel('protocol-unknown'),
    };
  }

  /** Made when first wanted: most sessions never need one. */
  #makeController(): AbortController {
    const controller = new AbortController();
    // One listener a stream that runs: many are no leak.
    setMaxListeners(0, controller.signal);
    if (this.#state === 'closed') controller.abort();
    return controller;
  }

  /** From now on the version is settled. */
  #speak(): void {
    const { encoder } = this.#language;
    if (encoder !== undefined) this.outbox.speak(encoder);
  }

  /** Outside the lane, which may be waiting for a handler; even before CONNECT, which settles nothing that it needs. */
  #answer(): void {
    this.#speak();
    this.outbox.send({ kind: 'heartbeat' });
  }

  /** True when the item was processed, so that its receipt goes out. */
  #work(item: InboxItem): Promise<boolean> {
    switch (item.kind) {
      case 'malformed':
        this.fail(new MessagingError(item.code, item.message, { detail: item.detail }), {
          receipt: item.receipt,
        });
        break;
      case 'end':
        this.close(item.code, item.reason);
        break;
      case 'connect':
        if (!this.#connected) return this.owner.process(item).then((result) => result === 'done');
        this.fail(new MessagingError('already-connected'));
        break;
      default:
        if (this.#connected) return this.owner.process(item).then((result) => result === 'done');
        this.fail(new MessagingError('not-connected'), { receipt: item.receipt });
    }
    return unprocessed;
  }

  #done(item: InboxItem, processed: boolean): void {
    if (processed && 'receipt' in item && item.receipt !== undefined)
      this.send({ kind: 'receipt', receipt: item.receipt });
    if (item.kind === 'disconnect') this.close();
  }
}
