// The way in of one session: octets become frames, which are worked off in their order, and reading pauses while too many wait.
import type { ClientFrame, Malformed } from '../message/frame.js';
import type { Connection } from '../transport/transport.js';
import type { Activity } from './activity.js';
import type { Pulse } from './heartbeat.js';
import { Lane, type LaneWork } from './lane.js';
import type { Language } from './language.js';

/** The client says nothing more. */
interface End {
  readonly kind: 'end';
  readonly code: number;
  readonly reason: string;
}

/** What is worked off, each in its turn. */
export type InboxItem = ClientFrame | Malformed | End;

/** What an inbox tells of and asks its session. */
export interface InboxOwner {
  /** Works an item off, never rejects; true when it was processed, so that its receipt goes out. */
  work(item: InboxItem): Promise<boolean>;
  /** The item and all before it have been worked off. */
  done(item: InboxItem, processed: boolean): void;
  /** The client asks for a life sign. */
  asked(): void;
  /** The first octet is no protocol's. */
  notUnderstood(): void;
}

export interface InboxParts {
  readonly activity: Activity;
  readonly concurrency: number;
  /** Frames that may wait before reading pauses. */
  readonly limits: { readonly maxWaitingFrames: number };
}

export class Inbox implements LaneWork<InboxItem, boolean> {
  #paused = false;
  /** Nothing that arrives from now on counts: DISCONNECT was read, the input broke, or the session ends. */
  #closed = false;
  readonly #lane: Lane<InboxItem, boolean>;

  constructor(
    private readonly connection: Connection,
    private readonly language: Language,
    private readonly pulse: Pulse,
    private readonly parts: InboxParts,
    private readonly owner: InboxOwner,
  ) {
    this.#lane = new Lane(parts.concurrency, this);
  }

  /** Whether nothing waits or runs. */
  get empty(): boolean {
    return this.#lane.empty;
  }

  /** Resolves when nothing waits or runs. */
  settled(): Promise<void> {
    return this.#lane.settled();
  }

  /** Takes what arrived. */
  take(chunk: Uint8Array): void {
    if (this.#closed || chunk.length === 0) return;
    const items = this.language.hear(chunk);
    if (items === undefined) return this.owner.notUnderstood();
    for (const item of items) {
      if (item.kind === 'heartbeat') {
        if (item.wantsAnswer === true) this.owner.asked();
        continue;
      }
      this.#enqueue(item);
      if (item.kind === 'malformed' || item.kind === 'disconnect') this.#closed = true;
      if (this.#closed) return;
    }
    if (this.#lane.waiting >= this.parts.limits.maxWaitingFrames) this.#pauseReading();
  }

  /** Nothing more arrives: the session is to close with this code when what came before is done. */
  end(code: number, reason: string): void {
    if (this.#closed) return;
    this.#enqueue({ kind: 'end', code, reason });
    this.#closed = true;
  }

  /** Takes nothing more; what it took is still worked off. */
  close(): void {
    this.#closed = true;
  }

  /** Takes nothing more, and forgets what has not begun. */
  discard(): void {
    this.#closed = true;
    this.#lane.discard();
  }

  run(item: InboxItem): Promise<boolean> {
    return this.owner.work(item);
  }

  done(item: InboxItem, processed: boolean): void {
    this.owner.done(item, processed);
    if (this.#lane.empty) this.parts.activity.end();
  }

  overlaps(item: InboxItem): boolean {
    // Frames of a transaction are held in the order that they came.
    return item.kind === 'send' && item.transaction === undefined;
  }

  advanced(): void {
    if (!this.#paused || this.#lane.waiting > this.parts.limits.maxWaitingFrames / 2) return;
    this.#paused = false;
    this.connection.resume();
    this.pulse.resumed();
  }

  #enqueue(item: InboxItem): void {
    if (this.#lane.empty) this.parts.activity.begin();
    this.#lane.push(item);
  }

  #pauseReading(): void {
    if (this.#paused || this.#closed) return;
    this.#paused = true;
    this.connection.pause();
    this.pulse.paused();
  }
}
