// What becomes of messages that nobody has settled, however often they were handed over.
import { MessagingError } from '../../../message/error.js';
import type { Logger } from '../../../message/logger.js';
import type { Message } from '../../../message/message.js';
import type { QueuedMessage } from './queued-message.js';

export interface DeadLettersParts {
  /** Where they go. */
  readonly destination: string;
  /** Publishes, and takes out of the store what is settled by it: both or neither. */
  readonly publish: (message: Message, settled: QueuedMessage) => void | Promise<void>;
  /** A message is done with that the store has under this number. */
  readonly done: (storedAs: number) => void;
  /** Hears of messages that are lost. */
  readonly logger: Logger;
}

export class DeadLetters {
  constructor(private readonly parts: DeadLettersParts) {}

  /** Moves a message there, or says in the log that it is lost. */
  take(queued: QueuedMessage): void {
    const { destination, publish } = this.parts;
    const { storedAs } = queued;
    const { message } = queued.publication;
    try {
      if (message.destination === destination) throw new MessagingError('queue-full');
      const headers = new Map(message.headers).set('original-destination', message.destination);
      const moved = publish({ ...message, destination, headers }, queued);
      // What cannot be moved in the store stays there.
      void moved?.catch((error: unknown) =>
        this.#say(
          queued,
          storedAs === undefined ? 'is lost' : 'comes again at the next start',
          error,
        ),
      );
    } catch (error) {
      this.#lose(queued, error);
    }
  }

  #lose(queued: QueuedMessage, error: unknown): void {
    if (queued.storedAs !== undefined) this.parts.done(queued.storedAs);
    this.#say(queued, 'is lost', error);
  }

  #say({ publication: { message } }: QueuedMessage, what: string, error: unknown): void {
    const destination = JSON.stringify(message.destination);
    this.parts.logger.error(
      `A message of ${destination} could not be delivered and ${what}.`,
      error,
    );
  }
}
