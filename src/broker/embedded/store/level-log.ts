// Reads LevelDB's log format, in which `*.log` and `MANIFEST-*` are written, because LevelDB skips damaged records without an error.
import { crc32c, masked } from './crc32c.js';

/** Bytes of a block. A record never crosses the end of a block; a larger write consists of several records. */
const blockSize = 32 * 1024;
/** Bytes before each record: checksum, length and kind. */
const headerSize = 7;
/** Position of the kind in a record. */
const kindAt = 6;
/** The kinds of records: a whole write, or the first, a middle and the last part of a write. */
const [whole, first, last] = [1, 2, 4];

/**
 * The writes of a log in order. A log may end with half a write: its process ended while it wrote. No later write had begun then,
 * because each write waits for the one before, so any valid record after an invalid one means damage.
 *
 * @param report receives each damage; when it returns, reading continues behind the damage
 */
export function* readLog(log: Buffer, report: (damage: string) => void): Generator<Buffer> {
  let at = 0;
  let parts: Buffer[] | undefined;
  while (at < log.length) {
    const left = blockSize - (at % blockSize);
    if (left < headerSize) {
      at += left;
      continue;
    }
    const end = recordEnd(log, at);
    if (end === undefined) {
      const next = nextBeginning(log, at);
      if (next === undefined) return;
      report(`the record at byte ${at} is damaged`);
      parts = undefined;
      at = next;
      continue;
    }
    const kind = log[at + kindAt];
    const isBeginning = kind === whole || kind === first;
    const part = log.subarray(at + headerSize, end);
    if (isBeginning !== (parts === undefined)) report(`a record before byte ${at} is missing`);
    if (isBeginning) parts = [part];
    else parts?.push(part);
    if (parts !== undefined && (kind === whole || kind === last)) {
      yield parts.length === 1 ? part : Buffer.concat(parts);
      parts = undefined;
    }
    at = end;
  }
}

/** The position of the next valid record that begins a write. */
function nextBeginning(log: Buffer, from: number): number | undefined {
  for (let at = from; at + headerSize <= log.length; at++) {
    const kind = log[at + kindAt];
    if ((kind === whole || kind === first) && recordEnd(log, at) !== undefined) return at;
  }
  return undefined;
}

/** The end of the record that begins here; undefined when no valid record does. */
function recordEnd(log: Buffer, at: number): number | undefined {
  const body = at + headerSize;
  if (body > log.length) return undefined;
  const end = body + log.readUInt16LE(at + 4);
  const block = at - (at % blockSize) + blockSize;
  if (end > Math.min(log.length, block)) return undefined;
  const kind = log[at + kindAt]!;
  if (kind < whole || kind > last) return undefined;
  return masked(crc32c(log.subarray(at + kindAt, end))) === log.readUInt32LE(at) ? end : undefined;
}
