// A message store in a folder of the file system, based on LevelDB. A write is synced to disk before it resolves.
import type { ClassicLevel, OpenOptions } from 'classic-level';
import { MessagingError } from '../../../message/error.js';
import { checkShape, invalidOption, type Shape } from '../../../message/option.js';
import { importFrom } from '../../../message/package.js';
import type { MessageStore, StoreChange, StoredMessage } from './message-store.js';
import { reserveFolder } from './open-folders.js';
import { createManifest, ManifestWriter } from './store-manifest.js';
import { readStore, type StoreContents } from './store-reader.js';
import {
  checksumOf,
  readTotals,
  totalsKey,
  writeKey,
  writeMessage,
  writeTotals,
  type StoreTotals,
} from './stored-record.js';

/** Options of the store in LevelDB. */
export interface LevelStoreOptions {
  /** A folder for this store only, created when it is missing. One server of one process at a time can use it. */
  readonly path: string;
}

const shape: Shape<LevelStoreOptions> = { path: '' };

type Database = ClassicLevel<Buffer, Buffer>;

/** A write with the totals after it. */
interface Write {
  readonly totals: StoreTotals;
  readonly operations: readonly (
    | { type: 'put'; key: Buffer; value: Buffer }
    | { type: 'del'; key: Buffer }
  )[];
  /** The new checksums by sequence; undefined for removed messages. */
  readonly checksums: ReadonlyMap<number, number | undefined>;
}

/**
 * Keeps messages of queues in a folder, so that they survive the end of the process. Needs the package `classic-level`.
 *
 * @throws {MessagingError} `option-invalid`; at start: `package-missing` without classic-level, `store-failed` when the folder
 *   cannot be used, `store-damaged` when its contents are not exactly the written ones; when a message is sent: `store-failed`,
 *   for example with a full disk
 * @example
 * ```ts
 * new EmbeddedBroker({ store: levelStore({ path: './messages' }) });
 * ```
 */
export function levelStore(options: LevelStoreOptions): MessageStore {
  checkShape('', options, shape);
  if (!options.path) throw invalidOption('path', 'must be the path of a folder');
  return new LevelStore(options.path);
}

class LevelStore implements MessageStore {
  /** Set while the store is open. */
  #release: (() => void) | undefined;
  #database: Database | undefined;
  #manifest: ManifestWriter | undefined;
  #totals: StoreTotals = { store: '', writes: 0, messages: 0, checksum: 0 };
  #checksums = new Map<number, number>();
  /** A write that failed. LevelDB may have stored it all the same. */
  #failed: Write | undefined;

  constructor(private readonly path: string) {}

  async open(): Promise<readonly StoredMessage[]> {
    this.#release = await this.#reserve();
    try {
      const contents = await this.#verify();
      const { store } = contents.manifest ?? (await createManifest(this.path));
      this.#totals = { ...contents.totals, store };
      this.#checksums = contents.checksums;
      this.#database = await openDatabase(this.path, contents.isNew);
      // Another process could have changed the store since it was verified.
      await this.#compareTotals(this.#database);
      this.#manifest = await ManifestWriter.open(this.path, store);
      // After a power failure, the count of the manifest can be too low.
      await this.#manifest.count(this.#totals.writes);
      await this.#manifest.sync();
      return contents.messages;
    } catch (error) {
      await this.close();
      throw error instanceof MessagingError ? error : cannotOpen(this.path, error);
    }
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    const database = (this.#database ??= await this.#reopen());
    const write = this.#prepare(changes);
    try {
      await database.batch([...write.operations], { sync: true });
    } catch (error) {
      // The log may end with half a record, and LevelDB would lose records that it appends to it. Opened again, it begins a new log.
      this.#failed = write;
      this.#database = undefined;
      await database.close();
      throw error;
    }
    this.#adopt(write);
    // The changes are stored. A manifest that could not be written has a lower count, which is also valid.
    await this.#manifest?.count(write.totals.writes).catch(() => {});
  }

  async close(): Promise<void> {
    const [database, manifest, release] = [this.#database, this.#manifest, this.#release];
    this.#database = undefined;
    this.#manifest = undefined;
    this.#release = undefined;
    try {
      await database?.close();
      await manifest?.close();
    } finally {
      release?.();
    }
  }

  /** Must come before LevelDB touches the folder. @throws {MessagingError} `store-failed` */
  async #reserve(): Promise<() => void> {
    let release: (() => void) | undefined;
    try {
      release = await reserveFolder(this.path);
    } catch (error) {
      throw cannotOpen(this.path, error);
    }
    if (release === undefined) throw inUse(this.path, 'this process already uses it');
    return release;
  }

  /** @throws {MessagingError} `package-missing`, `store-failed`, `store-damaged` */
  async #verify(): Promise<StoreContents> {
    let contents: StoreContents;
    try {
      contents = await readStore(this.path);
    } catch (error) {
      // A file can disappear while another process writes.
      throw (await isInUse(this.path)) ? inUse(this.path) : cannotOpen(this.path, error);
    }
    const [damage] = contents.damages;
    if (damage === undefined) return contents;
    throw (await isInUse(this.path)) ? inUse(this.path) : damaged(this.path, damage);
  }

  async #reopen(): Promise<Database> {
    const database = await openDatabase(this.path, false);
    try {
      await this.#compareTotals(database);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** Finds out whether LevelDB has stored the write that failed. @throws {MessagingError} `store-damaged` */
  async #compareTotals(database: Database): Promise<void> {
    const found = await this.#countWrites(database);
    if (found === this.#failed?.totals.writes) this.#adopt(this.#failed);
    else if (found !== this.#totals.writes)
      throw damaged(this.path, `it has ${found} of ${this.#totals.writes} writes`);
    this.#failed = undefined;
  }

  async #countWrites(database: Database): Promise<number> {
    try {
      const record = await database.get(writeKey(totalsKey));
      return record === undefined ? 0 : readTotals(record).writes;
    } catch (error) {
      throw damaged(this.path, causeOf(error).text, error);
    }
  }

  #prepare(changes: readonly StoreChange[]): Write {
    const operations: Write['operations'][number][] = [];
    const checksums = new Map<number, number | undefined>();
    let { messages, checksum } = this.#totals;
    for (const change of changes) {
      const record = change.kind === 'put' ? writeMessage(change.stored) : undefined;
      const sequence = change.kind === 'put' ? change.stored.sequence : change.sequence;
      const key = writeKey(sequence);
      const before = checksums.has(sequence)
        ? checksums.get(sequence)
        : this.#checksums.get(sequence);
      const after = record && checksumOf(record);
      messages += Number(after !== undefined) - Number(before !== undefined);
      checksum = (checksum + (after ?? 0) - (before ?? 0)) >>> 0;
      checksums.set(sequence, after);
      operations.push(
        record === undefined ? { type: 'del', key } : { type: 'put', key, value: record },
      );
    }
    const { store, writes } = this.#totals;
    const totals = { store, writes: writes + 1, messages, checksum };
    operations.push({ type: 'put', key: writeKey(totalsKey), value: writeTotals(totals) });
    return { totals, operations, checksums };
  }

  #adopt({ totals, checksums }: Write): void {
    this.#totals = totals;
    for (const [sequence, checksum] of checksums) {
      if (checksum === undefined) this.#checksums.delete(sequence);
      else this.#checksums.set(sequence, checksum);
    }
  }
}

/** @throws {MessagingError} `package-missing`, `store-failed`, `store-damaged` */
async function openDatabase(path: string, createIfMissing: boolean): Promise<Database> {
  // Compressed blocks could not be verified.
  const database = await databaseOf(path, { createIfMissing, compression: false });
  try {
    await database.open();
    return database;
  } catch (error) {
    const { code, text } = causeOf(error);
    if (code === 'LEVEL_LOCKED') throw inUse(path);
    if (code === 'LEVEL_CORRUPTION') throw damaged(path, text, error);
    throw cannotOpen(path, error);
  }
}

/** True when another process uses the store. LevelDB takes its lock first, then sees that it must not open the folder. */
async function isInUse(path: string): Promise<boolean> {
  const database = await databaseOf(path, { createIfMissing: false, errorIfExists: true });
  try {
    await database.open();
    await database.close();
    return false;
  } catch (error) {
    return causeOf(error).code === 'LEVEL_LOCKED';
  }
}

/** @throws {MessagingError} `package-missing` */
async function databaseOf(path: string, options: OpenOptions): Promise<Database> {
  const { ClassicLevel: Level } = await importFrom(
    ['classic-level'],
    () => import('classic-level'),
  );
  return new Level(path, { keyEncoding: 'buffer', valueEncoding: 'buffer', ...options });
}

function causeOf(error: unknown): { readonly code?: unknown; readonly text: string } {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return { text: String(cause) };
  // Our sentences end with a period.
  const text = cause.message.replace(/\.$/, '');
  return { code: 'code' in cause ? cause.code : undefined, text };
}

function inUse(path: string, use = 'another process uses it'): MessagingError {
  return new MessagingError('store-failed', `The store '${path}' cannot be opened: ${use}.`);
}

function cannotOpen(path: string, cause: unknown): MessagingError {
  const text = `The store '${path}' cannot be opened: ${causeOf(cause).text}.`;
  return new MessagingError('store-failed', text, { cause });
}

function damaged(path: string, damage: string, cause?: unknown): MessagingError {
  return new MessagingError(
    'store-damaged',
    `The store '${path}' is damaged: ${damage}. Restore it from a copy, or move it away to begin with an empty one.`,
    { cause },
  );
}
