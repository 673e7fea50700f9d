// docs/websocket-handlers.md: its tables name the fields of a handshake request and the members of a session, and no others.
import { expect, it } from 'vitest';
import { declarationOf } from './declaration.js';
import { readPages } from './page.js';

const { prose } = readPages().find(({ path }) => path === 'docs/websocket-handlers.md')!;

/** The names in the first column of the table with this head. */
function namesBelow(head: string): string[] {
  const [, after = ''] = prose.split(`${head}\n`);
  const [table = ''] = after.split('\n\n', 1);
  return [...table.matchAll(/^\| `(\w+)/gm)].map(([, name]) => name!).toSorted();
}

function membersOf(body: string): string[] {
  return [...body.matchAll(/^  (?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name!);
}

it('names the fields of a handshake request', () => {
  const { body } = declarationOf('transport/handshake.ts', 'HandshakeRequest');
  expect(namesBelow('| field | meaning |')).toEqual(membersOf(body).toSorted());
});

it('names the members of a session', () => {
  const { base, body } = declarationOf('session/websocket-session.ts', 'WebSocketSession');
  const picked = [...base!.matchAll(/'(\w+)'/g)].map(([, name]) => name!);
  expect(picked).not.toEqual([]);
  expect(namesBelow('| member | meaning |')).toEqual([...picked, ...membersOf(body)].toSorted());
});
