// docs/reference/testing.md: its tables name the members and options of the test kit in the API report, and no others.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readPages, root } from './page.js';

const report = readFileSync(`${root}api/testing.md`, 'utf8');
const { prose } = readPages().find(({ path }) => path === 'docs/reference/testing.md')!;

/** The names in the first column of those tables of a section whose head begins with a text. */
function documented(heading: string, head: string): string[] {
  const section = prose.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? '';
  const tables = section.split('\n\n').filter((each) => each.startsWith(`| ${head}`));
  const cells = tables.flatMap((table) => table.match(/(?<=^\| )`[^|]*/gm) ?? []);
  const names = cells.flatMap((cell) => cell.match(/(?<=`)\w+/g) ?? []);
  return [...new Set(names)].toSorted();
}

/** The members of a class or an interface in the API report. */
function reported(type: string): string[] {
  const [, body = ''] =
    new RegExp(`^(?:export )?(?:class|interface) ${type}\\b[^\n]*\\{\n(.*?)^\\}`, 'ms').exec(
      report,
    ) ?? [];
  const names = body.match(/(?<=^    (?:readonly |get )?)\w+(?=[?(:<])/gm) ?? [];
  return [...new Set(names)].toSorted();
}

it.each([
  ['TestServer', 'Test server', 'member'],
  ['ConnectOptions', '`connect(options)`', 'option'],
  ['WebSocketOptions', '`connectWebSocket(url, options)`', 'option'],
  ['TestWebSocket', '`connectWebSocket(url, options)`', 'member'],
  ['TestClient', 'Test client', ''],
  ['TestSubscription', 'Subscription', ''],
  ['InvokeResult', '`invokeHandler(controller, method, options)`', 'field'],
])('lists the members of %s', (type, heading, head) => {
  const members = reported(type);
  expect(members).not.toEqual([]);
  expect(documented(heading, head)).toEqual(members);
});
