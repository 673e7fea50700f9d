// docs/protocols.md: its tables of the JSON protocol name the frames and fields of the schema, and no others.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPages, root } from './page.js';

interface FrameSchema {
  readonly properties: { readonly type: { readonly const?: string; readonly enum?: string[] } };
}

interface Schema {
  readonly $defs: Record<string, FrameSchema> &
    Record<'clientFrame' | 'serverFrame', { readonly oneOf: readonly { readonly $ref: string }[] }>;
}

const { $defs } = JSON.parse(
  readFileSync(`${root}docs/json-protocol.schema.json`, 'utf8'),
) as Schema;

const { prose } = readPages().find(({ path }) => path === 'docs/protocols.md')!;

/** Types of frames and the fields of each. */
type Fields = Record<string, string[]>;

const sorted = (names: Iterable<string>) =>
  [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1));

function declared(side: 'clientFrame' | 'serverFrame'): Fields {
  return Object.fromEntries(
    $defs[side].oneOf.flatMap(({ $ref }) => {
      const { type, ...fields } = $defs[$ref.replace('#/$defs/', '')]!.properties;
      const names = type.enum ?? [type.const!];
      return names.map((name) => [name, sorted(Object.keys(fields))]);
    }),
  );
}

/** Names in code spans, such as `id` or `heartbeat: [can, wants]`; names in parentheses are values. */
function namesIn(cell: string): string[] {
  const spans = cell.replaceAll(/\([^)]*\)/g, '').matchAll(/`(\w+)/g);
  return [...spans].map(([, name]) => name!);
}

function documented(side: string, everywhere: readonly string[]): Fields {
  const [, table] = prose.split(`| ${side} frame | fields |`);
  const rows = table!.trim().split('\n\n')[0]!.split('\n').slice(1);
  return Object.fromEntries(
    rows.flatMap((row) => {
      const [, types, fields] = row.split('|');
      return namesIn(types!).map((type) => [
        type,
        sorted([
          ...namesIn(fields!),
          ...(['connect', 'ping', 'pong'].includes(type) ? [] : everywhere),
        ]),
      ]);
    }),
  );
}

describe('the JSON frames', () => {
  it('of clients', () => {
    expect(documented('client', ['receipt'])).toEqual(declared('clientFrame'));
  });

  it('of the server', () => {
    expect(documented('server', [])).toEqual(declared('serverFrame'));
  });
});
