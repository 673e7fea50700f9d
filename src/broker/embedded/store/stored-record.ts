// The bytes of a stored message: a checksum, the length of its head, the head as JSON, and the body.
import { crc32 } from 'node:zlib';
import type { StoredMessage } from './message-store.js';

/** Bytes before the head: the checksum of everything after it, and the length of the head. */
const prefix = 8;

interface Head {
  readonly id: string;
  readonly destination: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Absent when no header is repeated. */
  readonly repeatedHeaders?: readonly (readonly [string, readonly string[]])[];
}

export function writeRecord({ sequence, id, message }: StoredMessage): Buffer {
  const { destination, headers, repeatedHeaders, body } = message;
  const repeated = repeatedHeaders && [...repeatedHeaders];
  const fields = { id, destination, headers: [...headers], repeatedHeaders: repeated };
  const head = Buffer.from(JSON.stringify(fields));
  const record = Buffer.allocUnsafe(prefix + head.length + body.length);
  record.writeUInt32BE(head.length, 4);
  record.set(head, prefix);
  record.set(body, prefix + head.length);
  record.writeUInt32BE(checksumOf(sequence, record), 0);
  return record;
}

/** Returns undefined for bytes that differ from the written ones. */
export function readRecord(sequence: number, record: Buffer): StoredMessage | undefined {
  if (record.length < prefix || checksumOf(sequence, record) !== record.readUInt32BE(0))
    return undefined;
  const end = prefix + record.readUInt32BE(4);
  const head = JSON.parse(record.toString('utf8', prefix, end)) as Head;
  const { id, destination, headers, repeatedHeaders: repeated } = head;
  const body = record.subarray(end);
  const message = { destination, headers: new Map(headers), body };
  if (repeated === undefined) return { sequence, id, message };
  return { sequence, id, message: { ...message, repeatedHeaders: new Map(repeated) } };
}

/** Covers the sequence number too: with a damaged one, the message would be delivered out of order. */
function checksumOf(sequence: number, record: Buffer): number {
  return crc32(record.subarray(4), crc32(String(sequence)));
}
