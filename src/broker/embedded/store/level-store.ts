// A store in a folder of the file system, on LevelDB: its log is synced before a write counts, and its blocks have checksums.
import type { ClassicLevel } from 'classic-level';
import { MessagingError } from '../../../message/error.js';
import type { MessageStore, StoreChange, StoredMessage } from './message-store.js';
import { isLogDamaged } from './level-log.js';
import { readRecord, writeRecord } from './stored-record.js';

export interface LevelStoreOptions {
  /** A folder of the store's own, made when it is missing. One process at a time can use it. */
  readonly path: string;
}

type Database = ClassicLevel<Buffer, Buffer>;

/**
 * For `new EmbeddedBroker({ store: levelStore({ path: './messages' }) })`. Needs the package `classic-level`.
 * Errors, when the server starts: `store-failed` where the folder cannot be used, `store-damaged` where it cannot be read;
 * when a message is sent: `store-failed`, as with a full disk.
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
        // Its log may end in half a record, and what LevelDB appends to that is lost: opened anew, it begins another.
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
      'levelStore() needs the package classic-level: install it beside signalbox.',
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
  const why =
    code === 'LEVEL_LOCKED'
      ? 'another process uses it'
      : `LevelDB says: ${cause instanceof Error ? cause.message : String(failure)}`;
  return new MessagingError('store-failed', `The store '${path}' cannot be opened: ${why}.`, {
    cause: failure,
  });
}

function damaged(path: string, cause?: unknown): MessagingError {
  return new MessagingError(
    'store-damaged',
    `The store '${path}' is damaged: put a copy in its place, or move it away to begin with an empty one.`,
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

/** As eight octets, the highest first, so that their order is that of the numbers. */
function keyOf(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt(sequence));
  return key;
}

function sequenceOf(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}
