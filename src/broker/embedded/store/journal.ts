// Writes to the store in batches: changes that arrive during a write are written together afterwards, in order.
import { MessagingError } from '../../../message/error.js';
import type { Logger } from '../../../message/logger.js';
import type { MessageStore, StoreChange, StoredMessage } from './message-store.js';

interface PendingWrite {
  readonly changes: readonly StoreChange[];
  readonly resolve: () => void;
  readonly reject: (error: MessagingError) => void;
}

export class Journal {
  #sequence = 0;
  #closed = false;
  #pending: PendingWrite[] = [];
  /** Sequence numbers of messages that the store still has to remove. */
  #removals: number[] = [];
  /** Removals that a write has failed to make. */
  #failedRemovals = 0;
  #writing: Promise<void> | undefined;

  constructor(
    private readonly store: MessageStore,
    private readonly logger: Logger,
  ) {}

  /** Opens the store and returns its messages in order. @throws {MessagingError} `store-failed`, `store-damaged` */
  async open(): Promise<readonly StoredMessage[]> {
    const stored = await this.store.open();
    this.#sequence = stored.at(-1)?.sequence ?? 0;
    return stored;
  }

  /** The sequence number of a new message. */
  nextSequence(): number {
    return ++this.#sequence;
  }

  /**
   * Resolves when these changes and all earlier ones are stored. Without changes it waits for the earlier ones and never rejects.
   *
   * @throws {MessagingError} `store-failed`
   */
  write(changes: readonly StoreChange[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ changes, resolve, reject });
      this.#begin();
    });
  }

  /** Removes a message with one of the next writes. When the process ends earlier, the message is delivered again. */
  remove(sequence: number): void {
    if (this.#closed) return;
    this.#removals.push(sequence);
    this.#begin();
  }

  /** Resolves when everything is stored and the store is closed; later writes are rejected. */
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
    // Changes of the same turn belong together, such as the two halves of a move to another queue.
    await Promise.resolve();
    do {
      const pending = this.#pending;
      const removals = this.#removals;
      this.#pending = [];
      this.#removals = [];
      const failure = await this.#tryWrite([
        ...pending.flatMap(({ changes }) => changes),
        ...removals.map((sequence): StoreChange => ({ kind: 'remove', sequence })),
      ]);
      if (failure !== undefined) this.#retryLater(removals, failure);
      for (const { changes, resolve, reject } of pending) {
        if (failure === undefined || changes.length === 0) resolve();
        else reject(failure);
      }
    } while (this.#pending.length > 0 || this.#removals.length > this.#failedRemovals);
    this.#writing = undefined;
  }

  async #tryWrite(changes: readonly StoreChange[]): Promise<MessagingError | undefined> {
    try {
      if (this.#closed) throw new Error('The broker has stopped.');
      if (changes.length > 0) await this.store.write(changes);
      this.#failedRemovals = 0;
      return undefined;
    } catch (cause) {
      return new MessagingError('store-failed', undefined, { cause });
    }
  }

  /** Repeats failed removals with the next write. Logs the first failure only, until a write succeeds. */
  #retryLater(removals: readonly number[], failure: MessagingError): void {
    if (this.#failedRemovals === 0 && removals.length > 0)
      this.logger.error('Acknowledged messages could not be removed from the store yet.', failure);
    this.#removals = [...removals, ...this.#removals];
    this.#failedRemovals = removals.length;
  }
}
