// Finds the files that LevelDB would read from a folder, without a change of the folder.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ByteReader } from './byte-reader.js';
import { readLog } from './level-log.js';

export interface LevelTable {
  readonly name: string;
  /** The entry of the table in the manifest; unknown without a manifest. */
  readonly bounds?: {
    readonly size: number;
    readonly smallestKey: Buffer;
    readonly largestKey: Buffer;
  };
}

export interface LevelFiles {
  readonly tables: readonly LevelTable[];
  /** The names of the logs, oldest first. */
  readonly logs: readonly string[];
}

/** The numbers before the fields of a change in a manifest. */
const field = {
  comparator: 1,
  logNumber: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedTable: 6,
  newTable: 7,
  previousLogNumber: 9,
} as const;

/** True for the names of files that LevelDB writes, and may delete when it opens a folder. */
export function isLevelFile(name: string): boolean {
  return /^(CURRENT|MANIFEST-\d+|\d+\.(log|ldb|sst|dbtmp))$/.test(name);
}

/**
 * The tables and logs of the version that the file CURRENT names.
 *
 * @param names all names in the folder
 * @throws {Error} when CURRENT or the manifest is damaged, or a table or log is missing
 */
export async function currentFiles(path: string, names: readonly string[]): Promise<LevelFiles> {
  const known = new Set(names);
  if (!known.has('CURRENT')) throw new Error('CURRENT is missing');
  const current = await readFile(join(path, 'CURRENT'), 'latin1');
  const manifest = current.slice(0, -1);
  if (!/^MANIFEST-\d{6,}\n$/.test(current)) throw new Error('CURRENT is damaged');
  if (!known.has(manifest)) throw new Error(`${manifest} is missing`);
  const { logNumber, tables } = readManifest(manifest, await readFile(join(path, manifest)));
  const logs = logsIn(names).filter((name) => Number.parseInt(name, 10) >= logNumber);
  // A new database has no log before its second version.
  if (logNumber > 0 && Number.parseInt(logs[0] ?? '', 10) !== logNumber)
    throw new Error(`${fileName(logNumber)}.log is missing`);
  const missing = tables.find(({ name }) => !known.has(name));
  if (missing !== undefined) throw new Error(`${missing.name} is missing`);
  return { tables, logs };
}

export function isTable(name: string): boolean {
  return /^\d+\.ldb$/.test(name);
}

/** All logs among the names, oldest first. */
export function logsIn(names: readonly string[]): readonly string[] {
  return names
    .filter((name) => /^\d+\.log$/.test(name))
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

function readManifest(name: string, bytes: Buffer) {
  const tables = new Map<string, LevelTable>();
  let logNumber: number | undefined;
  const report = (damage: string) => {
    throw new Error(`${name}: ${damage}`);
  };
  for (const change of readLog(bytes, report)) {
    const reader = new ByteReader(change);
    while (!reader.isAtEnd) {
      const next = reader.varint();
      switch (next) {
        case field.comparator:
          reader.prefixed();
          break;
        case field.logNumber:
          logNumber = reader.varint();
          break;
        case field.nextFileNumber:
        case field.lastSequence:
        case field.previousLogNumber:
          reader.varint();
          break;
        case field.compactPointer:
          reader.varint();
          reader.prefixed();
          break;
        case field.deletedTable:
          tables.delete(`${reader.varint()}/${reader.varint()}`);
          break;
        case field.newTable:
          readNewTable(reader, tables);
          break;
        default:
          report(`it has the unknown field ${next}`);
      }
    }
  }
  if (logNumber === undefined) throw new Error(`${name} is cut off`);
  return { logNumber, tables: [...tables.values()] };
}

function readNewTable(reader: ByteReader, tables: Map<string, LevelTable>): void {
  const level = reader.varint();
  const number = reader.varint();
  tables.set(`${level}/${number}`, {
    name: `${fileName(number)}.ldb`,
    bounds: {
      size: reader.varint(),
      smallestKey: reader.prefixed(),
      largestKey: reader.prefixed(),
    },
  });
}

function fileName(number: number): string {
  return String(number).padStart(6, '0');
}
