// Moves undeliverable messages to the dead letters, a limited number in each turn of the event loop.
import type { LimitedLog } from '../../../message/logger.js';
import { quote } from '../../../message/quote.js';
import { publicationOf, type Publication } from '../../publication.js';
import type { BrokerContext } from '../../broker.js';
import { MessagingError } from '../../../message/error.js';
import type { Journal } from '../store/journal.js';
import type { QueuedMessage } from './message-list.js';
import type { DeadLetters, DeadLetterSource } from './queue-memory.js';

/**
 * Messages that one turn of the event loop moves: about two milliseconds of work. A session with many unacknowledged messages that
 * ends would otherwise stop all other sessions for seconds.
 */
export const movesPerTurn = 200;

export interface DeadLetterParts {
  readonly destination: string;
  readonly context: BrokerContext;
  readonly journal: Pick<Journal, 'remove'> | undefined;
  /** The log of messages that could not be moved. */
  readonly log: LimitedLog;
  /** True when the queue of the dead letters can hold a message of this account and size. */
  readonly hasRoom: (dead: QueuedMessage) => boolean;
  /** Publishes the moved message; the store removes the other one in the same write. */
  publish(moved: Publication, dead: QueuedMessage): void | Promise<void>;
}

interface Batch {
  readonly messages: readonly QueuedMessage[];
  readonly source: DeadLetterSource;
  /** Number of messages that were moved. */
  moved: number;
}

export class DeadLetterQueue implements DeadLetters {
  /** In the order of their moves. A set, because removing the first item of a long array takes long. */
  readonly #waiting = new Set<Batch>();
  /** Messages that were moved in this turn. */
  #movedInTurn = 0;
  #moving = false;
  #scheduled = false;

  constructor(private readonly parts: DeadLetterParts) {}

  /** Moves messages now, or in later turns if there are many. They count for their queue until then. */
  add(messages: readonly QueuedMessage[], source: DeadLetterSource): void {
    if (messages.length === 0) return;
    this.#waiting.add({ messages, source, moved: 0 });
    this.#moveSome();
  }

  /** Called when the broker stops: moves the stored messages. The others are dropped like all messages in memory. */
  finish(): void {
    for (const { messages, source, moved } of this.#waiting)
      for (const each of messages.slice(moved))
        if (each.storedAs !== undefined) this.#move(each, source);
    this.#waiting.clear();
  }

  /** A receiver of a dead letter may reject it during its delivery, which calls `add`; the outer call continues. */
  #moveSome(): void {
    if (this.#moving) return;
    this.#moving = true;
    try {
      for (const batch of this.#waiting) this.#moveBatch(batch);
    } finally {
      this.#moving = false;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.parts.context.clock.soon(this.#beginTurn);
  }

  readonly #beginTurn = (): void => {
    this.#scheduled = false;
    this.#movedInTurn = 0;
    if (this.#waiting.size > 0) this.#moveSome();
  };

  /** Moves the messages of a batch, as many as this turn still allows. */
  #moveBatch(batch: Batch): void {
    const { messages, source } = batch;
    while (batch.moved < messages.length) {
      if (this.#movedInTurn === movesPerTurn) return;
      this.#movedInTurn++;
      this.#move(messages[batch.moved++]!, source);
    }
    this.#waiting.delete(batch);
  }

  #move(dead: QueuedMessage, source: DeadLetterSource): void {
    // They may go to the same queue, so it no longer counts the message.
    source.release(dead);
    const { log, journal } = this.parts;
    const { storedAs } = dead;
    // Publishing would throw. The exception is needed only for the log.
    if (!this.#canMove(dead) && !log.admits()) {
      if (storedAs !== undefined) journal?.remove(storedAs);
      return;
    }
    // When the store fails, it keeps the message under the old destination.
    const consequence = storedAs === undefined ? 'is lost' : 'is delivered again after a restart';
    try {
      void this.parts
        .publish(this.#movedOf(dead), dead)
        ?.catch((error: unknown) => this.#logUndeliverable(dead, consequence, error));
    } catch (error) {
      if (storedAs !== undefined) journal?.remove(storedAs);
      this.#logUndeliverable(dead, 'is lost', error);
    }
  }

  #canMove(dead: QueuedMessage): boolean {
    const { destination, hasRoom } = this.parts;
    return dead.publication.message.destination !== destination && hasRoom(dead);
  }

  /** @throws {MessagingError} `queue-full` for a message that is undeliverable there as well: it would return again and again */
  #movedOf({ publication: { message }, account }: QueuedMessage): Publication {
    const { destination, context } = this.parts;
    if (message.destination === destination)
      throw new MessagingError('queue-full', 'It is already one of the dead letters.');
    const headers = new Map(message.headers).set('original-destination', message.destination);
    return publicationOf({ ...message, destination, headers }, context, { account });
  }

  #logUndeliverable({ publication, account }: QueuedMessage, consequence: string, error: unknown) {
    const from = quote(publication.message.destination);
    const to = quote(this.parts.destination);
    const owner = account === undefined ? 'the application' : quote(account);
    this.parts.log.write(
      `A message of ${from} could not be moved to ${to} and ${consequence}. It counts for ${owner}.`,
      error,
    );
  }
}
