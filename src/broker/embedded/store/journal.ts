// The way to the store: what comes while it writes is written together next, and takes effect in the order it came.
import { MessagingError } from '../../../message/error.js';
import type { Logger } from '../../../message/logger.js';
import type { MessageStore, StoreChange, StoredMessage } from './message-store.js';

/** What becomes of changes: exactly one of them happens. */
export interface Outcome {
  /** They are durable. */
  written(): void;
  /** The store has failed; nothing of them is there. */
  failed(): void;
}

interface Entry {
  readonly changes: readonly StoreChange[];
  readonly written: () => void;
  readonly failed: (error: MessagingError) => void;
}

export class Journal {
  #sequence = 0;
  #closed = false;
  #waiting: Entry[] = [];
  /** Messages that are done with. */
  #removed: number[] = [];
  /** How many of them a write has failed to remove. */
  #putOffCount = 0;
  #writing: Promise<void> | undefined;

  constructor(
    private readonly store: MessageStore,
    private readonly logger: Logger,
  ) {}

  /** What the store holds, in order. @throws what the store does */
  async open(): Promise<readonly StoredMessage[]> {
    const stored = await this.store.open();
    this.#closed = false;
    this.#sequence = stored.at(-1)?.sequence ?? 0;
    return stored;
  }

  /** The place of a new message. */
  nextSequence(): number {
    return ++this.#sequence;
  }

  /** Tells what became of the changes behind all that was written before; without any, nothing can fail. @throws `store-failed` */
  write(changes: readonly StoreChange[], outcome: Outcome): Promise<void> {
    return new Promise((resolve, reject) => {
      const written = () => {
        try {
          outcome.written();
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      };
      const failed = (error: MessagingError) => {
        outcome.failed();
        reject(error);
      };
      this.#waiting.push({ changes, written, failed });
      this.#begin();
    });
  }

  /** A message is done with. Nobody waits for it: where it is not written in time, the message comes again. */
  remove(sequence: number): void {
    if (this.#closed) return;
    this.#removed.push(sequence);
    this.#begin();
  }

  /** Resolves when all is written; what comes later fails. */
  async close(): Promise<void> {
    this.#begin();
    await this.#writing;
    this.#closed = true;
    await this.store.close();
  }

  #begin(): void {
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // What the same turn adds is written with it, as the two halves of a move to another queue.
    await Promise.resolve();
    do {
      const batch = this.#waiting;
      const removed = this.#removed;
      this.#waiting = [];
      this.#removed = [];
      const failure = await this.#tryWrite([
        ...batch.flatMap(({ changes }) => changes),
        ...removed.map((sequence): StoreChange => ({ kind: 'remove', sequence })),
      ]);
      if (failure !== undefined) this.#putOff(removed, failure);
      for (const { changes, written, failed } of batch) {
        if (failure === undefined || changes.length === 0) written();
        else failed(failure);
      }
    } while (this.#waiting.length > 0 || this.#removed.length > this.#putOffCount);
    this.#writing = undefined;
  }

  async #tryWrite(changes: readonly StoreChange[]): Promise<MessagingError | undefined> {
    try {
      if (this.#closed) throw new Error('The broker has stopped.');
      if (changes.length > 0) await this.store.write(changes);
      this.#putOffCount = 0;
      return undefined;
    } catch (cause) {
      return new MessagingError('store-failed', undefined, { cause });
    }
  }

  /** What could not be removed is tried again with the next write; said once, until one succeeds. */
  #putOff(removed: readonly number[], failure: MessagingError): void {
    if (this.#putOffCount === 0 && removed.length > 0)
      this.logger.error('Messages that are done with could not be removed yet.', failure);
    this.#removed = [...removed, ...this.#removed];
    this.#putOffCount = removed.length;
  }
}
