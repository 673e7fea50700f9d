// Faults E: stored messages on a damaged or failing disk.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { EmbeddedBroker } from '../../../src/index.js';
import { levelStore, type MessageStore, type StoreChange } from '../../../src/store.js';
import { everyProtocol, serverAlone, WrongAnswer, type Case } from '../case.js';
import { problemsOf } from '../client.js';
import { expectLog, expectThat } from '../expect.js';
import type { Setup } from '../setup.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const opener = fileURLToPath(new URL('../damaged-store.mjs', import.meta.url));

/** The result of opening a store: its messages, or the code with which it is refused. */
interface Opened {
  readonly bodies?: readonly string[];
  readonly code?: string;
}

const sequences = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Texts that LevelDB cannot compress. */
const bodies = sequences.map((sequence) =>
  Array.from({ length: 40 }, (_, i) =>
    String.fromCharCode(33 + ((sequence * 7919 + i * 104_729 + sequence * i * 31) % 90)),
  ).join(''),
);

const changes: readonly StoreChange[] = bodies.map((body, i) => ({
  kind: 'put',
  stored: {
    sequence: sequences[i]!,
    id: `m${sequences[i]}`,
    message: {
      destination: '/queue/orders',
      headers: new Map([['persistent', 'true']]),
      body: Buffer.from(body),
    },
  },
}));

/** A folder with a closed store of ten messages in a table of LevelDB. Inside the project, so that its packages are found. */
async function writeStore(
  setup: Setup,
): Promise<{ readonly folder: string; readonly path: string }> {
  const folder = await mkdtemp(join(root, 'node_modules', '.regression-'));
  setup.defer(() => rm(folder, { recursive: true }));
  const path = join(folder, 'store');
  const store = levelStore({ path });
  await store.open();
  await store.write(changes);
  await store.close();
  // Opened once more, LevelDB moves its log into a table.
  const again = levelStore({ path });
  await again.open();
  await again.close();
  return { folder, path };
}

/** Opens stores in a separate process, one after another. @throws WrongAnswer where the process ends early */
async function open(folder: string, paths: readonly string[]): Promise<readonly Opened[]> {
  await build({
    configFile: false,
    root,
    logLevel: 'silent',
    build: { ssr: 'src/store.ts', outDir: folder, emptyOutDir: false },
  });
  const bundle = join(folder, 'store.js');
  const output = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [opener, bundle, ...paths], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new WrongAnswer(`A damaged store ended the process: ${stderr.slice(0, 300)}`));
    });
  });
  const lines = output.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Opened);
}

async function tablesIn(path: string): Promise<readonly string[]> {
  return (await readdir(path)).filter((name) => name.endsWith('.ldb')).toSorted();
}

/** The files with messages, and the files that list them. The other files are the log and the lock of LevelDB. */
async function essentialFiles(path: string): Promise<readonly string[]> {
  return (await readdir(path)).filter((name) => !/^LO(CK|G|G\.old)$/.test(name)).toSorted();
}

interface Damage {
  readonly name: string;
  /** Damages the files in the folder. */
  readonly apply: (path: string) => Promise<void>;
}

/** Opens a copy of the store for each damage. Expects all messages or a refusal without a deleted file. */
async function expectNoOtherContents(
  setup: Setup,
  damagesOf: (path: string) => Promise<readonly Damage[]>,
): Promise<void> {
  const { folder, path } = await writeStore(setup);
  const damages = await damagesOf(path);
  const copies: { readonly path: string; readonly names: readonly string[] }[] = [];
  for (const [i, { apply }] of damages.entries()) {
    const copy = join(folder, `copy-${i}`);
    await cp(path, copy, { recursive: true });
    await apply(copy);
    copies.push({ path: copy, names: await essentialFiles(copy) });
  }
  const opened = await open(
    folder,
    copies.map((copy) => copy.path),
  );
  const wrong: string[] = [];
  for (const [i, { code, bodies: found = [] }] of opened.entries()) {
    const isComplete = code === undefined && found.join() === bodies.join();
    const isKept = (await essentialFiles(copies[i]!.path)).join() === copies[i]!.names.join();
    if (!isComplete && !(code === 'store-damaged' && isKept))
      wrong.push(`${damages[i]!.name}: ${code ?? `${found.length} messages`}`);
  }
  expectThat(wrong.length === 0, `These damages were not detected: ${wrong.join(', ')}.`);
}

/** Places in the table: the byte, counted from the end, and the bit. Each opened with some or all messages missing. */
const flips: readonly (readonly [fromEnd: number, bit: number])[] = [
  [780, 0],
  [775, 0],
  [772, 0],
  [612, 0],
  [548, 5],
  [491, 5],
  [425, 5],
  [379, 5],
  [335, 5],
  [168, 0],
  [166, 5],
  [62, 0],
  [60, 0],
  [58, 5],
  [45, 5],
  [43, 5],
];

const flippedBits: Case = {
  fault: 'E1',
  name: 'flipped-bits-of-a-table',
  title:
    'A store with a flipped bit in a table is refused with store-damaged, or has all its messages',
  ...serverAlone,
  run: (setup) =>
    expectNoOtherContents(setup, async (path) => {
      const table = (await tablesIn(path))[0]!;
      return flips.map(([fromEnd, bit]) => ({
        name: `${fromEnd}.${bit}`,
        apply: async (copy) => {
          const file = join(copy, table);
          const bytes = await readFile(file);
          bytes[Math.max(0, bytes.length - fromEnd)]! ^= 1 << bit;
          await writeFile(file, bytes);
        },
      }));
    }),
};

const missingFiles: Case = {
  fault: 'E1',
  name: 'missing-files',
  title: 'A store without one of its files is refused with store-damaged, and keeps the others',
  ...serverAlone,
  run: (setup) =>
    expectNoOtherContents(setup, async (path) =>
      (await essentialFiles(path)).map((name) => ({
        name,
        apply: (copy) => rm(join(copy, name)),
      })),
    ),
};

const cutFiles: Case = {
  fault: 'E1',
  name: 'cut-off-files',
  title:
    'A store with a file that is cut off is refused with store-damaged, or has all its messages',
  ...serverAlone,
  run: (setup) =>
    expectNoOtherContents(setup, async (path) =>
      (await essentialFiles(path)).flatMap((name) =>
        [0, 1, 20, 60].map((size) => ({
          name: `${name}.${size}`,
          apply: (copy) => truncate(join(copy, name), size),
        })),
      ),
    ),
};

const swappedFiles: Case = {
  fault: 'E1',
  name: 'swapped-files',
  title: 'A store with two swapped files is refused with store-damaged',
  ...serverAlone,
  run: (setup) =>
    expectNoOtherContents(setup, async (path) => {
      const names = await essentialFiles(path);
      return names.flatMap((one, i) =>
        names.slice(i + 1).map((other) => ({
          name: `${one} and ${other}`,
          apply: async (copy) => {
            const [a, b] = [await readFile(join(copy, one)), await readFile(join(copy, other))];
            await writeFile(join(copy, one), b);
            await writeFile(join(copy, other), a);
          },
        })),
      );
    }),
};

const missingCurrent: Case = {
  fault: 'E1',
  name: 'missing-current-file',
  title: 'A store without its file CURRENT is refused with store-damaged, and keeps its tables',
  ...serverAlone,
  async run(setup) {
    const { folder, path } = await writeStore(setup);
    const tables = await tablesIn(path);
    await rm(join(path, 'CURRENT'));
    const [opened] = await open(folder, [path]);
    expectThat(
      opened?.code === 'store-damaged',
      `It opened with ${opened?.bodies?.length} messages and the code ${opened?.code}.`,
    );
    expectThat((await tablesIn(path)).join() === tables.join(), 'A table was deleted.');
  },
};

const failingStore: MessageStore = {
  open: () => Promise.resolve([]),
  write: () => Promise.reject(new Error('The disk is full.')),
  close: () => Promise.resolve(),
};

const failedWrite: Case = {
  fault: 'E2',
  name: 'reason-of-a-failed-write',
  title: 'The log has the reason why a message could not be stored',
  ...everyProtocol,
  async run(setup) {
    await setup.start({ broker: new EmbeddedBroker({ store: failingStore }) });
    const client = await setup.connect({ problems: true });
    client.send('SEND', { destination: '/queue/orders', persistent: 'true' }, '1');
    await setup.settle();
    expectThat(
      problemsOf(client).some(({ code }) => code === 'store-failed'),
      'The SEND got no problem store-failed.',
    );
    expectLog(setup, /The disk is full/);
  },
};

export const storage: readonly Case[] = [
  flippedBits,
  missingFiles,
  cutFiles,
  swappedFiles,
  missingCurrent,
  failedWrite,
];
