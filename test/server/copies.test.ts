// Several copies of the package in one process: the first line that a server logs names them.
import { afterEach, expect, it } from 'vitest';
import { createServer, silentLogger } from '../../src/index.js';
import { version } from '../../src/server/version.js';

const copies = Reflect.get(globalThis, Symbol.for('signalbox.copies')) as Map<string, string>;
const other = 'file:///app/node_modules/library/node_modules/signalbox/';
const own = new URL('../../', import.meta.url).href;

async function warnings(): Promise<string[]> {
  const lines: string[] = [];
  await createServer({ logger: { ...silentLogger, warn: (text) => void lines.push(text) } });
  return lines;
}

afterEach(() => void copies.delete(other));

it('one copy is not reported', async () => {
  expect(await warnings()).toEqual([]);
});

it('a second copy is reported with its folder, its version and the fix', async () => {
  copies.set(other, '0.0.9');
  expect(await warnings()).toEqual([
    `signalbox is loaded 2 times: ${own} (${version}) and ${other} (0.0.9). The copies share decorators and errors, but not services such as Publisher. Keep one: run npm dedupe, or install a linked package with npm install --install-links.`,
  ]);
});
