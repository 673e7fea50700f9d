// The bytes of a stored message: a checksum, the length of its head, the head as JSON, and the body.
import { crc32 } from 'node:zlib';
import type { StoredMessage } from './message-store.js';

/** Bytes before the head: the checksum of everything after it, and the length of the head. */
const prefix = 8;

interface Head {
  readonly id: string;
  readonly destination: string;
  readonly headers: readonly (readonly [string, string])[];
}

export function writeRecord({ sequence, id, message }: StoredMessage): Buffer {
  const { destination, headers, body } = message;
  const head = Buffer.from(JSON.stringify({ id, destination, headers: [...headers] }));
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
  const { id, destination, headers } = JSON.parse(record.toString('utf8', prefix, end)) as Head;
  const message = { destination, headers: new Map(headers), body: record.subarray(end) };
  return { sequence, id, message };
}

/** Covers the sequence number too: with a damaged one, the message would be delivered out of order. */
function checksumOf(sequence: number, record: Buffer): number {
  return crc32(record.subarray(4), crc32(String(sequence)));
}
