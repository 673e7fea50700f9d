// The bytes of a record: a checksum, the length of its head, the head as JSON, and the body. A record is a message or the totals.
import { crc32 } from 'node:zlib';
import type { StoredMessage } from './message-store.js';

/** The contents that the store must have. It is written together with each change of the messages. */
export interface StoreTotals {
  /** The id of the store: records of another store are not accepted. */
  readonly store: string;
  /** The number of writes so far. */
  readonly writes: number;
  /** The number of messages. */
  readonly messages: number;
  /** The sum of the checksums of all messages, modulo 2^32. */
  readonly checksum: number;
}

/** The key of the totals. The keys of messages are their sequence numbers, which begin at 1. */
export const totalsKey = 0;

/** Bytes before the head: the checksum of the key and of everything after it, and the length of the head. */
const prefix = 8;

interface Head {
  readonly id: string;
  readonly destination: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Absent when no header is repeated. */
  readonly repeatedHeaders: readonly (readonly [string, readonly string[]])[] | undefined;
}

export function writeMessage({ sequence, id, message }: StoredMessage): Buffer {
  const { destination, headers, repeatedHeaders, body } = message;
  const repeated = repeatedHeaders && [...repeatedHeaders];
  const head: Head = { id, destination, headers: [...headers], repeatedHeaders: repeated };
  return writeRecord(sequence, head, body);
}

/** @throws {Error} for bytes that differ from the written ones */
export function readMessage(sequence: number, record: Buffer): StoredMessage {
  const { head, body } = readRecord(sequence, record);
  const { id, destination, headers, repeatedHeaders: repeated } = head as Head;
  const message = { destination, headers: new Map(headers), body };
  if (repeated === undefined) return { sequence, id, message };
  return { sequence, id, message: { ...message, repeatedHeaders: new Map(repeated) } };
}

export function writeTotals(totals: StoreTotals): Buffer {
  return writeRecord(totalsKey, totals, new Uint8Array());
}

/** @throws {Error} for bytes that differ from the written ones */
export function readTotals(record: Buffer): StoreTotals {
  return readRecord(totalsKey, record).head as StoreTotals;
}

/** The checksum that a record contains. */
export function checksumOf(record: Buffer): number {
  return record.readUInt32BE(0);
}

/** Eight bytes in big-endian order, so that LevelDB sorts the keys by number. */
export function writeKey(key: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(BigInt(key));
  return bytes;
}

/** @throws {Error} for bytes that are not a key */
export function readKey(bytes: Buffer): number {
  if (bytes.length !== 8) throw new Error(`it has a key of ${bytes.length} bytes`);
  return Number(bytes.readBigUInt64BE());
}

function writeRecord(key: number, head: object, body: Uint8Array): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const record = Buffer.allocUnsafe(prefix + text.length + body.length);
  record.writeUInt32BE(text.length, 4);
  record.set(text, prefix);
  record.set(body, prefix + text.length);
  record.writeUInt32BE(computeChecksum(key, record), 0);
  return record;
}

function readRecord(key: number, record: Buffer) {
  if (record.length < prefix || computeChecksum(key, record) !== checksumOf(record))
    throw new Error(`the record ${key} is damaged`);
  const end = prefix + record.readUInt32BE(4);
  return {
    head: JSON.parse(record.toString('utf8', prefix, end)) as unknown,
    body: record.subarray(end),
  };
}

/** Covers the key too: with a damaged one, the message would be delivered out of order. */
function computeChecksum(key: number, record: Buffer): number {
  return crc32(record.subarray(4), crc32(writeKey(key)));
}
