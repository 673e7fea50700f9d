// Bodies and headers with special contents reach subscribers of every version and protocol, and end no connection.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer, silentLogger, type Server } from '../../src/index.js';
import { webSocketConnection, type ClientConnection } from '../clients/connection.js';
import { jsonSubprotocol } from '../clients/json.js';
import { portOf } from '../clients/server.js';
import { frameText } from '../clients/stomp.js';
import {
  openReader,
  openStompjsReader,
  protocols,
  type Protocol,
  type Reader,
  type ReceivedMessage,
} from './any-body-reader.js';

interface SentMessage {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

function body(name: string, bytes: string | readonly number[], contentType?: string): SentMessage {
  return {
    name: `a body ${name}`,
    headers: contentType === undefined ? {} : { 'content-type': contentType },
    body: Buffer.from(bytes as string),
  };
}

function header(name: string, ...pairs: readonly (readonly [string, string])[]): SentMessage {
  return {
    name: `a header ${name}`,
    headers: Object.fromEntries(pairs),
    body: Buffer.from('body'),
  };
}

const json = 'application/json';
const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

const messages: readonly SentMessage[] = [
  body('of invalid UTF-8', [0x61, 0xff, 0xc3, 0x28, 0xfe]),
  body('of invalid UTF-8 with content type text', [0xc0, 0xaf], 'text/plain'),
  body('of invalid UTF-8 with content type JSON', [0x22, 0xff, 0x22], json),
  body('of text with content type octet-stream', 'text', 'application/octet-stream'),
  body('in another charset', [0xfe, 0xff, 0x00, 0x22], `${json};charset=utf-16`),
  body('with NUL', 'a\0b'),
  body('of NUL', '\0\0\0'),
  body('that is empty', ''),
  body('of line ends', '\r\n\n\r'),
  body('that contains frames', 'a\0ERROR\nmessage:over\n\nover\0\n'),
  body('that is an object', '{"type":"error","fatal":true}'),
  body('that ends an object', '"},"type":"error","fatal":true}\n', 'text/plain'),
  body('that is not valid JSON', '{"type":', json),
  body('of two JSON values', '1,"type":"error"', json),
  body('of JSON on several lines', '{\n"a":\r\n[1,\n2]\n}', json),
  body('of JSON with half of a surrogate pair', '"\\ud800"', json),
  body('of JSON with names of object members', '{"__proto__":{"a":1},"constructor":1}', json),
  body('of JSON with a byte order mark', '\ufeff{}', json),
  body(
    'of JSON with numbers that JavaScript cannot represent',
    '[1e400,9007199254740993,-0]',
    json,
  ),
  body('of deeply nested JSON', deep, json),
  body('of Unicode line separators', '\u2028\u2029\u0085'),
  header('with line ends', ['a', 'b\r\nc:d\n\ne'], ['f', '\r'], ['g', '\n']),
  header('with a line end in its name', ['a\nsubscription', 'x'], ['b\r\n\r\n', 'y']),
  header('with colons', ['a:b', 'c:d'], [':', ':']),
  header('with backslashes', ['C:\\new', '\\c\\r\\n\\'], ['\\', '\\\\']),
  header('with characters outside the basic plane', ['a', '😀'], ['😀', 'b']),
  header('with blanks', [' ', ' '], ['\t', 'x'], [' a ', ' b ']),
  header('of eight thousand characters', ['a', 'é'.repeat(4000)]),
  header(
    'named as members of objects',
    ['__proto__', 'x'],
    ['constructor', 'y'],
    ['toString', 'z'],
  ),
  header('like content-length', ['content-length\r', '0'], ['Content-Length', '0']),
  header(
    'like content-length with a line end',
    ['content-length\n', '0'],
    ['\rcontent-length', '0'],
  ),
  header('like content-length with blanks', [' content-length', '0'], ['content-length\t', '0']),
  header(
    'like headers of the server',
    ['subscription\r', 'x'],
    [' message-id', 'x'],
    ['destination ', 'x'],
  ),
  header(
    'with names of headers that the server sets',
    ['subscription', 'x'],
    ['message-id', 'x'],
    ['ack', 'x'],
  ),
  header('with a content type of two lines', ['content-type', 'text/plain\r\nx:y']),
];

const topic = '/topic/any';
/** Headers that the server sets for each subscriber. It drops those of clients, also with white space around their names. */
const ownedByServer = new Set([
  'destination',
  'subscription',
  'message-id',
  'ack',
  'content-length',
]);

let server: Server;
let readers: readonly Reader[] = [];
let writers: ReadonlyMap<Protocol, ClientConnection> = new Map();
let count = 0;

beforeAll(async () => {
  server = await createServer({ logger: silentLogger });
  await server.listen(0);
  const port = portOf(server);
  const versions = ['1.0', '1.1', '1.2'] as const;
  readers = await Promise.all([
    ...protocols.map((protocol) => openReader(port, protocol, topic)),
    ...versions.map((version) => openStompjsReader(port, version, topic)),
  ]);
  writers = new Map(
    await Promise.all(
      protocols.map(async (protocol) => [protocol, await openWriter(port, protocol)] as const),
    ),
  );
});

afterAll(async () => {
  for (const reader of readers) reader.close();
  for (const writer of writers.values()) writer.vanish();
  await server.close();
});

async function openWriter(port: number, protocol: Protocol): Promise<ClientConnection> {
  const json = protocol === 'json';
  const subprotocols = [json ? jsonSubprotocol : 'v12.stomp'];
  const connection = await webSocketConnection(port, { subprotocols, binary: true });
  if (!json) connection.send(frameText('CONNECT', { 'accept-version': protocol, host: 'x' }));
  return connection;
}

/** The frame of a message, and the headers that the protocol can express. */
interface WrittenMessage {
  readonly bytes: Uint8Array;
  readonly headers: readonly (readonly [string, string])[];
}

function write(protocol: Protocol, { headers, body }: SentMessage): WrittenMessage {
  if (protocol === 'json') {
    const payloadBase64 = Buffer.from(body).toString('base64');
    const frame = { type: 'send', destination: topic, headers, payloadBase64 };
    return { bytes: Buffer.from(JSON.stringify(frame)), headers: Object.entries(headers) };
  }
  const written = Object.entries(headers).filter(
    ([name, value]) =>
      protocol !== '1.0' || (!/[\n:]/.test(name) && !value.includes('\n') && name.trim() !== ''),
  );
  const lines = written.map((header) => header.map((text) => escape(protocol, text)).join(':'));
  const head = ['SEND', `destination:${topic}`, `content-length:${body.length}`, ...lines];
  const bytes = Buffer.concat([Buffer.from(`${head.join('\n')}\n\n`), body, Buffer.of(0)]);
  return { bytes, headers: written };
}

/** 1.0 has no escapes, and 1.1 has none for CR. */
function escape(version: Protocol, text: string): string {
  if (version === '1.0') return text;
  const escapes = { '\\': '\\\\', '\n': '\\n', ':': '\\c', '\r': version === '1.1' ? '\r' : '\\r' };
  return text.replaceAll(/[\\\n:\r]/g, (character) => escapes[character as keyof typeof escapes]);
}

/** A plain message, which must arrive after the other one. */
function nextMessage(): SentMessage & { readonly text: string } {
  const text = `next ${++count} `;
  return { name: 'next', headers: { 'content-type': 'text/plain' }, body: Buffer.from(text), text };
}

function headerLines(headers: Iterable<readonly [string, string]>): string[] {
  return [...headers].map(([name, value]) => `${name}:${value}`);
}

function expectDelivered(
  received: readonly ReceivedMessage[],
  ...sent: readonly SentMessage[]
): void {
  expect(received.map(({ hasBody }, i) => hasBody(sent[i]!.body))).toEqual([true, true]);
  for (const { headers } of received) {
    expect(headers.get('destination')).toBe(topic);
    expect(headers.get('subscription')).toBe('r');
    expect(headers.get('message-id')).toMatch(/^[0-9a-f]{8}-[0-9a-z]+$/);
  }
}

describe.each(protocols)('from a client of %s', (protocol) => {
  it.each(messages)('$name', async (message) => {
    const next = nextMessage();
    const { bytes, headers } = write(protocol, message);
    const writer = writers.get(protocol)!;
    writer.send(bytes);
    writer.send(write(protocol, next).bytes);
    for (const reader of readers) {
      const received = await reader.until(next.text);
      expectDelivered(received, message, next);
      // Versions before 1.2 cannot express all headers, and stompjs unescapes differently.
      if (protocol === '1.0' || !['STOMP 1.2', 'JSON'].includes(reader.name)) continue;
      const kept = headers.filter(
        ([name, value]) => !ownedByServer.has(name.trim()) && value !== 'application/json',
      );
      expect(headerLines(received[0]!.headers)).toEqual(expect.arrayContaining(headerLines(kept)));
    }
  });
});

it('no connection was lost', () => {
  expect(server.sessions.size).toBe(readers.length + writers.size);
});
