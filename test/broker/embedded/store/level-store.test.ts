// The store based on LevelDB: it keeps written messages, and reports damage.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { levelStore, type StoreChange, type StoredMessage } from 'signalbox/store';
import { Journal } from '../../../../src/broker/embedded/store/journal.js';
import type * as OpenFolders from '../../../../src/broker/embedded/store/open-folders.js';
import { reserveFolder } from '../../../../src/broker/embedded/store/open-folders.js';
import { MessagingError } from '../../../../src/message/error.js';
import { silentLogger } from '../../../../src/message/logger.js';
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

const openDatabase = `
  const { ClassicLevel } = require('classic-level');
  new ClassicLevel(process.argv[1]).open().then(
    () => console.log('open'),
    (error) => console.log(error.cause.code) ?? process.exit(),
  );
  process.stdin.resume().on('end', () => process.exit());
`;

/** Opens the folder with LevelDB in another process until `end`. @throws {Error} with LevelDB's code */
async function openInProcess(path: string): Promise<{ end(): Promise<void> }> {
  const child = spawn(process.execPath, ['-e', openDatabase, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const result = line.toString().trim();
  const end = async () => {
    child.stdin.end();
    await closed;
  };
  if (result === 'open') return { end };
  await end();
  throw new Error(result);
}

describe('a store', () => {
  it('is empty at first', async () => {
    expect(await read()).toEqual([]);
  });

  it('returns the messages that were put and not removed, by sequence', async () => {
    await write([put(300), put(2)], [put(10), { kind: 'remove', sequence: 2 }], [put(70_000)]);
    const all = await read();
    expect(all.map(({ sequence }) => sequence)).toEqual([10, 300, 70_000]);
    expect(all[0]).toEqual(stored(10));
  });

  it('keeps any bytes', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await write([{ kind: 'put', stored: stored(1, bytes) }]);
    await write([{ kind: 'put', stored: stored(2, Buffer.alloc(0)) }]);
    const [first, second] = await read();
    expect([first!.message.body, second!.message.body.length]).toEqual([bytes, 0]);
  });
});

describe('the options of a store', () => {
  it.each([
    [undefined, 'The options must be an object, such as { path: ... }.'],
    [5, 'The options must be an object, such as { path: ... }.'],
    [{}, "The option 'path' must be the path of a folder."],
    [{ path: '' }, "The option 'path' must be the path of a folder."],
    [{ path: 5 }, "The option 'path' must be a string."],
    [{ path: 'a', paths: 'b' }, "The option 'paths' is unknown; the nearest known one is 'path'."],
  ])('%j are refused', (options, text) => {
    expect(() => levelStore(options as never)).toThrow(
      expect.objectContaining({ code: 'option-invalid', message: text }),
    );
  });
});

describe('opening a store fails', () => {
  const inUseHere = (spelling = path) => ({
    code: 'store-failed',
    message: `The store '${spelling}' cannot be opened: this process already uses it.`,
  });

  it('while another process uses it', async () => {
    await write([put(1)]);
    const other = await openInProcess(path);
    await expect(levelStore({ path }).open()).rejects.toMatchObject({
      code: 'store-failed',
      message: `The store '${path}' cannot be opened: another process uses it.`,
    });
    await other.end();
  });

  it('while this process uses it, and it stays closed to other processes', async () => {
    const store = levelStore({ path });
    await store.open();
    await expect(levelStore({ path }).open()).rejects.toMatchObject(inUseHere());
    await expect(store.open()).rejects.toMatchObject(inUseHere());
    await expect(openInProcess(path)).rejects.toThrow('LEVEL_LOCKED');
    await store.write([put(1)]);
    await store.close();
    expect(await read()).toHaveLength(1);
  });

  it('while this process uses it under another name', async () => {
    const store = levelStore({ path });
    await store.open();
    const link = join(folder, 'link');
    symlinkSync(path, link, 'junction');
    const above = `${path}/../${basename(path)}`;
    for (const name of [`${path}/`, above, relative('.', path), link])
      await expect(levelStore({ path: name }).open()).rejects.toMatchObject(inUseHere(name));
    await expect(openInProcess(path)).rejects.toThrow('LEVEL_LOCKED');
    await store.close();
  });

  it('while another copy of this package uses it', async () => {
    const copy: string = '../../../../src/broker/embedded/store/open-folders.js?copy';
    const { reserveFolder: reserveInCopy } = (await import(copy)) as typeof OpenFolders;
    expect(reserveInCopy).not.toBe(reserveFolder);
    const release = await reserveInCopy(path);
    await expect(levelStore({ path }).open()).rejects.toMatchObject(inUseHere());
    release!();
    expect(await read()).toEqual([]);
  });

  it('without closing the store of the broker that uses it', async () => {
    const store = levelStore({ path });
    const [first, second] = [new Journal(store, silentLogger), new Journal(store, silentLogger)];
    await first.open();
    await expect(second.open()).rejects.toMatchObject(inUseHere());
    await second.close();
    await expect(openInProcess(path)).rejects.toThrow('LEVEL_LOCKED');
    await first.close();
    await (await openInProcess(path)).end();
  });

  it('when its folder cannot be created', async () => {
    writeFileSync(path, 'a file');
    await expect(levelStore({ path }).open()).rejects.toMatchObject({ code: 'store-failed' });
    await expect(levelStore({ path: `${path}/a/b` }).open()).rejects.toMatchObject({
      code: 'store-failed',
    });
  });

  it.runIf(process.platform === 'linux')('when the system refuses its folder', async () => {
    await expect(levelStore({ path: '/proc/messages/a' }).open()).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('and it can be opened after the cause is gone', async () => {
    await write([put(1)]);
    const hidden = join(folder, 'CURRENT');
    renameSync(join(path, 'CURRENT'), hidden);
    const store = levelStore({ path });
    await expect(store.open()).rejects.toMatchObject({ code: 'store-damaged' });
    renameSync(hidden, join(path, 'CURRENT'));
    expect(await store.open()).toHaveLength(1);
    await store.close();
  });

  it('when its manifest cannot be created', async () => {
    mkdirSync(join(path, 'signalbox.manifest.new'), { recursive: true });
    await expect(levelStore({ path }).open()).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining(`The store '${path}' cannot be opened: EISDIR`),
    });
  });

  it('while another process uses it, also when its files look damaged meanwhile', async () => {
    await write([put(1)]);
    const other = await openInProcess(path);
    rmSync(join(path, 'CURRENT'));
    await expect(levelStore({ path }).open()).rejects.toMatchObject({
      message: `The store '${path}' cannot be opened: another process uses it.`,
    });
    await other.end();
  });

  const damaged = (damage: string) => ({
    code: 'store-damaged',
    message: `The store '${path}' is damaged: ${damage}. Restore it from a copy, or move it away to begin with an empty one.`,
  });

  it('when its files were truncated', async () => {
    await write([put(1), put(2)]);
    const manifest = readdirSync(path).find((name) => name.startsWith('MANIFEST'))!;
    truncateSync(join(path, manifest), 10);
    const error = damaged(`${manifest} is cut off`);
    await expect(levelStore({ path }).open()).rejects.toMatchObject(error);
    await expect(levelStore({ path }).open()).rejects.toMatchObject(error);
  });

  it('when a byte of a table was changed', async () => {
    await write(Array.from({ length: 100 }, (_, i) => put(i + 1)));
    // Opening moves the contents of the log to a table.
    await read();
    const table = readdirSync(path).find((each) => each.endsWith('.ldb'))!;
    const bytes = readFileSync(join(path, table));
    bytes[20]! ^= 0xff;
    writeFileSync(join(path, table), bytes);
    await expect(levelStore({ path }).open()).rejects.toMatchObject(
      damaged(`${table}: the block at byte 0 is damaged`),
    );
  });

  it('when a record has the key of another one', async () => {
    await write([put(1)]);
    const database = new ClassicLevel<Buffer, Buffer>(path, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    });
    const entries = await database.iterator().all();
    const [key, record] = entries.at(-1)!;
    key[7] = 2;
    await database.put(key, record);
    await database.close();
    await expect(levelStore({ path }).open()).rejects.toMatchObject(
      damaged('the record 2 is damaged'),
    );
  });
});

/** After a power failure, the count of writes in the manifest can be older than the last writes. */
describe('the log of a store with an older count of writes', () => {
  /** Some of them fill several blocks of the log. */
  const sizes = [0, 10, 100_000, 3, 33_000, 500, 32_700, 32_768, 20];
  let log: string;
  let written: Buffer;
  let lastBegins: number;

  beforeEach(async () => {
    const manifest = join(path, 'signalbox.manifest');
    const store = levelStore({ path });
    await store.open();
    const atStart = readFileSync(manifest);
    log = join(
      path,
      readdirSync(path).find((name) => name.endsWith('.log'))!,
    );
    for (const [i, size] of sizes.entries()) {
      lastBegins = statSync(log).size;
      await store.write([{ kind: 'put', stored: stored(i + 1, Buffer.alloc(size, i)) }]);
    }
    await store.close();
    written = readFileSync(log);
    writeFileSync(manifest, atStart);
  });

  /** The number of messages that a store with this log returns. */
  async function left(bytes: Buffer): Promise<number | 'damaged'> {
    const copy = mkdtempSync(join(folder, 'copy-'));
    cpSync(path, copy, { recursive: true });
    writeFileSync(join(copy, basename(log)), bytes);
    const store = levelStore({ path: copy });
    try {
      return (await store.open()).length;
    } catch (error) {
      if (error instanceof MessagingError && error.code === 'store-damaged') return 'damaged';
      throw error;
    } finally {
      await store.close();
    }
  }

  it('can end anywhere, as when the process ends during a write', async () => {
    const counts: (number | 'damaged')[] = [];
    for (let end = 0; end <= written.length; end += 14_983)
      counts.push(await left(written.subarray(0, end)));
    expect(counts).toEqual(counts.toSorted((a, b) => Number(a) - Number(b)));
    expect(new Set(counts).size).toBeGreaterThan(4);
    expect(await left(written.subarray(0, -1))).toBe(sizes.length - 1);
    expect(await left(written)).toBe(sizes.length);
  });

  it('reports every changed byte before its last write', async () => {
    for (let at = 0; at < lastBegins; at += 9973) {
      const bytes = Buffer.from(written);
      bytes[at]! ^= 0xff;
      expect([at, await left(bytes)]).toEqual([at, 'damaged']);
    }
  });

  it('loses at most its last write when bytes of that write change', async () => {
    for (let at = lastBegins; at < written.length; at += 11) {
      const bytes = Buffer.from(written);
      bytes[at]! ^= 0xff;
      expect(await left(bytes)).toBe(sizes.length - 1);
    }
  });
});
