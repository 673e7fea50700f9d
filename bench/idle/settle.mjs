// Brings the memory of a server process to rest before it is measured.
import { setTimeout as pause } from 'node:timers/promises';

/** Collects garbage; the memory is returned to the system a little later. */
export async function settle() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await pause(100);
  }
}
