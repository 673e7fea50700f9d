// The file `signalbox.manifest`: proves that a folder is a store, and counts the writes that the store must contain.
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

export const manifestName = 'signalbox.manifest';
const version = 1;
/** The file has two lines of this length, written in turn, so that one is valid when a process ends while it writes the other. */
const lineSize = 64;

export interface StoreManifest {
  /** The id of the store. */
  readonly store: string;
  /** The store contains at least this number of writes. */
  readonly writes: number;
}

/**
 * Reads the manifest of a folder; undefined when it has none.
 *
 * @throws {Error} when no line is valid
 */
export async function readManifest(path: string): Promise<StoreManifest | undefined> {
  let text: string;
  try {
    text = await readFile(join(path, manifestName), 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [one, other] = [readLine(text, 0), readLine(text, lineSize)];
  const newest = (one?.writes ?? -1) > (other?.writes ?? -1) ? one : other;
  if (newest === undefined) throw new Error(`${manifestName} is damaged`);
  return newest;
}

/** Makes an existing folder a new store. The manifest is complete or missing, also after a power failure. */
export async function createManifest(path: string): Promise<StoreManifest> {
  const manifest = { store: randomBytes(8).toString('hex'), writes: 0 };
  const temporary = join(path, `${manifestName}.new`);
  const file = await open(temporary, 'w');
  try {
    await file.write(lineOf(manifest) + lineOf(manifest));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(path, manifestName));
  await syncFolder(path);
  return manifest;
}

/** The manifest of an open store. */
export class ManifestWriter {
  private constructor(
    private readonly file: FileHandle,
    private readonly store: string,
  ) {}

  static async open(path: string, store: string): Promise<ManifestWriter> {
    return new ManifestWriter(await open(join(path, manifestName), 'r+'), store);
  }

  /**
   * Counts the writes. The count is not synced, because it is true whenever it reaches the disk: after a power failure, the store
   * contains at least as many writes as it counts.
   */
  async count(writes: number): Promise<void> {
    const line = lineOf({ store: this.store, writes });
    await this.file.write(line, (writes % 2) * lineSize, 'latin1');
  }

  /** Syncs the count. */
  sync(): Promise<void> {
    return this.file.sync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function lineOf({ store, writes }: StoreManifest): string {
  const text = `signalbox store ${version} ${store} ${String(writes).padStart(16, '0')}`;
  return `${text} ${checksumOf(text)}\n`.padStart(lineSize);
}

function readLine(text: string, at: number): StoreManifest | undefined {
  const line = text.slice(at, at + lineSize);
  const [, , , store, writes] = line.trim().split(' ');
  if (store === undefined || writes === undefined) return undefined;
  const manifest = { store, writes: Number(writes) };
  return lineOf(manifest) === line ? manifest : undefined;
}

function checksumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** Makes a new name in the folder durable. Windows has no such operation. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
