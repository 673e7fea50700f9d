// The inbox of a session: decodes received bytes, and processes the frames in order.
import type { Clock } from '../message/clock.js';
import type { ClientFrame, ConnectFrame, Heartbeat, Malformed } from '../message/frame.js';
import { MessagingError } from '../message/error.js';
import { requireResult } from '../message/promise.js';
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
import { StallWatch } from './stall-watch.js';
import {
  fastFramesTime,
  framesPerReading,
  framesPerTurn,
  timePerTurn,
  type Turns,
  type WaitingWork,
} from './turns.js';
import { blockBytes, WaitingChunks } from './waiting-chunks.js';

export interface InboxLimits extends DecoderLimits {
  /** Reading pauses when this many frames wait, and resumes at half of it. */
  readonly maxWaitingFrames: number;
  /**
   * Reading pauses when waiting frames need this many bytes of memory, counted since frames began to wait, and resumes when no frame
   * waits.
   */
  readonly maxWaitingBytes: number;
}

/** Bytes that may wait for the answer to CONNECT: a client may send a few SUBSCRIBE frames immediately. */
const maxEarlyBytes = 4096;

/** Memory of a waiting chunk in addition to its bytes: its place in a list, and its view of a buffer if it was not copied. */
const placeBytes = 8;
const viewBytes = 128;

/** The parts that all inboxes of a server share. */
export interface InboxParts {
  readonly clock: Clock;
  readonly activity: Activity;
  readonly turns: Turns;
  /** Protocols that clients may use. */
  readonly codecs: readonly WireCodec[];
  readonly limits: InboxLimits;
  /** Makes a frame of each message, or of each part of one; undefined when the messages belong to one of the protocols. */
  readonly readMessage?:
    | ((message: Uint8Array, binary: boolean, more: boolean) => ClientFrame | Malformed)
    | undefined;
  /** SEND frames of one session that may be processed at the same time. */
  readonly concurrency: number;
  /** Time without a completed frame while frames wait, in milliseconds; 0 for no limit. */
  readonly stallTimeout: number;
}

/** The client sends no more data; the session is closed after the frames before it. */
interface EndOfInput {
  readonly kind: 'end';
  readonly code: number;
  readonly reason: string;
  readonly detail: string | undefined;
}

type Item = ClientFrame | Malformed | EndOfInput;
type Input = Uint8Array | Item;

/** An item in process, or completed while an item before it is still in process. */
interface RunningItem {
  readonly item: Item;
  result: FrameResult | undefined;
}

const failed = Promise.resolve<FrameResult>('failed');

export class Inbox implements WaitingWork {
  #codec: WireCodec | undefined;
  #decoder: Decoder | undefined;
  /** The next chunk to decode, or the end of the input. It waits if too many items wait, or the inbox waits for a turn. */
  #next: Input | undefined;
  /** The input after `#next`; undefined when there is none, which is the usual case. */
  #later: WaitingChunks<Item> | undefined;
  /** The items of the current chunk that are not decoded. */
  #decoding: Iterator<ClientFrame | Heartbeat | Malformed> | undefined;
  /** Memory of the chunks received since items began to wait; at least the memory of all items that wait. */
  #waitingBytes = 0;
  /** The large buffer that was counted last: its other chunks need no further memory. */
  #countedBuffer: ArrayBufferLike | undefined;
  /** True while work is counted in the activity of the server. */
  #active = false;
  /** True while `#advance` runs. */
  #advancing = false;
  /** Items that wait, from `#head` on: moving the head avoids copying a long queue for each item. */
  #queue: Item[] = [];
  #head = 0;
  #running: RunningItem[] = [];
  /** True while the running item must not overlap with others. */
  #exclusive = false;
  /** Items started, and heart-beats, since the inbox last waited for a turn of the event loop. */
  #startedInTurn = 0;
  /** Time of the clock at which the turn ends, in milliseconds. */
  #turnEnds = 0;
  /** The last time that was read from the clock, in milliseconds. */
  #lastReading = 0;
  /** The clock is read again when `#startedInTurn` has reached this number. */
  #nextReading = 0;
  /** True while the inbox waits for a later turn, because it has used its share of this one. */
  #waitsForTurn = false;
  #paused = false;
  /** True when further input is ignored: after DISCONNECT, and when the session ends. */
  #stopped = false;
  #idleWaiters: (() => void)[] | undefined;
  /** Created when frames first wait. */
  #watch: StallWatch | undefined;

  constructor(
    private readonly session: ClientSession,
    private readonly connection: Connection,
    private readonly heartbeats: Heartbeats,
    private readonly parts: InboxParts,
  ) {}

  /** The account whose share of the turns it uses. */
  get account(): string {
    return this.session.owner.held.account;
  }

  /** True when frames wait whose answers can no longer reach the client. */
  get lost(): boolean {
    return this.session.gone && this.#hasWaiting;
  }

  /** True when no frame waits or is in process. */
  get idle(): boolean {
    return !this.#active;
  }

  /**
   * True when `stallTimeout` applies: frames wait, or the session has ended before its frames are completed. Before CONNECT,
   * `connectTimeout` applies instead.
   */
  get isBlocked(): boolean {
    const { connected, gone } = this.session;
    return this.#active && (gone || (connected && this.#hasWaiting));
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
    const encoder = this.#decoder && this.#codec?.encoder(this.#decoder.version);
    return requireResult(encoder, 'encoder() of the codec');
  }

  /** Resolves when no frame waits or is in process. */
  whenIdle(): Promise<void> {
    return this.idle
      ? Promise.resolve()
      : new Promise((resolve) => (this.#idleWaiters ??= []).push(resolve));
  }

  /** Processes the CONNECT that the server makes for a client whose messages belong to no protocol. */
  begin(frame: ConnectFrame): void {
    this.#measureFrom(this.parts.clock.now());
    this.#add(frame);
  }

  /** Decodes received bytes and starts processing. @param now the time of the clock */
  receive(chunk: Uint8Array, now: number, binary = false, more = false): void {
    const { readMessage, turns } = this.parts;
    if (this.#stopped || (chunk.length === 0 && readMessage === undefined)) return;
    if (!this.#active) {
      this.#measureFrom(now);
      if (turns.busy && turns.isCrowded(this.account)) this.#waitForTurn();
    }
    const copied = this.#add(readMessage === undefined ? chunk : readMessage(chunk, binary, more));
    if (this.#hasWaiting)
      this.#hold(copied ? chunk.length + placeBytes : viewBytes + this.#retainedBytes(chunk));
  }

  /** No data follows: closes the session with this code after all frames before it. */
  end(code: number, reason: string, detail?: string): void {
    if (this.#stopped) return;
    this.#add({ kind: 'end', code, reason, detail });
    if (this.#hasWaiting) this.watch();
  }

  /** Ignores further input; frames that were received are still processed. */
  stop(): void {
    this.#stopped = true;
    if (!this.#active) this.#watch?.stop();
  }

  /** Reports to the session when no frame is completed for `stallTimeout`. */
  watch(): void {
    const { clock, stallTimeout } = this.parts;
    this.#watch ??= new StallWatch(this, this.session, clock, stallTimeout);
    this.#watch.start();
  }

  /** A part of a frame was processed, because a long COMMIT must not count as stalled. */
  progressed(): void {
    this.#watch?.progressed();
  }

  /** Discards all frames, and counts as idle although a frame may be in process: it may never be completed. */
  abandon(): void {
    this.discard();
    if (this.#active) this.#becomeIdle();
  }

  /** Ignores further input, and discards the frames whose processing has not begun. */
  discard(): void {
    this.#stopped = true;
    this.#discardUndecoded();
    this.#queue = [];
    this.#head = 0;
    this.#release();
    if (!this.#active) this.#watch?.stop();
  }

  /** Continues in the turn for which the inbox has waited. @param now the time of the clock */
  continue(now: number): void {
    this.#waitsForTurn = false;
    this.#startedInTurn = 0;
    this.#measureFrom(now);
    this.#advance();
  }

  get #waiting(): number {
    return this.#queue.length - this.#head;
  }

  get #hasUndecoded(): boolean {
    return this.#decoding !== undefined || this.#next !== undefined;
  }

  get #hasWaiting(): boolean {
    return this.#waiting > 0 || this.#hasUndecoded;
  }

  /** Bytes that may wait. With 0, reading pauses while any frame waits, so that frames that end a transaction are still read. */
  get #maxWaitingBytes(): number {
    const { connected, owner } = this.session;
    if (!connected) return maxEarlyBytes;
    return owner.held.full ? 0 : this.parts.limits.maxWaitingBytes;
  }

  /** Returns true when the input is a chunk that waits as a copy. */
  #add(input: Input): boolean {
    let copied = false;
    if (this.#next === undefined) this.#next = input;
    else {
      this.#later ??= new WaitingChunks();
      if (input instanceof Uint8Array) copied = this.#later.addChunk(input);
      else this.#later.add(input);
    }
    this.#advance();
    return copied;
  }

  /** Starts and decodes as many items as may be in process now. An exception of the codec ends the session. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      this.#startItems();
      this.#decode();
    } catch (error) {
      this.session.internalError('Decoding', error);
    }
    this.#advancing = false;
    if (!this.#hasWaiting) this.#release();
    // Last, because a transport may deliver bytes while it resumes.
    if (this.#paused && this.#mayResume) this.#resume();
    if (this.#active && this.#running.length === 0 && !this.#hasWaiting && !this.#waitsForTurn)
      this.#becomeIdle();
  }

  /** Decodes lazily, so that a chunk of many small frames waits as bytes. */
  #decode(): void {
    const { maxWaitingFrames } = this.parts.limits;
    while (this.#hasUndecoded && this.#waiting < maxWaitingFrames && this.#hasTurn()) {
      const item = this.#nextItem();
      if (item === undefined) return;
      if (item.kind === 'heartbeat') {
        this.#startedInTurn++;
        // Answered immediately, because the frames before it may wait for a slow handler.
        if (item.wantsAnswer === true) this.session.answerHeartbeat();
        continue;
      }
      this.#begin();
      this.#queue.push(item);
      if (item.kind === 'disconnect') {
        this.#stopped = true;
        this.#discardUndecoded();
      }
      this.#startItems();
    }
  }

  /** The next item of the received bytes; undefined when more bytes are needed, or when no codec fits them. */
  #nextItem(): Item | Heartbeat | undefined {
    for (;;) {
      const next = this.#decoding?.next();
      if (next?.done === false) return next.value;
      this.#decoding = undefined;
      const input = this.#take();
      if (input === undefined || !(input instanceof Uint8Array)) return input;
      const decoder = this.#chooseDecoder(input);
      if (decoder === undefined) {
        this.session.closeWith('protocol-unknown');
        return undefined;
      }
      const items = decoder.push(input);
      if (items[Symbol.iterator] === undefined) requireResult(items, 'push() of the decoder');
      this.#decoding = items[Symbol.iterator]();
    }
  }

  #chooseDecoder(chunk: Uint8Array): Decoder | undefined {
    const { codecs, limits } = this.parts;
    const { handshake, wholeMessages } = this.connection;
    this.#codec ??= chooseCodec(codecs, handshake.subprotocol, chunk[0]!);
    return (this.#decoder ??= requireResult(
      this.#codec?.decoder(limits, wholeMessages),
      'decoder() of the codec',
    ));
  }

  #take(): Input | undefined {
    const input = this.#next;
    this.#next = this.#later?.take();
    if (this.#later?.empty === true) this.#later = undefined;
    return input;
  }

  #discardUndecoded(): void {
    this.#next = undefined;
    this.#later = undefined;
    this.#decoding = undefined;
  }

  /** Starts waiting items. An item that must not overlap waits for all items before it, and all items after it wait for it. */
  #startItems(): void {
    const { concurrency } = this.parts;
    while (this.#waiting > 0) {
      const item = this.#queue[this.#head]!;
      const overlaps = concurrency > 1 && mayOverlap(item);
      const running = this.#running.length;
      if (this.#exclusive || running >= concurrency || (!overlaps && running > 0)) return;
      if (!this.#hasTurn() || !this.#hasTime()) return;
      // Not reset at the end of each turn: one wait for 128 frames takes less time than to detect the end of a turn.
      this.#startedInTurn += costOf(item);
      this.#dequeue();
      this.#exclusive = !overlaps;
      void this.#run(item);
    }
  }

  /** False when the inbox has started as many items as it may in this turn; it continues in a later one. */
  #hasTurn(): boolean {
    if (this.#startedInTurn >= framesPerTurn && !this.#waitsForTurn) this.#waitForTurn();
    return !this.#waitsForTurn;
  }

  /** False when the items of this turn have taken too long; the inbox continues in a later one. */
  #hasTime(): boolean {
    if (this.#startedInTurn < this.#nextReading) return true;
    const now = this.parts.clock.now();
    const areFast = now - this.#lastReading < fastFramesTime;
    this.#nextReading = this.#startedInTurn + (areFast ? framesPerReading : 1);
    this.#lastReading = now;
    if (now < this.#turnEnds) return true;
    this.#waitForTurn();
    return false;
  }

  /** Begins to measure the time of a turn. The clock is read before the second item, so the first one always starts. */
  #measureFrom(now: number): void {
    this.#turnEnds = now + timePerTurn;
    this.#lastReading = now;
    this.#nextReading = this.#startedInTurn + 1;
  }

  #waitForTurn(): void {
    this.#waitsForTurn = true;
    this.#begin();
    this.parts.turns.wait(this);
  }

  #dequeue(): void {
    if (++this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
  }

  #begin(): void {
    if (this.#active) return;
    this.#active = true;
    this.parts.activity.begin();
  }

  /** Counts the memory of a chunk that waits, and pauses reading when too much waits. */
  #hold(bytes: number): void {
    this.#waitingBytes += bytes;
    this.session.owner.held.add(bytes);
    this.watch();
    const { maxWaitingFrames } = this.parts.limits;
    if (this.#waiting >= maxWaitingFrames || this.#waitingBytes > this.#maxWaitingBytes)
      this.#pause();
  }

  /** The bytes that a chunk keeps in memory: those of the whole read if they were not counted for an earlier chunk. */
  #retainedBytes({ buffer, length }: Uint8Array): number {
    // A smaller buffer may belong to a pool of Node, which other sessions use as well.
    if (buffer.byteLength < blockBytes) return length;
    if (buffer === this.#countedBuffer) return 0;
    this.#countedBuffer = buffer;
    return buffer.byteLength;
  }

  #release(): void {
    if (this.#waitingBytes === 0) return;
    this.session.owner.held.add(-this.#waitingBytes);
    this.#waitingBytes = 0;
    this.#countedBuffer = undefined;
  }

  get #mayResume(): boolean {
    const { maxWaitingFrames } = this.parts.limits;
    return (
      this.#waiting <= maxWaitingFrames / 2 &&
      (this.#waitingBytes === 0 || this.#waitingBytes <= this.#maxWaitingBytes)
    );
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
    this.#watch?.progressed();
    this.#completeInOrder();
    if (this.#running.length === 0) this.#exclusive = false;
    this.#startItems();
    // Decoded in batches, because one frame at a time would cost half as much again.
    const { maxWaitingFrames } = this.parts.limits;
    if (this.#waiting <= (this.#paused ? maxWaitingFrames / 2 : 0)) this.#advance();
  }

  #process(item: Item): Promise<FrameResult> {
    const { session } = this;
    switch (item.kind) {
      case 'malformed': {
        const { code, message, detail, receipt } = item;
        session.protocolError(new MessagingError(code, message, { detail }), { receipt });
        return failed;
      }
      case 'end':
        session.close(item.code, item.reason, item.detail);
        return failed;
      case 'connect':
        if (!session.connected) return session.owner.process(item);
        session.protocolError(new MessagingError('already-connected'));
        return failed;
      default:
        if (session.connected) return session.owner.process(item);
        session.protocolError(new MessagingError('not-connected'), { receipt: item.receipt });
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
    this.#active = false;
    this.parts.activity.end();
    if (this.#stopped) this.#watch?.stop();
    const waiters = this.#idleWaiters;
    this.#idleWaiters = undefined;
    if (waiters !== undefined) for (const resolve of waiters) resolve();
  }

  #pause(): void {
    if (this.#paused || this.#stopped) return;
    this.#paused = true;
    try {
      requireResult(this.connection.pause(), 'pause() of the connection');
    } catch (error) {
      this.session.internalError('Pausing', error);
    }
    this.heartbeats.paused();
  }

  #resume(): void {
    this.#paused = false;
    try {
      requireResult(this.connection.resume(), 'resume() of the connection');
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

/** The part of a turn that an item uses: a body counts as one item for each 256 bytes. */
function costOf(item: Item): number {
  return item.kind === 'send' ? 1 + (item.message.body.length >>> 8) : 1;
}
