// A store in memory whose writes a test can delay and let fail.
import type {
  MessageStore,
  StoreChange,
  StoredMessage,
} from '../../../../src/broker/embedded/store/message-store.js';

interface MemoryStore extends MessageStore {
  /** The texts of the stored messages. */
  readonly texts: readonly string[];
  /** The changes of each write: `+text` and `-text`. */
  readonly writes: readonly (readonly string[])[];
  /** Delays all writes until `release`. */
  hold(): void;
  release(): void;
  /** The next write fails with this. */
  fail(error: Error): void;
}

const textOf = ({ message }: StoredMessage) => Buffer.from(message.body).toString();

export function memoryStore(): MemoryStore {
  const kept = new Map<number, StoredMessage>();
  const stored = () => [...kept.values()].toSorted((a, b) => a.sequence - b.sequence);
  const texts = new Map<number, string>();
  const writes: string[][] = [];
  let failure: Error | undefined;
  let held: Promise<void> | undefined;
  let release = () => {};
  const apply = (change: StoreChange): string => {
    if (change.kind === 'remove') {
      kept.delete(change.sequence);
      return `-${texts.get(change.sequence)}`;
    }
    const { sequence } = change.stored;
    kept.set(sequence, change.stored);
    texts.set(sequence, textOf(change.stored));
    return `+${textOf(change.stored)}`;
  };
  return {
    get texts() {
      return stored().map(textOf);
    },
    writes,
    hold: () => void (held = new Promise((resolve) => (release = resolve))),
    release() {
      held = undefined;
      release();
    },
    fail: (error) => void (failure = error),
    open: async () => stored(),
    async write(changes) {
      await held;
      const failed = failure;
      failure = undefined;
      if (failed !== undefined) throw failed;
      writes.push(changes.map(apply));
    },
    close: async () => {},
  };
}
