// The list of surviving mutants: a run is compared with it by text, and it matches the sources and its page.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Mutant {
  readonly line: string;
  readonly mutator: string;
  readonly from: string;
  readonly to: string;
  readonly reason?: string;
}

interface FileEntry {
  readonly commit: string;
  readonly mutants: number;
  readonly killed: number;
  readonly survivors: readonly (Mutant & { readonly reason: string })[];
}

interface Survivors {
  readonly unexplained: string;
  readonly compare: (listed: readonly Mutant[], found: readonly Mutant[]) => object;
  readonly updated: (entry: FileEntry | undefined, result: object, commit: string) => FileEntry;
  readonly pageOf: (
    folders: readonly string[],
    sources: ReadonlyMap<string, string>,
    list: Record<string, FileEntry>,
  ) => string;
}

interface Sources {
  readonly testsByFolder: Record<string, readonly string[]>;
  readonly readSources: (root: string) => Map<string, string>;
}

// By a variable path, because these modules have no declarations.
const load = async <T>(name: string): Promise<T> =>
  (await import(`${root}scripts/mutation/${name}.mjs`)) as T;
const { compare, updated, pageOf, unexplained } = await load<Survivors>('survivors');
const { testsByFolder, readSources } = await load<Sources>('sources');

const list = JSON.parse(read('scripts/mutation/survivors.json')) as Record<string, FileEntry>;

const less = {
  line: 'if (a < b) return;',
  mutator: 'EqualityOperator',
  from: 'a < b',
  to: 'a <= b',
};
const always = { ...less, mutator: 'ConditionalExpression', to: 'true' };

describe('a run', () => {
  it('has a new survivor when a mutant is not listed, and a vanished one when a listed mutant is killed', () => {
    expect(compare([less], [always])).toEqual({ added: [always], vanished: [less] });
  });

  it('has no new survivor when a listed line has moved', () => {
    expect(compare([less, always], [always, less])).toEqual({ added: [], vanished: [] });
  });

  it('has a new survivor when a listed mutant survives in a second line with the same text', () => {
    expect(compare([less], [less, less])).toEqual({ added: [less], vanished: [] });
    expect(compare([less, less], [less])).toEqual({ added: [], vanished: [less] });
  });

  it('keeps the reasons of listed mutants in an update, and has a new commit', () => {
    const survivors = [{ ...less, reason: 'Equivalent.' }];
    const entry = { commit: 'aaaaaaa', mutants: 9, killed: 8, survivors };
    const result = { mutants: 9, killed: 7, survivors: [always, less] };
    expect(updated(entry, result, 'bbbbbbb')).toEqual({
      ...result,
      commit: 'bbbbbbb',
      survivors: [{ ...always, reason: unexplained }, ...survivors],
    });
  });
});

describe('the committed list', () => {
  it('has a reason for each survivor', () => {
    const missing = Object.entries(list).flatMap(([file, { survivors }]) =>
      survivors
        .filter(({ reason }) => reason === unexplained || reason.trim() === '')
        .map(({ line }) => `${file}: ${line}`),
    );
    expect(missing).toEqual([]);
  });

  it('has the last commit before each run', () => {
    const missing = Object.keys(list).filter((file) => !/^[0-9a-f]{7}$/.test(list[file]!.commit));
    expect(missing).toEqual([]);
  });

  it('is on its page', () => {
    expect(
      read('docs/reference/mutation.md'),
      'The page is out of date: run `npm run mutation -- --page`.',
    ).toBe(pageOf(Object.keys(testsByFolder), readSources(root), list));
  });
});

describe('the page', () => {
  const file = 'src/a/b.ts';
  const page = (source: string) =>
    pageOf(
      ['src/a'],
      new Map([
        [file, source],
        ['src/a/new.ts', ''],
      ]),
      {
        [file]: {
          commit: 'aaaaaaa',
          mutants: 8,
          killed: 7,
          survivors: [{ ...less, reason: 'Equivalent.' }],
        },
      },
    );

  it('has the score of a folder, its survivors, its files that are not tested, and the last commit before each run', () => {
    const text = page(`  ${less.line}\n`);
    expect(text).toContain('| `src/a/` | 7 of 8 | 1 | 87.5 % | 1 of 2 |');
    expect(text).toContain(
      '- `if (a < b) return;`\n  EqualityOperator: `a < b` becomes `a <= b`. Equivalent.',
    );
    expect(text).toContain('Not tested yet:\n\n- `src/a/new.ts`');
    expect(text).toContain('Last commits before the runs:\n\n- `aaaaaaa`: `b.ts`');
  });

  it('changes when a listed line changes', () => {
    const text = page('if (a <= b) return;');
    expect(text).toContain('Survivors that are not listed, because their lines have changed: 1.');
    expect(text).not.toContain(less.line);
  });
});

function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8').replaceAll('\r\n', '\n');
}
