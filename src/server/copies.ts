// Finds other copies of signalbox in the process: each one registers itself when it is imported.
import { sharedValue } from '../message/shared-value.js';
import { version } from './version.js';

/** Package folders with their versions. */
const copies = sharedValue('copies', () => new Map<string, string>());

// A copy that a test runner evaluates again has the same folder.
copies.set(new URL('../../', import.meta.url).href, version);

/** Returns a sentence with the folders of all copies and the fix; undefined if this is the only one. */
export function describeCopies(): string | undefined {
  if (copies.size === 1) return undefined;
  const list = Array.from(copies, ([folder, each]) => `${folder} (${each})`);
  return `signalbox is loaded ${copies.size} times: ${list.join(' and ')}. The copies share decorators and errors, but not services such as Publisher. Keep one: run npm dedupe, or install a linked package with npm install --install-links.`;
}
