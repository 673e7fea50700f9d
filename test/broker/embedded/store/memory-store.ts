// A store in memory whose writes a test can delay and let fail.
import type {
  MessageStore,
  StoreChange,
  StoredMessage,
} from '../../../../src/broker/embedded/store/message-store.js';

export interface MemoryStore extends MessageStore {
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

export function memoryStore(): MemoryStore {
  const kept = new Map<number, StoredMessage>();
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
    const { sequence, message } = change.stored;
    const text = Buffer.from(message.body).toString();
    kept.set(sequence, change.stored);
    texts.set(sequence, text);
    return `+${text}`;
  };
  return {
    get texts() {
      return [...kept.keys()].toSorted((a, b) => a - b).map((sequence) => texts.get(sequence)!);
    },
    writes,
    hold: () => void (held = new Promise((resolve) => (release = resolve))),
    release: () => {
      held = undefined;
      release();
    },
    fail: (error) => void (failure = error),
    open: () => Promise.resolve([...kept.values()].toSorted((a, b) => a.sequence - b.sequence)),
    async write(changes) {
      await held;
      const failed = failure;
      failure = undefined;
      if (failed !== undefined) throw failed;
      writes.push(changes.map(apply));
    },
    close: () => Promise.resolve(),
  };
}
