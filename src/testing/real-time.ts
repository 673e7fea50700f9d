// Real time, for timeouts of the kit. The timers are captured at import, before a test can replace them by fakes.
import type { Timer } from '../message/clock.js';

const { setImmediate, setTimeout, clearTimeout } = globalThis;

/** Runs `action` after this turn of the event loop. */
export function nextTurn(action: () => void): void {
  setImmediate(action);
}

/** Resolves after this number of turns of the event loop, including their microtasks. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => nextTurn(resolve));
}

/** Runs `action` after this number of milliseconds. The timer keeps the process running, because a test waits for it. */
export function deadline(milliseconds: number, action: () => void): Timer {
  const timer = setTimeout(action, milliseconds);
  return { cancel: () => clearTimeout(timer) };
}
