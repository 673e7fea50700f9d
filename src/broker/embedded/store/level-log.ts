// A look at LevelDB's log before it is opened: what is damaged there it would leave out without a word.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32c } from './crc32c.js';

/** What the log is divided into; a record never reaches over the end of a block, and larger writes are several records. */
const blockSize = 32 * 1024;
/** Before each record: its checksum, its length and its kind. */
const headerSize = 7;
/** Where the kind of a record stands, and the kinds that a write begins with: all of it, and the first of several. */
const kindAt = 6;
const whole = 1;
const first = 2;

/**
 * Whether a log in the folder is damaged before its last write. Damage in the last one looks as if the process had ended while
 * it wrote; as one write waits for the other, nothing behind it began.
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
    // Not there yet, or not to be read: opening says so.
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

/** Where the first record begins that is not valid. */
function endOfValid(log: Buffer): number {
  let at = 0;
  for (;;) {
    const left = blockSize - (at % blockSize);
    const end = left < headerSize ? at + left : recordEnd(log, at);
    if (end === undefined || end > log.length) return at;
    at = end;
  }
}

/** Where the record ends that begins here; undefined where none does. */
function recordEnd(log: Buffer, at: number): number | undefined {
  const body = at + headerSize;
  if (body > log.length) return undefined;
  const end = body + log.readUInt16LE(at + 4);
  const block = at - (at % blockSize) + blockSize;
  if (end > Math.min(log.length, block)) return undefined;
  return masked(crc32c(log.subarray(at + kindAt, end))) === log.readUInt32LE(at) ? end : undefined;
}

/** How LevelDB writes a checksum down. */
function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
