// Runs scans of retained messages in slices, one slice per turn of the event loop, in equal shares for all accounts.
import type { Clock } from '../../../message/clock.js';

/** A scan that runs until its next `yield` in each turn. */
export interface Scan {
  readonly slices: Iterator<void>;
  /** False when its subscription has ended meanwhile; the scan is then removed. */
  readonly isWanted: () => boolean;
}

interface WaitingScan extends Scan {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class ScanQueue {
  /** The scans of each account, in their order. The account whose last slice is longest ago comes first. */
  readonly #waiting = new Map<string | undefined, WaitingScan[]>();
  #scheduled = false;

  constructor(private readonly clock: Clock) {}

  /** Resolves when the scan has ended or is no longer wanted; rejects with its exception. */
  run(account: string | undefined, scan: Scan): Promise<void> {
    return new Promise((resolve, reject) => {
      const scans = this.#waiting.get(account) ?? [];
      this.#waiting.set(account, scans);
      scans.push({ ...scan, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.clock.soon(this.#runTurn);
  }

  readonly #runTurn = (): void => {
    this.#scheduled = false;
    for (const [account, scans] of this.#waiting) {
      this.#waiting.delete(account);
      const wanted = removeUnwanted(scans);
      const [first] = wanted;
      if (first === undefined) continue;
      const rest = runSlice(first) ? wanted.slice(1) : wanted;
      if (rest.length > 0) this.#waiting.set(account, rest);
      break;
    }
    if (this.#waiting.size > 0) this.#schedule();
  };
}

function removeUnwanted(scans: readonly WaitingScan[]): WaitingScan[] {
  return scans.filter(({ isWanted, resolve }) => {
    const wanted = isWanted();
    if (!wanted) resolve();
    return wanted;
  });
}

/** Returns true when the scan has ended. */
function runSlice({ slices, resolve, reject }: WaitingScan): boolean {
  try {
    if (slices.next().done !== true) return false;
    resolve();
  } catch (error) {
    reject(error);
  }
  return true;
}
