// Reads LevelDB's table files (`*.ldb`) and checks all their checksums, because LevelDB checks none and can abort the process.
import { ByteReader } from './byte-reader.js';
import { crc32c, masked } from './crc32c.js';

/** An entry of a table: the key is the application's key, followed by the eight bytes of LevelDB's tag. */
export interface TableEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Bytes at the end: the places of two blocks, padding, and the magic number. */
const footerSize = 48;
const magic = 'db4775248b80fb57';
/** Bytes behind each block: its compression and its checksum. */
const trailerSize = 5;

/**
 * The entries of a table in their order.
 *
 * @param report receives each damaged block; when it returns, reading continues with the next block
 * @throws {Error} when the table has no readable index
 */
export function* readTable(table: Buffer, report: (damage: string) => void): Generator<TableEntry> {
  const footer = table.subarray(-footerSize);
  if (footer.length < footerSize || footer.readBigUInt64LE(40).toString(16) !== magic)
    throw new Error('its end is damaged');
  const places = new ByteReader(footer);
  const filters = entriesOf(readBlock(table, places));
  const index = entriesOf(readBlock(table, places));
  // LevelDB uses the filters of keys without a check, so their checksums are checked here.
  for (const { value: place } of filters) attempt(() => readBlock(table, new ByteReader(place)));
  for (const { value: place } of index)
    yield* attempt(() => entriesOf(readBlock(table, new ByteReader(place)))) ?? [];

  function attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      report((error as Error).message);
      return undefined;
    }
  }
}

/** The bytes of the block at the next place. @throws {Error} when its checksum is wrong */
function readBlock(table: Buffer, places: ByteReader): Buffer {
  const offset = places.varint();
  const end = offset + places.varint();
  if (end + trailerSize > table.length) throw new Error(`the block at byte ${offset} is cut off`);
  if (masked(crc32c(table.subarray(offset, end + 1))) !== table.readUInt32LE(end + 1))
    throw new Error(`the block at byte ${offset} is damaged`);
  if (table[end] !== 0) throw new Error(`the block at byte ${offset} is compressed`);
  return table.subarray(offset, end);
}

/** The entries of a block. Each key is written as its difference from the key before it. */
function entriesOf(block: Buffer): readonly TableEntry[] {
  const restarts = block.readUInt32LE(block.length - 4);
  const reader = new ByteReader(block.subarray(0, block.length - 4 - 4 * restarts));
  const entries: TableEntry[] = [];
  let key = Buffer.alloc(0);
  while (!reader.isAtEnd) {
    const shared = reader.varint();
    const added = reader.varint();
    const size = reader.varint();
    key = Buffer.concat([key.subarray(0, shared), reader.take(added)]);
    entries.push({ key, value: reader.take(size) });
  }
  return entries;
}
