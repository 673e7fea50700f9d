// docs/reference/server.md: its tables name the members of the server and of the publisher, and no others.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readPages, root } from './page.js';

const { prose } = readPages().find(({ path }) => path === 'docs/reference/server.md')!;

const byText = (a: string, b: string) => a.localeCompare(b);

function documented(headings: readonly string[]): string[] {
  const sections = prose
    .split(/^## /m)
    .filter((section) => headings.includes(section.split('\n', 1)[0]!));
  expect(sections).toHaveLength(headings.length);
  return [...sections.join('\n').matchAll(/^\| `(\w+)/gm)]
    .map(([, name]) => name!)
    .toSorted(byText);
}

/** The members that an interface or an abstract class of the sources declares. */
function declared(file: string, type: string): string[] {
  const source = readFileSync(`${root}src/${file}`, 'utf8');
  const [, body] = new RegExp(
    `^export (?:interface|abstract class) ${type} \\{\n(.*?)^\\}`,
    'ms',
  ).exec(source)!;
  const members = body!.matchAll(/^  (?:abstract |readonly )*(\w+)[(<:]/gm);
  return [...members].map(([, name]) => name!).toSorted(byText);
}

it('names the members of the server', () => {
  expect(documented(['Start and stop', 'Use the server'])).toEqual(
    declared('server/server.ts', 'Server'),
  );
});

it('names the methods of the publisher', () => {
  expect(documented(['Publisher'])).toEqual(declared('broker/publisher.ts', 'Publisher'));
});
