// Writes to the store in batches: changes that arrive during a write are written together afterwards, in order.
import { MessagingError } from '../../../message/error.js';
import type { Logger } from '../../../message/logger.js';
import { quote } from '../../../message/quote.js';
import type { MessageStore, StoreChange, StoredMessage } from './message-store.js';

interface PendingWrite {
  readonly changes: readonly StoreChange[];
  readonly resolve: () => void;
  readonly reject: (error: MessagingError) => void;
}

export class Journal {
  #sequence = 0;
  /** True while the store is open: a store that could not be opened may be in use by another broker. */
  #isOpen = false;
  #closed = false;
  #pending: PendingWrite[] = [];
  /** Sequence numbers of messages that the store still has to remove. */
  #removals: number[] = [];
  /** Removals that a write has failed to make. */
  #failedRemovals = 0;
  /** True after a failed write, until a write succeeds. */
  #isFailing = false;
  #writing: Promise<void> | undefined;

  constructor(
    private readonly store: MessageStore,
    private readonly logger: Logger,
  ) {}

  /**
   * Opens the store and returns its messages in order.
   *
   * @throws {MessagingError} `store-failed`, also for other values than messages in order; `store-damaged`
   */
  async open(): Promise<readonly StoredMessage[]> {
    const stored: unknown = await this.store.open();
    this.#isOpen = true;
    if (this.#closed) {
      // The broker was stopped while the store opened.
      await this.#closeStore();
      return [];
    }
    requireStored(stored);
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
    await this.#closeStore();
  }

  async #closeStore(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
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
      const changes = [
        ...pending.flatMap(({ changes: each }) => each),
        ...removals.map((sequence): StoreChange => ({ kind: 'remove', sequence })),
      ];
      const failure = await this.#tryWrite(changes);
      // Failed removals are repeated with the next write.
      if (failure !== undefined) this.#removals = [...removals, ...this.#removals];
      this.#failedRemovals = failure === undefined ? 0 : removals.length;
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
      if (changes.length > 0) {
        await this.store.write(changes);
        this.#isFailing = false;
      }
      return undefined;
    } catch (cause) {
      this.#logFailure(changes, cause);
      return new MessagingError('store-failed', undefined, { cause });
    }
  }

  /** Logs the first failure only, until a write succeeds: a full disk fails every write. */
  #logFailure(changes: readonly StoreChange[], cause: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const added = changes.flatMap((change) => (change.kind === 'put' ? [change.stored] : []));
    const [first] = added;
    if (first === undefined) {
      this.logger.error('Acknowledged messages could not be removed from the store yet.', cause);
      return;
    }
    const destination = quote(first.message.destination);
    const text =
      added.length === 1
        ? `A message for ${destination} could not be stored.`
        : `${added.length} messages could not be stored; the first is for ${destination}.`;
    this.logger.error(`${text} Failures are not logged again until a write succeeds.`, cause);
  }
}

/** The application may have written the store. @throws {MessagingError} `store-failed` */
function requireStored(stored: unknown): asserts stored is readonly StoredMessage[] {
  if (!Array.isArray(stored))
    throw new MessagingError('store-failed', 'open() of the store must return a list of messages.');
  let last = 0;
  for (const [i, each] of (stored as readonly unknown[]).entries()) {
    if (!isStored(each))
      throw new MessagingError(
        'store-failed',
        `Item ${i} that open() of the store returned is not a StoredMessage.`,
      );
    if (each.sequence <= last)
      throw new MessagingError(
        'store-failed',
        `The messages that open() of the store returned must have ascending sequences; item ${i} has ${each.sequence} after ${last}.`,
      );
    last = each.sequence;
  }
}

function isStored(value: unknown): value is StoredMessage {
  const { sequence, id, message } = (value ?? {}) as Partial<StoredMessage>;
  return (
    Number.isSafeInteger(sequence) &&
    typeof id === 'string' &&
    typeof message?.destination === 'string' &&
    message.headers instanceof Map &&
    message.body instanceof Uint8Array
  );
}
