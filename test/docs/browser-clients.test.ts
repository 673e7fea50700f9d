// docs/browser-clients.md has the names, types and defaults of all options of signalbox/client, and no others.
import { expect, it } from 'vitest';
import { declarationOf } from './declaration.js';
import { readPages } from './page.js';

const { prose } = readPages().find(({ path }) => path === 'docs/browser-clients.md')!;

/** The rows of the table that follows a sentence: option, type and default. */
function rowsAfter(sentence: string): string[][] {
  const [, after = ''] = prose.split(sentence);
  const [table = ''] = after.trimStart().split('\n\n', 1);
  return [...table.matchAll(/^\| `(\w+)` \| `([^`]*)` \| (.*?) \|/gm)].map(
    ([, name, type, value]) => [name!, type!.replaceAll('\\|', '|'), value!.replaceAll('`', '')],
  );
}

/** The options of an interface as its source declares and describes them. */
function optionsOf(file: string, name: string): string[][] {
  const options = declarationOf(`client/${file}`, name).body.matchAll(
    /\/\*\*((?:(?!\*\/)[^])*)\*\/\n  readonly (\w+)\??: (.*);/g,
  );
  return [...options].map(([, docstring, option, type]) => [
    option!,
    type!.replaceAll('readonly ', ''),
    /@default (.*)/.exec(docstring!)?.[1]?.replaceAll('`', '') ?? 'required',
  ]);
}

it.each([
  ['websocket.ts', 'WebSocketClientOptions', 'Options of `websocket`:'],
  ['sse.ts', 'SseClientOptions', 'Options of `sse`:'],
  ['sockjs.ts', 'SockJsClientOptions', 'Options of `sockjs`:'],
  ['auto.ts', 'AutoOptions', '`auto` takes the options of all transports, and these:'],
])('the options of client/%s: %s', (file, name, sentence) => {
  const options = optionsOf(file, name);
  expect(options.length).toBeGreaterThan(0);
  expect(rowsAfter(sentence)).toEqual(options);
});
