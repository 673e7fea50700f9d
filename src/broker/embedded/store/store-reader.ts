// Reads a whole store from its files and verifies it without LevelDB, which skips or deletes damaged files, or ends the process.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteReader } from './byte-reader.js';
import { currentFiles, isLevelFile, isTable, logsIn, type LevelFiles } from './level-files.js';
import { readLog } from './level-log.js';
import { readTable } from './level-table.js';
import type { StoredMessage } from './message-store.js';
import { manifestName, readManifest, type StoreManifest } from './store-manifest.js';
import {
  checksumOf,
  readKey,
  readMessage,
  readTotals,
  totalsKey,
  type StoreTotals,
} from './stored-record.js';

export interface StoreContents {
  /** Sentences without an end mark. A store without damages has exactly the messages that were written. */
  readonly damages: readonly string[];
  /** Undefined when the folder is not a store yet: it has no manifest and no files of LevelDB. */
  readonly manifest: StoreManifest | undefined;
  /** True when LevelDB has not created its files yet. */
  readonly isNew: boolean;
  readonly totals: StoreTotals;
  /** The readable messages by sequence. */
  readonly messages: readonly StoredMessage[];
  /** The checksum of each message by its sequence. */
  readonly checksums: Map<number, number>;
}

/** LevelDB's kinds of changes. */
const [removal, insertion] = [0, 1];
/** Bytes before the changes in a write of a log: the number of the first change, and the number of changes. */
const writeHeaderSize = 12;

/**
 * Reads a store without a change of its folder.
 *
 * @throws {Error} an error of the file system, such as a missing permission
 */
export function readStore(path: string): Promise<StoreContents> {
  return new StoreReader(path).read();
}

class StoreReader {
  readonly #damages: string[] = [];
  /** The newest change of each key. LevelDB numbers all changes; a removed key has no record. */
  readonly #newest = new Map<number, { readonly change: number; readonly record?: Buffer }>();

  constructor(private readonly path: string) {}

  async read(): Promise<StoreContents> {
    const names = await namesIn(this.path);
    const manifest = await this.#attempt(() => readManifest(this.path));
    if (!names.includes(manifestName) && names.some(isLevelFile))
      this.#damages.push(`${manifestName} is missing`);
    const isNew = !names.includes('CURRENT') && (await this.#isUnused(names, manifest));
    if (!isNew) {
      const { tables, logs } = await this.#findFiles(names);
      for (const table of tables)
        await this.#attempt(async () => this.#readTable(table, await this.#file(table.name)));
      for (const log of logs)
        await this.#attempt(async () => this.#readLog(log, await this.#file(log)));
    }
    return { damages: this.#damages, manifest, isNew, ...this.#verify(manifest) };
  }

  /** True when the folder has nothing that could be lost. The first opening of LevelDB may have ended before its first write. */
  async #isUnused(names: readonly string[], manifest: StoreManifest | undefined): Promise<boolean> {
    if ((manifest?.writes ?? 0) > 0 || names.some(isTable)) return false;
    for (const log of logsIn(names)) if ((await this.#file(log)).length > 0) return false;
    return true;
  }

  /** The files of the current version. When that is unknown, all tables and logs. */
  async #findFiles(names: readonly string[]): Promise<LevelFiles> {
    return (
      (await this.#attempt(() => currentFiles(this.path, names))) ?? {
        tables: names.filter(isTable).map((name) => ({ name })),
        logs: logsIn(names),
      }
    );
  }

  #readTable({ name, bounds }: LevelFiles['tables'][number], bytes: Buffer): void {
    let smallest: Buffer | undefined;
    let largest: Buffer | undefined;
    try {
      for (const { key, value } of readTable(bytes, (damage) => this.#report(name, damage))) {
        smallest ??= key;
        largest = key;
        const tag = key.length - 8;
        this.#keep(
          key.subarray(0, tag),
          key.readUIntLE(tag + 1, 6),
          key[tag] === insertion ? value : undefined,
        );
      }
    } catch (error) {
      this.#report(name, (error as Error).message);
    }
    if (bounds === undefined) return;
    const { size, smallestKey, largestKey } = bounds;
    if (size !== bytes.length || !smallest?.equals(smallestKey) || !largest?.equals(largestKey))
      this.#report(name, 'it is not the file that was written under this name');
  }

  #readLog(name: string, bytes: Buffer): void {
    for (const write of readLog(bytes, (damage) => this.#report(name, damage))) {
      try {
        this.#readWrite(write);
      } catch (error) {
        this.#report(name, (error as Error).message);
      }
    }
  }

  #readWrite(write: Buffer): void {
    let change = write.readUIntLE(0, 6);
    const reader = new ByteReader(write.subarray(writeHeaderSize));
    for (; !reader.isAtEnd; change++) {
      const [kind] = reader.take(1);
      if (kind !== removal && kind !== insertion)
        throw new Error(`it has a change of kind ${kind}`);
      const key = reader.prefixed();
      this.#keep(key, change, kind === insertion ? reader.prefixed() : undefined);
    }
  }

  #keep(keyBytes: Buffer, change: number, record: Buffer | undefined): void {
    const key = readKey(keyBytes);
    const known = this.#newest.get(key);
    if (known !== undefined && known.change >= change) return;
    // The record is copied, so that it does not keep its whole file in memory.
    this.#newest.set(
      key,
      record === undefined ? { change } : { change, record: Buffer.from(record) },
    );
  }

  #verify(manifest: StoreManifest | undefined) {
    let totals: StoreTotals = { store: manifest?.store ?? '', writes: 0, messages: 0, checksum: 0 };
    const messages: StoredMessage[] = [];
    const checksums = new Map<number, number>();
    let sum = 0;
    for (const [key, { record }] of this.#newest) {
      if (record === undefined) continue;
      try {
        if (key === totalsKey) {
          totals = readTotals(record);
          continue;
        }
        messages.push(readMessage(key, record));
        const checksum = checksumOf(record);
        checksums.set(key, checksum);
        sum = (sum + checksum) >>> 0;
      } catch (error) {
        this.#damages.push((error as Error).message);
      }
    }
    messages.sort((a, b) => a.sequence - b.sequence);
    if (manifest !== undefined && totals.store !== manifest.store)
      this.#damages.push('its messages belong to another store');
    if (manifest !== undefined && totals.writes < manifest.writes)
      this.#damages.push(`${manifest.writes - totals.writes} of its last writes are missing`);
    if (totals.messages !== messages.length)
      this.#damages.push(`${messages.length} of ${totals.messages} messages were found`);
    else if (totals.checksum !== sum)
      this.#damages.push('it has other messages than those written last');
    return { totals, messages, checksums };
  }

  #file(name: string): Promise<Buffer> {
    return readFile(join(this.path, name));
  }

  #report(name: string, damage: string): void {
    this.#damages.push(`${name}: ${damage}`);
  }

  /** Adds an error of the contents to the damages; throws an error of the file system. */
  async #attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Error) || 'syscall' in error) throw error;
      this.#damages.push(error.message);
      return undefined;
    }
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
