// Tests the documentation: its programs compile and print the documented output, and its links, files and scripts exist.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { errorCodes, type ErrorCode } from '../src/index.js';
import { closeCodeOf } from '../src/message/error.js';
import { readExamples } from './docs/docstrings.js';
import {
  anchorsOf,
  importsOf,
  installsOf,
  isThere,
  linksOf,
  page,
  pathsOf,
  readPages,
  root,
  scriptsOf,
  type Page,
} from './docs/page.js';
import { compile, importedFilesOf, programsOf, run, runWithoutTypes } from './docs/program.js';

const pages = readPages();
const named = pages.map((each): [string, Page] => [each.path, each]);

describe('the programs of the documentation, and the examples in docstrings,', () => {
  const programs = programsOf([...pages, ...readExamples()]);
  let errors: string;

  beforeAll(async () => {
    if (!isThere('dist/index.d.ts'))
      throw new Error('They are compiled against the built package: run `npm run build` first.');
    errors = await compile(programs);
  }, 60_000);

  it('are found', () => {
    const paths = programs.map(({ page: { path } }) => path);
    expect(paths).toContain('README.md');
    expect(paths).toContain('src/server/create-server.ts');
  });

  it('compile', () => {
    expect(errors).toBe('');
  });

  it.each(programs.filter(({ fence }) => fence.info === 'ts run'))(
    'print the documented output: $name',
    async (program) => {
      const { fences } = program.page;
      const output = fences[fences.indexOf(program.fence) + 1];
      expect(output?.info).toBe('text');
      expect(await run(program)).toBe(output!.code);
    },
  );
});

describe('under esbuild and tsx, which emit no types for decorators,', () => {
  it('the program of the README prints the documented output', async () => {
    const readme = pages.find(({ path }) => path === 'README.md')!;
    const { fences } = readme;
    const index = fences.findIndex(({ info }) => info === 'ts run');
    const files = { ...importedFilesOf(readme), hello: fences[index]!.code };
    expect(await runWithoutTypes(files)).toBe(fences[index + 1]!.code);
  });

  it('the test of getting started passes', async () => {
    const { fences } = pages.find(({ path }) => path === 'docs/getting-started.md')!;
    const files = fences.flatMap(({ info, code }): [string, string][] => {
      const [, name] = /^ts src\/([\w.]+)\.ts$/.exec(info) ?? [];
      return name === undefined ? [] : [[name, code]];
    });
    expect(files.at(-1)![0]).toBe('room.controller.test');
    expect(await runWithoutTypes(Object.fromEntries(files), ['--test'])).toMatch(/pass 1\n/);
  });
});

describe('the pages', () => {
  it('are all reached from the README', () => {
    const reached = new Set(['README.md']);
    for (const path of reached) {
      const targets = linksOf(pages.find((each) => each.path === path)!)
        .map((target) => posix.join(posix.dirname(path), target.split('#', 1)[0]!))
        .flatMap((target) =>
          pages.filter((each) => each.path === target || each.path.startsWith(`${target}/`)),
        );
      for (const target of targets) reached.add(target.path);
    }
    expect(pages.filter(({ path }) => !reached.has(path)).map(({ path }) => path)).toEqual([]);
  });
});

describe('the program of the README', () => {
  it('has at most 30 lines', () => {
    const first = programsOf(pages).find(({ page: { path } }) => path === 'README.md')!;
    expect(first.fence.info).toBe('ts run');
    const files = [first.fence.code, ...Object.values(importedFilesOf(first.page))];
    expect(files.flatMap((code) => code.split('\n')).length).toBeLessThanOrEqual(30);
  });
});

describe.each(named)('%s', (path, each) => {
  it('has no broken links', () => {
    const broken = linksOf(each).filter((target) => {
      const [file, anchor] = target.split('#', 2);
      const meant = file === '' ? path : posix.join(posix.dirname(path), file!);
      if (!isThere(meant)) return true;
      return (
        anchor !== undefined &&
        !anchorsOf(page(meant, readFileSync(root + meant, 'utf8'))).includes(anchor)
      );
    });
    expect(broken).toEqual([]);
  });

  it('names only files that exist', () => {
    const created = new Set(each.fences.map(({ info }) => info.split(' ')[1]));
    expect(pathsOf(each).filter((file) => !isThere(file) && !created.has(file))).toEqual([]);
  });

  it('installs the packages that its programs import', () => {
    const installed = new Set(installsOf(each));
    expect(importsOf(each).filter((name) => !installed.has(name))).toEqual([]);
  });

  it('names only scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scriptsOf(each).filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe('docs/reference/errors.md', () => {
  /** Rows of code, text, class, close code, advice. */
  const rows = [
    ...readFileSync(`${root}docs/reference/errors.md`, 'utf8').matchAll(
      /^\| `([\w-]+)` +\| (.*?) +\| (.*?) +\| (.*?) +\| (.*?) +\|$/gm,
    ),
  ];

  it('documents every code with the text, class and close code of the sources', () => {
    const documented = Object.fromEntries(
      rows.map(([, code, text, type, closes]) => [code, [text, type, closes]]),
    );
    const expected = Object.entries(errorCodes).map(([code, error]) => [
      code,
      [error.text, error.class, 'closes' in error ? String(error.closes) : ''],
    ]);
    expect(documented).toEqual(Object.fromEntries(expected));
  });

  it('documents the close code of each class', () => {
    const classes = readFileSync(`${root}docs/reference/errors.md`, 'utf8').matchAll(
      /^\| `([\w-]+)` \| (\d+) \|/gm,
    );
    const documented = new Map(Array.from(classes, ([, type, code]) => [type, Number(code)]));
    const ordinary = Object.entries(errorCodes).filter(([, error]) => !('closes' in error));
    for (const [code, error] of ordinary)
      expect([code, closeCodeOf(code as ErrorCode)]).toEqual([code, documented.get(error.class)]);
  });

  it('lists each code once, with advice', () => {
    expect(new Set(rows.map(([, code]) => code)).size).toBe(rows.length);
    expect(rows.filter(([, , , , , advice]) => advice === '').map(([, code]) => code)).toEqual([]);
  });
});
