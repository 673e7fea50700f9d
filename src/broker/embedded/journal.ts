// The way to the store: what comes while it writes is written together next, and takes effect in the order it came.
import { MessagingError } from '../../message/error.js';
import type { Logger } from '../../message/logger.js';
import type { MessageStore, StoreChange, StoredMessage } from './message-store.js';

interface Entry {
  readonly changes: readonly StoreChange[];
  readonly written: () => void;
  readonly failed: (error: MessagingError) => void;
}

export class Journal {
  #sequence = 0;
  #effects = 0;
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
    this.#sequence = stored.at(-1)?.sequence ?? 0;
    return stored;
  }

  /** Whether something waits to take effect. */
  get busy(): boolean {
    return this.#effects > 0;
  }

  /** The place of a new message. */
  nextSequence(): number {
    return ++this.#sequence;
  }

  /**
   * Runs `effect` when the changes are durable, behind all that was written before.
   *
   * @throws `store-failed`, and what `effect` does; where the store has failed it does not run
   */
  write(changes: readonly StoreChange[], effect: () => void): Promise<void> {
    this.#effects++;
    return new Promise((resolve, reject) => {
      const written = () => {
        this.#effects--;
        try {
          effect();
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      };
      const failed = (error: MessagingError) => {
        this.#effects--;
        reject(error);
      };
      this.#add({ changes, written, failed });
    });
  }

  /** A message is done with. Nobody waits for it: where it is not written in time, the message comes again. */
  remove(sequence: number): void {
    this.#removed.push(sequence);
    this.#begin();
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    this.#begin();
    await this.#writing;
    await this.store.close();
  }

  #add(entry: Entry): void {
    this.#waiting.push(entry);
    this.#begin();
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
