// Any body and header that a client can send reaches subscribers of every version and protocol, and breaks nobody's connection.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, silentLogger, type Server } from '../../src/index.js';
import { anyMessages, type Said } from './any-body/message.js';
import { openReader, tongues, type Read, type Reader, type Tongue } from './any-body/reader.js';
import { openStompjsReader } from './any-body/stompjs-reader.js';
import { openWriter, written, type Writer } from './any-body/writer.js';
import { portOf } from '../clients/server.js';

const topic = '/topic/any';
/** What no client hears from another one. */
const withheld = new Set(['destination', 'subscription', 'message-id', 'ack']);

let server: Server;
let readers: readonly Reader[] = [];
let writers: ReadonlyMap<Tongue, Writer> = new Map();
let count = 0;

beforeAll(async () => {
  server = await createServer({ logger: silentLogger });
  await server.listen(0);
  const url = `ws://127.0.0.1:${portOf(server)}/ws`;
  const versions = ['1.0', '1.1', '1.2'] as const;
  readers = await Promise.all([
    ...tongues.map((tongue) => openReader(url, tongue, topic)),
    ...versions.map((version) => openStompjsReader(url, version, topic)),
  ]);
  writers = new Map(
    await Promise.all(
      tongues.map(async (tongue) => [tongue, await openWriter(url, tongue)] as const),
    ),
  );
});

afterAll(async () => {
  for (const each of [...readers, ...writers.values()]) each.close();
  await server.close();
});

/** A decent message that must arrive behind the other. */
function nextMessage(): Said & { readonly text: string } {
  const text = `next ${++count} `;
  return { name: 'next', headers: { 'content-type': 'text/plain' }, body: Buffer.from(text), text };
}

function spoken(headers: Iterable<readonly [string, string]>): string[] {
  return [...headers].map(([name, value]) => `${name}:${value}`);
}

function expectDelivered(read: readonly Read[], said: Said, next: Said): void {
  expect(read.map(({ command }) => command)).toEqual(['MESSAGE', 'MESSAGE']);
  expect(read.map((each, i) => each.says([said, next][i]!.body))).toEqual([true, true]);
  for (const { headers } of read) {
    expect(headers.get('destination')).toBe(topic);
    expect(headers.get('subscription')).toBe('r');
    expect(headers.get('message-id')).toMatch(/^[0-9a-f]{8}-[0-9a-z]+$/);
  }
}

describe.each(tongues)('from a client of %s', (tongue) => {
  it.each(anyMessages)('$name', async (message) => {
    const next = nextMessage();
    const { octets, headers } = written(tongue, topic, message);
    const writer = writers.get(tongue)!;
    writer.say(octets);
    writer.say(written(tongue, topic, next).octets);
    for (const reader of readers) {
      const read = await reader.until(next.text);
      expectDelivered(read, message, next);
      // Before 1.2 not every header can be said, and stompjs unescapes in its own way.
      if (tongue === '1.0' || !['STOMP 1.2', 'JSON'].includes(reader.name)) continue;
      const given = headers.filter(
        ([name, value]) => !withheld.has(name) && value !== 'application/json',
      );
      expect(spoken(read[0]!.headers)).toEqual(expect.arrayContaining(spoken(given)));
    }
  });
});

it('and all of them are still there', () => {
  expect(server.sessions.size).toBe(readers.length + writers.size);
});
