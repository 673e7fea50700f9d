// The contract of a message store: it keeps messages of queues that must survive the end of the process.
import type { Message } from '../../../message/message.js';

/** A message with its place in the store. */
export interface StoredMessage {
  /** The order of the messages; each number is used once. */
  readonly sequence: number;
  /** The `message-id` of its deliveries. */
  readonly id: string;
  /** The message. */
  readonly message: Message;
}

/** One change of the store. */
export type StoreChange =
  | { readonly kind: 'put'; readonly stored: StoredMessage }
  | { readonly kind: 'remove'; readonly sequence: number };

/** Keeps persistent messages of queues (`persistent:true`) beyond the end of the process. */
export interface MessageStore {
  /**
   * Called once, before everything else. Returns the messages that were put and not removed, by sequence.
   *
   * @throws {MessagingError} `store-failed`, `store-damaged`
   */
  open(): Promise<readonly StoredMessage[]>;
  /** Stores all changes or none. When it resolves, they survive a power failure. Called again only after it has settled. */
  write(changes: readonly StoreChange[]): Promise<void>;
  /** Called once, after the last write. Not called when `open` has failed. */
  close(): Promise<void>;
}
