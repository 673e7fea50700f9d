// A stored message as octets: a checksum, the length of its head, the head as JSON, and the body.
import { crc32 } from 'node:zlib';
import type { StoredMessage } from './message-store.js';

/** What stands before the head: the checksum of all behind it, and the head's length. */
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

/** Undefined for octets that are not what was written. */
export function readRecord(sequence: number, record: Buffer): StoredMessage | undefined {
  if (record.length < prefix || checksumOf(sequence, record) !== record.readUInt32BE(0))
    return undefined;
  const end = prefix + record.readUInt32BE(4);
  const { id, destination, headers } = JSON.parse(record.toString('utf8', prefix, end)) as Head;
  const message = { destination, headers: new Map(headers), body: record.subarray(end) };
  return { sequence, id, message };
}

/** Of its place too: where that is damaged, the message would come out of turn. */
function checksumOf(sequence: number, record: Buffer): number {
  return crc32(record.subarray(4), crc32(String(sequence)));
}
