// Checks LevelDB's log before it is opened, because LevelDB skips damaged records without an error.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from './crc32c.js';

/** Bytes of a block. A record never crosses the end of a block; a larger write consists of several records. */
const blockSize = 32 * 1024;
/** Bytes before each record: checksum, length and kind. */
const headerSize = 7;
/** Position of the kind in a record, and the kinds of first records: a whole write, and the first of several records. */
const kindAt = 6;
const whole = 1;
const first = 2;

/**
 * True when a log in the folder is damaged before its last write. Damage in the last write looks the same as a process that
 * ended while it wrote; no later write had begun then, because each write waits for the one before.
 */
export async function isLogDamaged(path: string): Promise<boolean> {
  for (const name of await namesIn(path))
    if (name.endsWith('.log') && isDamaged(await readFile(join(path, name)))) return true;
  return false;
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch {
    // The folder does not exist yet or cannot be read; opening it reports the error.
    return [];
  }
}

function isDamaged(log: Buffer): boolean {
  const end = endOfValid(log);
  for (let at = end; at < log.length; at++) {
    const kind = log[at + kindAt];
    if ((kind === whole || kind === first) && recordEnd(log, at) !== undefined) return true;
  }
  return false;
}

/** The position of the first invalid record. */
function endOfValid(log: Buffer): number {
  let at = 0;
  for (;;) {
    const left = blockSize - (at % blockSize);
    const end = left < headerSize ? at + left : recordEnd(log, at);
    if (end === undefined || end > log.length) return at;
    at = end;
  }
}

/** The end of the record that begins here; undefined when no valid record does. */
function recordEnd(log: Buffer, at: number): number | undefined {
  const body = at + headerSize;
  if (body > log.length) return undefined;
  const end = body + log.readUInt16LE(at + 4);
  const block = at - (at % blockSize) + blockSize;
  if (end > Math.min(log.length, block)) return undefined;
  return masked(crc32c(log.subarray(at + kindAt, end))) === log.readUInt32LE(at) ? end : undefined;
}

/** The form in which LevelDB stores a checksum. */
function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
