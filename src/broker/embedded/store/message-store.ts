// The contract of a store: messages of queues that are to survive the end of the process.
import type { Message } from '../../../message/message.js';

export interface StoredMessage {
  /** Its place among all that the store holds; never given twice. */
  readonly sequence: number;
  /** The id that subscribers know it by. */
  readonly id: string;
  readonly message: Message;
}

export type StoreChange =
  | { readonly kind: 'put'; readonly stored: StoredMessage }
  | { readonly kind: 'remove'; readonly sequence: number };

export interface MessageStore {
  /** Called once, before all else: everything that was put and not removed, by sequence. Errors: `store-failed`, `store-damaged`. */
  open(): Promise<readonly StoredMessage[]>;
  /** All of them or none; they survive the machine's sudden end when this resolves. Called again only when it has settled. */
  write(changes: readonly StoreChange[]): Promise<void>;
  /** Called once, when nothing is being written. */
  close(): Promise<void>;
}
