// docs/sessions.md: its tables of frames name the kinds and fields of the sources, and no others.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { declarationOf } from './declaration.js';
import { readPages, root } from './page.js';

const frames = 'message/frame.ts';
const source = readFileSync(`${root}src/${frames}`, 'utf8');
const { prose } = readPages().find(({ path }) => path === 'docs/sessions.md')!;

/** Kinds of frames and the fields of each. */
type Fields = Record<string, string[]>;

function membersOf(name: string): string[] {
  const { base, body } = declarationOf(frames, name);
  const own = [...body.matchAll(/^  readonly (\w+)/gm)].map(([, member]) => member!);
  return [...(base === undefined ? [] : membersOf(base)), ...own];
}

function declared(union: string): Fields {
  const [, names] = new RegExp(`type ${union} =([^;]*);`).exec(source)!;
  return Object.fromEntries(
    names!.match(/\w+/g)!.flatMap((name) => {
      const [, kinds] = new RegExp(`interface ${name} [^}]*?kind: ([^;]*);`).exec(source)!;
      const fields = membersOf(name).filter((member) => member !== 'kind');
      return kinds!.match(/\w+/g)!.map((kind): [string, string[]] => [kind, fields.toSorted()]);
    }),
  );
}

/** Names in code spans; names in parentheses or after "with" are values and members of a field. */
function documented(heading: string, everywhere: readonly string[] = []): Fields {
  const [, table] = prose.split(`The kinds of ${heading} frames and their fields:`);
  const rows = table!.trim().split('\n\n')[0]!.split('\n').slice(2);
  return Object.fromEntries(
    rows.flatMap((row) => {
      const [, kinds, cell] = row.split('|');
      const fields = [...cell!.replaceAll(/\([^)]*\)| with [^;]*/g, '').matchAll(/`(\w+)`/g)];
      return [...kinds!.matchAll(/`(\w+)`/g)].map(([, kind]): [string, string[]] => {
        const common = kind === 'connect' ? [] : everywhere;
        return [kind!, [...fields.map(([, field]) => field!), ...common].toSorted()];
      });
    }),
  );
}

describe('the frames that interceptors receive', () => {
  it('of clients', () => {
    expect(documented('client', ['receipt'])).toEqual(declared('ClientFrame'));
  });

  it('of the server', () => {
    expect(documented('server')).toEqual(declared('ServerFrame'));
  });
});
