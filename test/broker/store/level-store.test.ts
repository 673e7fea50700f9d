// The store on LevelDB: what was written is there after the next opening, and damage is told of.
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelStore, type StoreChange, type StoredMessage } from 'signalbox/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  path = join(folder, 'messages');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const stored = (sequence: number, body = Buffer.from(`m${sequence}`)): StoredMessage => ({
  sequence,
  id: `id-${sequence}`,
  message: {
    destination: '/queue/jobs',
    headers: new Map([
      ['persistent', 'true'],
      ['h\u00e9', 'a:b\n'],
    ]),
    body,
  },
});

const put = (sequence: number): StoreChange => ({ kind: 'put', stored: stored(sequence) });

/** Writes each list of changes at a time, into the folder or another. */
async function write(...batches: (readonly StoreChange[])[]): Promise<void> {
  const store = levelStore({ path });
  await store.open();
  for (const changes of batches) await store.write(changes);
  await store.close();
}

async function read(): Promise<readonly StoredMessage[]> {
  const store = levelStore({ path });
  const all = await store.open();
  await store.close();
  return all;
}

describe('a store', () => {
  it('is empty at first', async () => {
    expect(await read()).toEqual([]);
  });

  it('gives back what was put and not removed, by sequence', async () => {
    await write([put(300), put(2)], [put(10), { kind: 'remove', sequence: 2 }], [put(70_000)]);
    const all = await read();
    expect(all.map(({ sequence }) => sequence)).toEqual([10, 300, 70_000]);
    expect(all[0]).toEqual(stored(10));
  });

  it('keeps any octets', async () => {
    const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    await write([{ kind: 'put', stored: stored(1, octets) }]);
    await write([{ kind: 'put', stored: stored(2, Buffer.alloc(0)) }]);
    const [first, second] = await read();
    expect([first!.message.body, second!.message.body.length]).toEqual([octets, 0]);
  });
});

describe('what is wrong with a store', () => {
  it('is said where another process uses it', async () => {
    const store = levelStore({ path });
    await store.open();
    await expect(levelStore({ path }).open()).rejects.toMatchObject({
      code: 'store-failed',
      message: `The store '${path}' cannot be opened: another process uses it.`,
    });
    await store.close();
  });

  it('is said where its folder cannot be made', async () => {
    writeFileSync(path, 'a file');
    await expect(levelStore({ path }).open()).rejects.toMatchObject({ code: 'store-failed' });
  });

  const damaged = () => ({
    code: 'store-damaged',
    message: `The store '${path}' is damaged: put a copy in its place, or move it away to begin with an empty one.`,
  });

  it('is said where its files were cut', async () => {
    await write([put(1), put(2)]);
    const manifest = readdirSync(path).find((name) => name.startsWith('MANIFEST'))!;
    truncateSync(join(path, manifest), 10);
    await expect(levelStore({ path }).open()).rejects.toMatchObject(damaged());
    await expect(levelStore({ path }).open()).rejects.toMatchObject(damaged());
  });

  it('is said where its octets were changed', async () => {
    await write(Array.from({ length: 100 }, (_, i) => put(i + 1)));
    // What was in the log goes to a table at the next opening.
    await read();
    for (const name of readdirSync(path).filter((each) => /\.(?:log|ldb)$/.test(each))) {
      const file = join(path, name);
      const octets = readFileSync(file);
      for (let at = 20; at < octets.length; at += 50) octets[at]! ^= 0xff;
      writeFileSync(file, octets);
    }
    await expect(levelStore({ path }).open()).rejects.toMatchObject({ code: 'store-damaged' });
  });
});
