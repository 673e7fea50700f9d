// The time of the machine, for what a test's clock cannot do; taken at import, before a test puts fakes in its place.
import type { Timer } from '../message/clock.js';

const { setImmediate, setTimeout, clearTimeout } = globalThis;

/** Runs `action` once when this turn of the event loop has ended. */
export function nextTurn(action: () => void): void {
  setImmediate(action);
}

/** Resolves when so many turns have ended, and with them all that had only to be thought through. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => nextTurn(resolve));
}

/** Runs `action` after so many milliseconds; keeps the process alive for them, as somebody waits. */
export function deadline(milliseconds: number, action: () => void): Timer {
  const timer = setTimeout(action, milliseconds);
  return { cancel: () => clearTimeout(timer) };
}
