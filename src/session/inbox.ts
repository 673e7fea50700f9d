// The inbox of a session: decodes what the client sends, and processes the frames in order.
import type { ClientFrame, Malformed } from '../message/frame.js';
import { MessagingError } from '../message/error.js';
import type { Connection } from '../transport/transport.js';
import {
  chooseCodec,
  type Decoder,
  type DecoderLimits,
  type Encoder,
  type WireCodec,
} from '../wire/codec.js';
import type { Activity } from './activity.js';
import type { ClientSession, FrameResult } from './client-session.js';
import type { Heartbeats } from './heartbeat.js';
import { framesPerTurn, type Turns } from './turns.js';

export interface InboxLimits extends DecoderLimits {
  /** Reading pauses when this many frames wait, and resumes at half of it. */
  readonly maxWaitingFrames: number;
}

/** The parts that all inboxes of a server share. */
export interface InboxParts {
  readonly activity: Activity;
  readonly turns: Turns;
  /** Protocols that clients may use. */
  readonly codecs: readonly WireCodec[];
  readonly limits: InboxLimits;
  /** SEND frames of one session that may be processed at the same time. */
  readonly concurrency: number;
}

/** The client sends no more data; the session is closed after the frames before it. */
interface EndOfInput {
  readonly kind: 'end';
  readonly code: number;
  readonly reason: string;
}

type Item = ClientFrame | Malformed | EndOfInput;

/** An item in process, or completed while an item before it is still in process. */
interface RunningItem {
  readonly item: Item;
  result: FrameResult | undefined;
}

const failed = Promise.resolve<FrameResult>('failed');

export class Inbox {
  #codec: WireCodec | undefined;
  #decoder: Decoder | undefined;
  /** Items that wait, from `#head` on: moving the head avoids copying a long queue for each item. */
  #queue: Item[] = [];
  #head = 0;
  #running: RunningItem[] = [];
  /** True while the running item must not overlap with others. */
  #exclusive = false;
  /** Items started since the inbox last waited for a turn of the event loop; a body counts as one item for each 256 bytes. */
  #startedInTurn = 0;
  /** True while the inbox waits for a later turn, because it has started as many items as it may. */
  #waitsForTurn = false;
  #paused = false;
  /** True when further input is ignored: after DISCONNECT, and when the session ends. */
  #stopped = false;
  #idleWaiters: (() => void)[] | undefined;

  constructor(
    private readonly session: ClientSession,
    private readonly connection: Connection,
    private readonly heartbeats: Heartbeats,
    private readonly parts: InboxParts,
  ) {}

  /** True when no frame waits or is in process. */
  get idle(): boolean {
    return this.#running.length === 0 && this.#waiting === 0 && !this.#waitsForTurn;
  }

  /** Name and version of the client's protocol, such as `stomp 1.2`; empty before the first byte. */
  get protocol(): string {
    return `${this.#codec?.name ?? ''} ${this.#decoder?.version ?? ''}`.trim();
  }

  /** True when the protocol has ERROR frames that do not end the session. */
  get hasNonFatalErrors(): boolean {
    return this.#codec?.hasNonFatalErrors === true;
  }

  /** The encoder for the version that the client has chosen so far; undefined before the first byte. */
  get encoder(): Encoder | undefined {
    return this.#decoder && this.#codec?.encoder(this.#decoder.version);
  }

  /** Resolves when no frame waits or is in process. */
  whenIdle(): Promise<void> {
    return this.idle
      ? Promise.resolve()
      : new Promise((resolve) => (this.#idleWaiters ??= []).push(resolve));
  }

  /** Decodes received bytes and starts processing. An exception of the codec ends the session. */
  receive(chunk: Uint8Array): void {
    if (this.#stopped || chunk.length === 0) return;
    try {
      this.#decode(chunk);
      if (this.#waiting >= this.parts.limits.maxWaitingFrames) this.#pause();
    } catch (error) {
      this.session.internalError('Decoding', error);
    }
  }

  /** No data follows: closes the session with this code after all frames before it. */
  end(code: number, reason: string): void {
    if (this.#stopped) return;
    this.#enqueue({ kind: 'end', code, reason });
  }

  /** Ignores further input; frames that were received are still processed. */
  stop(): void {
    this.#stopped = true;
  }

  /** Ignores further input, and discards the frames whose processing has not begun. */
  discard(): void {
    this.#stopped = true;
    this.#queue = [];
    this.#head = 0;
  }

  /** Starts waiting frames in the turn for which the inbox has waited. */
  continue(): void {
    this.#waitsForTurn = false;
    this.#startedInTurn = 0;
    this.#startItems();
    // The frames may have been discarded while the inbox waited.
    if (this.idle) this.#becomeIdle();
  }

  get #waiting(): number {
    return this.#queue.length - this.#head;
  }

  #decode(chunk: Uint8Array): void {
    const { codecs, limits } = this.parts;
    const { handshake, wholeMessages: messages } = this.connection;
    this.#codec ??= chooseCodec(codecs, handshake.subprotocol, chunk[0]!);
    this.#decoder ??= this.#codec?.decoder(limits, messages);
    if (this.#decoder === undefined) return this.session.closeWith('protocol-unknown');
    for (const item of this.#decoder.push(chunk)) {
      if (item.kind === 'heartbeat') {
        // Answered immediately, because the frames before it may wait for a slow handler.
        if (item.wantsAnswer === true) this.session.answerHeartbeat();
        continue;
      }
      this.#enqueue(item);
      if (item.kind === 'disconnect') this.#stopped = true;
      if (this.#stopped) return;
    }
  }

  #enqueue(item: Item): void {
    if (this.idle) this.parts.activity.begin();
    this.#queue.push(item);
    this.#startItems();
  }

  /** Starts waiting items. An item that must not overlap waits for all items before it, and all items after it wait for it. */
  #startItems(): void {
    const { concurrency } = this.parts;
    while (this.#waiting > 0 && !this.#waitsForTurn) {
      const item = this.#queue[this.#head]!;
      const overlaps = concurrency > 1 && mayOverlap(item);
      const running = this.#running.length;
      if (this.#exclusive || running >= concurrency || (!overlaps && running > 0)) return;
      if (!this.#mayStartInTurn(item)) return;
      this.#dequeue();
      this.#exclusive = !overlaps;
      void this.#run(item);
      // Last, because a transport may deliver bytes while it resumes, and their frames must wait for this item.
      if (this.#paused && this.#waiting <= this.parts.limits.maxWaitingFrames / 2) this.#resume();
    }
  }

  /** Counts an item that is about to start; false when the inbox must wait for a later turn. */
  #mayStartInTurn(item: Item): boolean {
    if (this.#startedInTurn >= framesPerTurn) {
      this.#waitsForTurn = true;
      this.parts.turns.wait(this);
      return false;
    }
    // Not reset at the end of each turn: one wait for 128 frames costs less than to know when a turn ends.
    this.#startedInTurn += item.kind === 'send' ? 1 + (item.message.body.length >>> 8) : 1;
    return true;
  }

  #dequeue(): void {
    if (++this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
  }

  async #run(item: Item): Promise<void> {
    const running: RunningItem = { item, result: undefined };
    this.#running.push(running);
    try {
      running.result = await this.#process(item);
    } catch (error) {
      running.result = 'failed';
      this.session.internalError('Processing a frame', error);
    }
    if (this.#paused) this.heartbeats.progressed();
    this.#completeInOrder();
    if (this.#running.length === 0) this.#exclusive = false;
    this.#startItems();
    if (this.idle) this.#becomeIdle();
  }

  #process(item: Item): Promise<FrameResult> {
    const { session } = this;
    switch (item.kind) {
      case 'malformed': {
        const { code, message, detail, receipt } = item;
        session.fail(new MessagingError(code, message, { detail }), { receipt });
        return failed;
      }
      case 'end':
        session.close(item.code, item.reason);
        return failed;
      case 'connect':
        if (!session.connected) return session.owner.process(item);
        session.fail(new MessagingError('already-connected'));
        return failed;
      default:
        if (session.connected) return session.owner.process(item);
        session.fail(new MessagingError('not-connected'), { receipt: item.receipt });
        return failed;
    }
  }

  /** Sends receipts in the order of the frames: an item that was completed early waits for those before it. */
  #completeInOrder(): void {
    for (let first = this.#running[0]; first?.result !== undefined; first = this.#running[0]) {
      this.#running.shift();
      const { item, result } = first;
      if (result === 'done' && 'receipt' in item && item.receipt !== undefined)
        this.session.send({ kind: 'receipt', receipt: item.receipt });
      if (item.kind === 'disconnect') this.session.close();
    }
  }

  #becomeIdle(): void {
    this.parts.activity.end();
    const waiters = this.#idleWaiters;
    this.#idleWaiters = undefined;
    if (waiters !== undefined) for (const resolve of waiters) resolve();
  }

  #pause(): void {
    if (this.#paused || this.#stopped) return;
    this.#paused = true;
    try {
      this.connection.pause();
    } catch (error) {
      this.session.internalError('Pausing', error);
    }
    this.heartbeats.paused();
  }

  #resume(): void {
    this.#paused = false;
    try {
      this.connection.resume();
    } catch (error) {
      this.session.internalError('Resuming', error);
    }
    this.heartbeats.resumed();
  }
}

/** SEND frames may overlap, except in a transaction, which keeps them in order. */
function mayOverlap(item: Item): boolean {
  return item.kind === 'send' && item.transaction === undefined;
}
