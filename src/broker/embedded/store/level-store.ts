// A message store in a folder of the file system, based on LevelDB. A write is synced to disk before it resolves.
import type { ClassicLevel } from 'classic-level';
import { MessagingError } from '../../../message/error.js';
import type { MessageStore, StoreChange, StoredMessage } from './message-store.js';
import { isLogDamaged } from './level-log.js';
import { readRecord, writeRecord } from './stored-record.js';

export interface LevelStoreOptions {
  /** A folder for this store only, created when it is missing. One process at a time can use it. */
  readonly path: string;
}

type Database = ClassicLevel<Buffer, Buffer>;

/**
 * Keeps messages of queues in a folder, so that they survive the end of the process. Needs the package `classic-level`.
 *
 * @throws {MessagingError} at start: `store-failed` when the folder cannot be used, `store-damaged` when its contents cannot be
 *   read; when a message is sent: `store-failed`, for example with a full disk
 * @example
 *   new EmbeddedBroker({ store: levelStore({ path: './messages' }) });
 */
export function levelStore({ path }: LevelStoreOptions): MessageStore {
  let database: Database | undefined;
  return {
    async open() {
      database = await openDatabase(path);
      try {
        return await readAll(database, path);
      } catch (error) {
        await database.close();
        database = undefined;
        throw error;
      }
    },
    async write(changes) {
      database ??= await openDatabase(path);
      try {
        await database.batch(changes.map(operationOf), { sync: true });
      } catch (error) {
        // The log may end with half a record, and LevelDB would lose records that it appends to it. Opened again, it begins a new log.
        const failed = database;
        database = undefined;
        await failed.close();
        throw error;
      }
    },
    async close() {
      await database?.close();
    },
  };
}

async function openDatabase(path: string): Promise<Database> {
  const { ClassicLevel: Level } = await load();
  if (await isLogDamaged(path)) throw damaged(path);
  const database: Database = new Level(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
  try {
    await database.open();
    return database;
  } catch (cause) {
    throw openingError(path, cause);
  }
}

async function load(): Promise<typeof import('classic-level')> {
  try {
    return await import('classic-level');
  } catch (cause) {
    throw new MessagingError(
      'store-failed',
      'levelStore() needs the package classic-level. Install it.',
      { cause },
    );
  }
}

async function readAll(database: Database, path: string): Promise<readonly StoredMessage[]> {
  const all: StoredMessage[] = [];
  try {
    for await (const [key, record] of database.iterator()) {
      const stored = key.length === 8 ? readRecord(sequenceOf(key), record) : undefined;
      if (stored === undefined) throw damaged(path);
      all.push(stored);
    }
  } catch (cause) {
    throw cause instanceof MessagingError ? cause : damaged(path, cause);
  }
  return all;
}

function openingError(path: string, failure: unknown): MessagingError {
  const cause = failure instanceof Error ? failure.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'LEVEL_CORRUPTION') return damaged(path, failure);
  const reason =
    code === 'LEVEL_LOCKED'
      ? 'another process uses it'
      : `LevelDB reports: ${cause instanceof Error ? cause.message : String(failure)}`;
  return new MessagingError('store-failed', `The store '${path}' cannot be opened: ${reason}.`, {
    cause: failure,
  });
}

function damaged(path: string, cause?: unknown): MessagingError {
  return new MessagingError(
    'store-damaged',
    `The store '${path}' is damaged. Restore it from a copy, or move it away to begin with an empty one.`,
    { cause },
  );
}

function operationOf(change: StoreChange) {
  return change.kind === 'put'
    ? ({
        type: 'put',
        key: keyOf(change.stored.sequence),
        value: writeRecord(change.stored),
      } as const)
    : ({ type: 'del', key: keyOf(change.sequence) } as const);
}

/** Eight bytes in big-endian order, so that LevelDB sorts the keys by number. */
function keyOf(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt(sequence));
  return key;
}

function sequenceOf(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}
