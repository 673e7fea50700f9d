// Runs long work of subscriptions in slices, one slice per turn of the event loop, in equal shares for all accounts.
import type { Clock } from '../../message/clock.js';

/** Work that runs until its next `yield` in each turn, such as a search among the retained messages. */
export interface SlicedWork {
  readonly slices: Iterator<void>;
  /** Called before each slice. False when its subscription has ended meanwhile; the work is then removed. */
  readonly isWanted: () => boolean;
}

interface WaitingWork extends SlicedWork {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Deliveries to one subscription after which the rest of its messages waits for a later turn: about a millisecond of work. A pattern
 * can match 10,000 retained messages, and 100,000 messages can wait for the consumer of a queue.
 */
export const deliveriesPerSlice = 250;

const noSlices: Iterator<void> = [].values();

export class TurnQueue {
  /** The work of each account, in its order. The account whose last slice is longest ago comes first. */
  readonly #waiting = new Map<string | undefined, WaitingWork[]>();
  #scheduled = false;

  constructor(private readonly clock: Clock) {}

  /** Resolves when the work has ended or is no longer wanted; rejects with its exception. */
  run(account: string | undefined, work: SlicedWork): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(account) ?? [];
      this.#waiting.set(account, waiting);
      waiting.push({ ...work, resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves in the next turn of the account, and when the work is no longer wanted. */
  turn(account: string | undefined, isWanted: () => boolean): Promise<void> {
    return this.run(account, { slices: noSlices, isWanted });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.clock.soon(this.#runTurn);
  }

  readonly #runTurn = (): void => {
    this.#scheduled = false;
    for (const [account, waiting] of this.#waiting) {
      this.#waiting.delete(account);
      const wanted = removeUnwanted(waiting);
      const [first] = wanted;
      if (first === undefined) continue;
      const rest = runSlice(first) ? wanted.slice(1) : wanted;
      // A slice may have added work of its account.
      rest.push(...(this.#waiting.get(account) ?? []));
      this.#waiting.delete(account);
      if (rest.length > 0) this.#waiting.set(account, rest);
      break;
    }
    if (this.#waiting.size > 0) this.#schedule();
  };
}

function removeUnwanted(waiting: readonly WaitingWork[]): WaitingWork[] {
  return waiting.filter(({ isWanted, resolve }) => {
    const wanted = isWanted();
    if (!wanted) resolve();
    return wanted;
  });
}

/** Returns true when the work has ended. */
function runSlice({ slices, resolve, reject }: WaitingWork): boolean {
  try {
    if (slices.next().done !== true) return false;
    resolve();
  } catch (error) {
    reject(error);
  }
  return true;
}
