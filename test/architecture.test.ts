// The architecture of the sources: the rules hold, and each rule finds the files that break it.
import { describe, expect, it } from 'vitest';
import { rules } from './architecture/rule.js';
import { readSources, source } from './architecture/source.js';

const sources = readSources(new URL('../src/', import.meta.url));

describe('the sources', () => {
  it('are found, with their imports', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.find(({ path }) => path === 'message/frame.ts')?.imports).toEqual([
      { from: './error.js', file: 'message/error.ts', typeOnly: true },
      { from: './message.js', file: 'message/message.ts', typeOnly: true },
    ]);
  });

  it.each(Object.entries(rules))('keep the rule: %s', (_, rule) => {
    expect(rule(sources)).toEqual([]);
  });
});

describe('the tests and the examples', () => {
  it.each(['./', '../examples/'])(
    'begin with one line that describes their contents: %s',
    (folder) => {
      const opening = rules['a file begins with one line that describes its contents']!;
      expect(opening(readSources(new URL(folder, import.meta.url)))).toEqual([]);
    },
  );
});

describe('the examples', () => {
  it('import signalbox only by its name', () => {
    const outside = readSources(new URL('../examples/', import.meta.url)).flatMap(
      ({ path, imports }) =>
        imports
          .filter(({ file }) => file?.startsWith('..'))
          .map(({ from }) => `${path} imports ${from}`),
    );
    expect(outside).toEqual([]);
  });
});

const opening = '// Contains something.\n';

/** Violations of the rules: files, and the expected reports. */
const planted: readonly [
  rule: string,
  files: Readonly<Record<string, string>>,
  expected: readonly string[],
][] = [
  [
    'a folder imports only folders to its left',
    {
      'message/a.ts': `import { json } from '../payload/json.js';`,
      'wire/a.ts': `import type { Connection } from '../transport/transport.js';`,
      'broker/relay/a.ts': `export { login } from '../../security/login.js';`,
      'session/a.ts': `export type * from '../index.js';`,
      'dispatch/a.ts': `type Later = typeof import('../server/server.js');`,
      'cli/a.ts': `import '../testing/server.js';`,
      'attic/a.ts': `import '../message/message.js';`,
      'server/fine.ts': `import { a } from './b.js';\nimport {\n  type C,\n} from '../message/c.js';`,
      'index.ts': `export { a } from './server/a.js';`,
    },
    [
      'message/a.ts must not import payload/json.ts',
      'wire/a.ts must not import transport/transport.ts',
      'broker/relay/a.ts must not import security/login.ts',
      'session/a.ts must not import index.ts',
      'dispatch/a.ts must not import server/server.ts',
      'cli/a.ts must not import testing/server.ts',
      "attic/a.ts: the folder 'attic' is not in the list of folders",
    ],
  ],
  [
    'the client imports nothing else, and nothing imports the client',
    {
      'client/a.ts': `import type { Clock } from '../message/clock.js';`,
      'client/b.ts': `import { once } from 'node:events';`,
      'session/a.ts': `import { auto } from '../client/auto.js';`,
      'testing.ts': `export type * from './client.js';`,
      'client/fine.ts': `import { a } from './a.js';`,
      'client.ts': `export { auto } from './client/auto.js';`,
    },
    [
      'client/a.ts must not import message/clock.ts',
      'client/b.ts must not import node:events',
      'session/a.ts must not import client/auto.ts',
      'testing.ts must not import client.ts',
    ],
  ],
  [
    'no file imports itself through others',
    {
      'message/a.ts': `import type { B } from './b.js';`,
      'message/b.ts': `import { c } from './c.js';`,
      'message/c.ts': `export * from './b.js';`,
      'message/d.ts': `import './a.js';\nimport './c.js';`,
      'session/owner.ts': `import { part } from './part.js';`,
      'session/part.ts': `import type { Owner } from './owner.js';`,
    },
    ['message/b.ts -> message/c.ts -> message/b.ts is a circular import'],
  ],
  [
    'each package is imported only at its place',
    {
      'session/a.ts': `import type { WebSocket } from 'ws';`,
      'dispatch/a.ts': `import { injectable } from 'inversify';`,
      'controller/a.ts': `const validator = await import('class-validator');`,
      'server/a.ts': `import { connect, type Socket } from 'node:net';`,
      'broker/a.ts': `import tls from "node:tls";`,
      'transport/a.ts': `import { createServer } from 'node:net';`,
      'wire/a.ts': `import { setTimeout as sleep } from 'node:timers/promises';`,
      'broker/embedded/a.ts': `import { ClassicLevel } from 'classic-level';`,
      'testing/a.ts': `import { expect } from 'vitest';`,
      'testing/vitest.ts': `import { expect } from 'vitest';`,
      'transport/fine.ts': `import { WebSocketServer } from 'ws';`,
      'transport/tcp-fine.ts': `import { createServer } from 'node:tls';`,
      'broker/relay/fine.ts': `import { connect } from 'node:net';`,
      'server/fine.ts': `import { type AddressInfo } from 'node:net';`,
      'container/fine.ts': `import { Container } from 'inversify';`,
      'payload/fine.ts': `import type { ValidationError } from 'class-validator';\n// import 'ws';`,
    },
    [
      "session/a.ts must not import 'ws'",
      "dispatch/a.ts must not import 'inversify'",
      "controller/a.ts must not import 'class-validator'",
      "server/a.ts must not import 'node:net'",
      "broker/a.ts must not import 'node:tls'",
      "transport/a.ts must not import 'node:net'",
      "wire/a.ts must not import 'node:timers/promises'",
      "broker/embedded/a.ts must not import 'classic-level'",
      "testing/a.ts must not import 'vitest'",
    ],
  ],
  [
    'time and random values come from the clock and the ids',
    {
      'session/a.ts': `setTimeout(() => {}, 5);`,
      'session/b.ts': `const later = globalThis.setImmediate;`,
      'broker/a.ts': `const start = Date.now();`,
      'broker/b.ts': `const today = new Date();`,
      'server/a.ts': `import { randomUUID } from 'node:crypto';`,
      'message/clock.ts': `setInterval(() => performance.now(), 5);`,
      'message/ids.ts': `randomUUID();`,
      'testing/real-time.ts': `setTimeout(() => {}, 5);`,
      'testing/a.ts': `setImmediate(() => {});`,
      'client/fine.ts': `setTimeout(() => {}, 5);`,
      'session/fine.ts': `/** Unlike setTimeout. */\nclock.after(5, () => {}); // not Date.now()`,
    },
    [
      "session/a.ts must leave 'setTimeout' to message/clock.ts",
      "session/b.ts must leave 'setImmediate' to message/clock.ts",
      "broker/a.ts must leave 'Date.now' to message/clock.ts",
      "broker/b.ts must leave 'new Date()' to message/clock.ts",
      "server/a.ts must leave 'randomUUID' to message/ids.ts",
      "testing/a.ts must leave 'setImmediate' to message/clock.ts",
    ],
  ],
  [
    'names describe their contents',
    {
      'utils/a.ts': '',
      'session/helpers.ts': '',
      'wire/index.ts': '',
      'wire/rawFrame.ts': '',
      'index.ts': '',
      'wire/raw-frame.ts': '',
    },
    [
      "utils/a.ts: 'utils' does not describe its contents",
      "session/helpers.ts: 'helpers' does not describe its contents",
      'wire/index.ts: an import names the file itself',
      'wire/rawFrame.ts is not kebab-case',
    ],
  ],
  [
    'a file begins with one line that describes its contents',
    {
      'wire/a.ts': `import './b.js';\n`,
      'wire/b.ts': `/** Contains something. */\n`,
      'wire/c.ts': `// Contains\n// something.\n`,
      'wire/d.ts': '// Contains something.\n// And more.\n',
      'wire/fine.ts': opening,
    },
    ['a', 'b', 'c', 'd'].map(
      (name) => `wire/${name}.ts does not begin with one line that describes its contents`,
    ),
  ],
];

describe('a planted violation', () => {
  it.each(planted)('is reported: %s', (rule, files, expected) => {
    const fakes = Object.entries(files).map(([path, text]) => source(path, text));
    expect(rules[rule]!(fakes)).toEqual(expected);
  });

  it('exists for every rule', () => {
    expect(planted.map(([rule]) => rule)).toEqual(Object.keys(rules));
  });
});
