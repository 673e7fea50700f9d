// docs/options.md has the names, types and defaults of all options of the server and its broker, and no others.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultDurableOptions } from '../../src/broker/embedded/durable/durable-subscriptions.js';
import { defaultQueueOptions } from '../../src/broker/embedded/queue/queue-memory.js';
import { defaultRetainOptions } from '../../src/broker/embedded/topic/retained-messages.js';
import { defaultTopicOptions } from '../../src/broker/embedded/topic/subscription-index.js';
import { createServer } from '../../src/index.js';
import { defaultPerMessageDeflate } from '../../src/transport/permessage-deflate.js';
import { defaultSockJs } from '../../src/transport/sockjs/options.js';
import { defaultSse } from '../../src/transport/sse/options.js';
import { declarationOf } from './declaration.js';
import { root } from './page.js';

/** Option, type, default and meaning of each row. */
const rows = [
  ...readFileSync(`${root}docs/options.md`, 'utf8').matchAll(
    /^\| `([\w.]+)` \| `((?:\\.|[^`])*)` \| (.*?) \| (.*?) \|$/gm,
  ),
];

const byText = (a = '', b = '') => a.localeCompare(b);

const { options } = await createServer();

const groups = new Set([
  'prefixes',
  'heartbeat',
  'limits',
  'slowConsumers',
  'queue.redeliveryDelay',
]);

/** Options of groups have names such as `limits.maxFrameBytes`. */
function leaves(value: object, path = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    groups.has(path + name)
      ? leaves(member as object, `${path}${name}.`)
      : [[path + name, member] as [string, unknown]],
  );
}

const actual = new Map([
  ...leaves(options),
  ...leaves(defaultTopicOptions, 'topic.'),
  ...leaves(defaultQueueOptions, 'queue.'),
  ...leaves(defaultRetainOptions, 'retain.'),
  ...leaves(defaultDurableOptions, 'durable.'),
  ...leaves(defaultPerMessageDeflate, 'perMessageDeflate.'),
  ...leaves(defaultSockJs, 'sockjs.'),
  ...leaves(defaultSse, 'sse.'),
]);

it('names every option once, and no other', () => {
  const listed = rows.map(([, name]) => name);
  expect(listed.toSorted(byText)).toEqual([...actual.keys()].toSorted(byText));
});

/** The members of an interface as its source writes them, without `readonly`. */
function typesOf(file: string, name: string, path = ''): [string, string][] {
  const { body } = declarationOf(file, name);
  return [...body.matchAll(/^  readonly (\w+)\??: (.*);$/gm)].map(([, member, type]) => [
    path + member!,
    type!.replaceAll('readonly ', ''),
  ]);
}

const types = new Map([
  ...typesOf('server/options.ts', 'ServerOptions'),
  ...typesOf('broker/destination-resolver.ts', 'PrefixOptions', 'prefixes.'),
  ...typesOf('server/options.ts', 'LimitOptions', 'limits.'),
  ...typesOf('pattern/destination-limits.ts', 'DestinationLimits', 'limits.'),
  ...typesOf('session/heartbeat.ts', 'HeartbeatOptions', 'heartbeat.'),
  ...typesOf('session/slow-consumer.ts', 'SlowConsumerOptions', 'slowConsumers.'),
  ...typesOf('broker/embedded/topic/subscription-index.ts', 'TopicOptions', 'topic.'),
  ...typesOf('broker/embedded/queue/queue-memory.ts', 'QueueOptions', 'queue.'),
  ...typesOf('broker/embedded/queue/queue-memory.ts', 'RedeliveryDelay', 'queue.redeliveryDelay.'),
  ...typesOf('broker/embedded/durable/durable-subscriptions.ts', 'DurableOptions', 'durable.'),
  ...typesOf('broker/embedded/topic/retained-messages.ts', 'RetainOptions', 'retain.'),
  ...typesOf('transport/permessage-deflate.ts', 'PerMessageDeflateOptions', 'perMessageDeflate.'),
  ...typesOf('transport/sockjs/options.ts', 'SockJsOptions', 'sockjs.'),
  ...typesOf('transport/sse/options.ts', 'SseOptions', 'sse.'),
]);

it('has the type of each option', () => {
  expect(rows.map(([, name, type]) => [name, type!.replaceAll('\\|', '|')])).toEqual(
    rows.map(([, name]) => [name, types.get(name!)]),
  );
});

it('has a description of each option', () => {
  expect(rows.filter(([, , , , meaning]) => meaning!.length < 10).map(([, name]) => name)).toEqual(
    [],
  );
});

it('has the default of each option that is plain data', () => {
  const plain = rows.flatMap(([, name, , shown]) => {
    const [, code] = /^`(.*)`$/.exec(shown!) ?? [];
    return code === undefined ? [] : [[name!, code] as const];
  });
  const named = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(named)
      : value instanceof Object && 'name' in value
        ? value.name
        : value;
  for (const [name, code] of plain) {
    // In the form of the page, where an object is written as its name.
    const written: unknown = JSON.parse(
      code
        .replaceAll("'", '"')
        .replaceAll(/([{,] ?)(\w+):/g, '$1"$2":')
        .replaceAll(/(?<=[[ ])([a-z]+)(?:Codec)?(?=[\],])/g, '"$1"'),
    );
    expect([name, named(actual.get(name))]).toEqual([name, written]);
  }
});
