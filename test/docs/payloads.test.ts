// docs/payloads.md: its table shows the results of the built-in converters.
import { expect, it } from 'vitest';
import { Payloads } from '../../src/payload/converter.js';
import type { PayloadType } from '../../src/payload/payload-type.js';
import { defaultConverters } from '../../src/server/defaults.js';
import { readPages } from './page.js';

class Anything {}

const columns: readonly PayloadType[] = [
  { kind: 'class', type: Anything },
  { kind: 'text' },
  { kind: 'bytes' },
  { kind: 'any' },
];

const payloads = new Payloads(defaultConverters);

async function read(text: string, contentType: string, type: PayloadType): Promise<unknown> {
  const headers = new Map(contentType === 'none' ? [] : [['content-type', contentType]]);
  try {
    return await payloads.read({ destination: '/app/x', headers, body: Buffer.from(text) }, type);
  } catch {
    return 'refused';
  }
}

/** The content of a table cell, determined with three bodies. */
async function behavior(contentType: string, type: PayloadType): Promise<string> {
  const [object, quoted, plain] = await Promise.all(
    ['{"a":1}', '"quoted"', 'plain'].map((text) => read(text, contentType, type)),
  );
  if (object instanceof Uint8Array) return 'the bytes';
  if (object instanceof Object) return plain === 'plain' ? 'JSON, else the text' : 'JSON';
  if (quoted === 'quoted') return 'a JSON string';
  return plain === 'plain' ? 'the text' : '`payload-unreadable`';
}

const { prose } = readPages().find(({ path }) => path === 'docs/payloads.md')!;

const rows = [...prose.matchAll(/^\| (none|`\w+\/[\w+-]+`) \| (.*) \|$/gm)].map(
  ([, contentType, cells]): [string, readonly string[]] => [
    contentType!.replaceAll('`', ''),
    cells!.split(' | '),
  ],
);

it('has rows', () => {
  expect(rows.length).toBeGreaterThan(4);
});

it.each(rows)('%s', async (contentType, cells) => {
  expect(await Promise.all(columns.map((type) => behavior(contentType, type)))).toEqual(cells);
});
