// Waiting for an implementation that may answer later, but not for ever.
import { deadline, turns } from '../real-time.js';

/** Milliseconds of the machine's time in which everything that is promised has to come. */
const patience = 5000;

/** Resolves when it is so; rejects with the sentence when it does not become so. */
export async function eventually(sentence: string, isSo: () => boolean): Promise<void> {
  let late = false;
  const timer = deadline(patience, () => (late = true));
  try {
    for (let asked = 0; !isSo(); asked++) {
      if (late) throw new Error(sentence);
      // Most things come within a few turns; what takes longer leaves the processor to others.
      await (asked < 100 ? turns(1) : new Promise<void>((resolve) => deadline(5, resolve)));
    }
  } finally {
    timer.cancel();
  }
}

/** What was answered; rejects with the sentence when no answer comes. */
export function answer<T>(sentence: string, asked: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = deadline(patience, () => reject(new Error(sentence)));
    void Promise.resolve(asked)
      .then(resolve, reject)
      .finally(() => timer.cancel());
  });
}
