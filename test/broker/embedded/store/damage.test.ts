// A damaged store is refused, and its files stay as they are; otherwise it returns exactly the written messages.
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { levelStore, type StoreChange, type StoredMessage } from 'signalbox/store';
import { readStore } from '../../../../src/broker/embedded/store/store-reader.js';
import { MessagingError } from '../../../../src/message/error.js';
import { cases } from '../../../property.js';

type Files = ReadonlyMap<string, Buffer>;
type Result = readonly string[] | 'refused' | 'refused with changed files';

let root: string;
let path: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'damage-'));
  path = join(root, 'store');
});

afterAll(() => rmSync(root, { recursive: true }));

function put(sequence: number): StoreChange {
  const stored: StoredMessage = {
    sequence,
    id: `id-${sequence}`,
    message: {
      destination: '/queue/jobs',
      headers: new Map([['persistent', 'true']]),
      body: Buffer.from(`body ${sequence}`),
    },
  };
  return { kind: 'put', stored };
}

const remove = (sequence: number): StoreChange => ({ kind: 'remove', sequence });

function filesIn(folder: string): Files {
  return new Map(
    readdirSync(folder)
      .toSorted()
      .map((name) => [name, readFileSync(join(folder, name))]),
  );
}

function writeFiles(files: Files): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  for (const [name, bytes] of files) writeFileSync(join(path, name), bytes);
}

/** The files with messages; LevelDB writes the others at each attempt to open them. */
function withoutLog(files: Files): Files {
  return new Map([...files].filter(([name]) => !/^LO(CK|G|G\.old)$/.test(name)));
}

const sequencesOf = (messages: readonly StoredMessage[]) =>
  messages.map(({ sequence, message }) => `${sequence}: ${Buffer.from(message.body).toString()}`);

/** Opens the files as a store: its messages, or 'refused' when it is refused and all files are as before. */
async function open(files: Files): Promise<Result> {
  writeFiles(files);
  const store = levelStore({ path });
  try {
    return sequencesOf(await store.open());
  } catch (error) {
    if (!(error instanceof MessagingError && error.code === 'store-damaged')) throw error;
    const isKept = isDeepStrictEqual(withoutLog(filesIn(path)), withoutLog(files));
    return isKept ? 'refused' : 'refused with changed files';
  } finally {
    await store.close();
  }
}

/** Reads the folder without LevelDB. */
async function read(): Promise<Result> {
  const { damages, messages } = await readStore(path);
  return damages.length > 0 ? 'refused' : sequencesOf(messages);
}

const replace = (files: Files, name: string, bytes: Buffer): Files =>
  new Map(files).set(name, bytes);

function flip(bytes: Buffer, at: number, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at]! ^= 1 << bit;
  return flipped;
}

/** Each state has tables on two levels, a log with changes, and messages that were removed. */
describe.each(['closed', 'killed'] as const)('a store that was %s', (end) => {
  let files: Files;
  let older: Files;
  let expected: readonly string[];

  beforeAll(async () => {
    const folder = join(root, end);
    const life = async (...batches: (readonly StoreChange[])[]) => {
      const store = levelStore({ path: folder });
      await store.open();
      for (const batch of batches) await store.write(batch);
      const killed = filesIn(folder);
      await store.close();
      return killed;
    };
    await life([put(1), put(2), put(3)], [put(4)], [remove(2)]);
    await life([put(5), put(6)]);
    await compact(folder);
    older = withoutLog(await life([put(7), put(8)], [remove(5)]));
    const killed = await life([put(9)], [put(10), remove(1)], [remove(7)]);
    files = withoutLog(end === 'killed' ? killed : filesIn(folder));
    expected = [3, 4, 6, 8, 9, 10].map((sequence) => `${sequence}: body ${sequence}`);
  });

  it('has two tables, a log and its messages', async () => {
    expect([...files.keys()].filter((name) => name.endsWith('.ldb'))).toHaveLength(2);
    expect([...files.keys()].filter((name) => name.endsWith('.log'))).toHaveLength(1);
    expect(await open(files)).toEqual(expected);
  });

  it('detects a changed bit in each byte of each file', async () => {
    writeFiles(files);
    const wrong: unknown[] = [];
    let [total, refused] = [0, 0];
    for (const [name, bytes] of files) {
      const file = openSync(join(path, name), 'r+');
      for (let at = 0; at < bytes.length; at++) {
        writeSync(file, flip(bytes, at, at % 8), at, 1, at);
        const result = await read();
        writeSync(file, bytes, at, 1, at);
        total++;
        if (result === 'refused') refused++;
        else if (!isDeepStrictEqual(result, expected)) wrong.push([name, at, result]);
      }
      closeSync(file);
    }
    expect(wrong).toEqual([]);
    // The others are in one of the two lines of the manifest, or in padding.
    expect(refused).toBeGreaterThan(total * 0.9);
  });

  it('is refused or opened with its messages after any changed bits of a file', async () => {
    const place = fc.tuple(fc.nat(), fc.nat(7));
    const places = fc.array(place, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files.keys()), places, async (name, flips) => {
        let bytes = files.get(name)!;
        for (const [at, bit] of flips) bytes = flip(bytes, at % bytes.length, bit);
        expect([expected, 'refused']).toContainEqual(await open(replace(files, name, bytes)));
      }),
      { ...cases, numRuns: Math.ceil((cases.numRuns ?? 0) / 10) },
    );
  });

  it('is refused if any of its files is missing', async () => {
    for (const name of files.keys()) {
      const rest = new Map(files);
      rest.delete(name);
      expect([name, await open(rest)]).toEqual([name, 'refused']);
    }
  });

  it('is refused or opened with its messages when a file is cut off', async () => {
    for (const [name, bytes] of files) {
      for (const size of [0, Math.floor(bytes.length / 2), bytes.length - 1])
        expect([expected, 'refused']).toContainEqual(
          await open(replace(files, name, bytes.subarray(0, size))),
        );
    }
    const wrong: unknown[] = [];
    writeFiles(files);
    for (const [name, bytes] of files) {
      for (let size = bytes.length - 1; size >= 0; size -= 5) {
        truncateSync(join(path, name), size);
        const result = await read();
        if (result !== 'refused' && !isDeepStrictEqual(result, expected))
          wrong.push([name, size, result]);
      }
      writeFileSync(join(path, name), bytes);
    }
    expect(wrong).toEqual([]);
  });

  it('is refused or opened with its messages when a file consists of zeros', async () => {
    for (const [name, bytes] of files)
      expect([name, await open(replace(files, name, Buffer.alloc(bytes.length)))]).toEqual([
        name,
        'refused',
      ]);
  });

  it('is refused when two files are swapped', async () => {
    const names = [...files.keys()];
    for (const [i, one] of names.entries()) {
      for (const other of names.slice(i + 1)) {
        const swapped = new Map(files);
        swapped.set(one, files.get(other)!).set(other, files.get(one)!);
        expect([one, other, await open(swapped)]).toEqual([one, other, 'refused']);
      }
    }
  });

  it('is refused when a table is replaced by another one', async () => {
    const [one, other] = [...files.keys()].filter((name) => name.endsWith('.ldb'));
    expect(await open(replace(files, one!, files.get(other!)!))).toBe('refused');
    expect(await open(replace(files, other!, files.get(one!)!))).toBe('refused');
  });

  it('is refused when all its files but the manifest are older', async () => {
    const manifest = files.get('signalbox.manifest')!;
    expect(await open(replace(older, 'signalbox.manifest', manifest))).toBe('refused');
  });

  it('is refused with the manifest of another store', async () => {
    const store = levelStore({ path: join(root, `${end}-other`) });
    await store.open();
    await store.close();
    const manifest = readFileSync(join(root, `${end}-other`, 'signalbox.manifest'));
    expect(await open(replace(files, 'signalbox.manifest', manifest))).toBe('refused');
  });
});

async function compact(folder: string): Promise<void> {
  const database = new ClassicLevel(folder, { compression: false });
  await database.compactRange('', '\uffff');
  await database.close();
}

describe('a folder', () => {
  beforeEach(() => writeFiles(new Map()));

  it('becomes a store when it has no files of LevelDB, and keeps its files', async () => {
    const notes = new Map([['notes.log', Buffer.from('mine')]]);
    expect(await open(notes)).toEqual([]);
    expect(filesIn(path).get('notes.log')!.toString()).toBe('mine');
  });

  it('is refused when it is a database of another program', async () => {
    const database = new ClassicLevel(path);
    await database.put('key', 'value');
    await database.close();
    expect(await open(withoutLog(filesIn(path)))).toBe('refused');
  });

  it('is refused when another program has written to it', async () => {
    const store = levelStore({ path });
    await store.open();
    await store.write([put(1)]);
    await store.close();
    const database = new ClassicLevel(path);
    await database.put('key', 'value');
    await database.close();
    expect(await open(withoutLog(filesIn(path)))).toBe('refused');
  });

  it('is a store when the process ended while it created the store', async () => {
    const store = levelStore({ path });
    await store.open();
    const files = withoutLog(filesIn(path));
    await store.close();
    const manifest = ['signalbox.manifest', files.get('signalbox.manifest')!] as const;
    expect(await open(new Map([manifest]))).toEqual([]);
    const first = new Map([manifest, ['MANIFEST-000001', Buffer.from('half')] as const]);
    expect(await open(first)).toEqual([]);
    expect(await open(new Map([['signalbox.manifest.new', Buffer.from('half')]]))).toEqual([]);
  });
});
