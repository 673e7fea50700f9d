// Any body and header that a client can send reaches subscribers of every version and protocol, and breaks nobody's connection.
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createServer, silentLogger, type Server } from '../../src/index.js';
import { dialects, type Version } from '../../src/wire/stomp/dialect.js';
import { Parser } from '../../src/wire/stomp/parser.js';
import { serialize } from '../../src/wire/stomp/serializer.js';
import { portOf } from './port.js';

const versions: readonly Version[] = ['1.0', '1.1', '1.2'];
const limits = { frameSize: 65_536, headerCount: 64, headerSize: 8192, connectHeaderSize: 8192 };

interface Heard {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A client on a socket that is as strict as a browser: text that is none ends its connection. */
interface Client {
  readonly name: string;
  readonly socket: WebSocket;
  readonly heard: Heard[];
  send(headers: Readonly<Record<string, string>>, body: Buffer): void;
  /** Resolves when so many messages were heard. */
  hears(count: number): Promise<readonly Heard[]>;
}

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

let server: Server;
const clients: Client[] = [];

async function open(name: string, subprotocol: string): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${portOf(server)}/ws`, subprotocol);
  await once(socket, 'open');
  const heard: Heard[] = [];
  const client: Client = {
    name,
    socket,
    heard,
    send: () => {},
    async hears(count) {
      while (heard.length < count) await once(socket, 'message');
      return heard.splice(0);
    },
  };
  return client;
}

async function openStomp(version: Version): Promise<Client> {
  const client = await open(`STOMP ${version}`, `v${version.replace('.', '')}.stomp`);
  const { socket, heard } = client;
  const parser = new Parser(limits);
  parser.dialect = dialects[version];
  socket.on('message', (data: Buffer) => {
    parser.feed(data);
    for (let frame = parser.next(); frame !== undefined; frame = parser.next()) {
      if (frame === 'eol' || frame.command !== 'MESSAGE') continue;
      heard.push({ headers: Object.fromEntries(frame.headers), body: hex(frame.body) });
    }
  });
  const say = (command: string, headers: object, body: Uint8Array = new Uint8Array(0)) =>
    socket.send(
      serialize({ command, headers: new Map(Object.entries(headers)), body }, dialects[version]),
    );
  say('CONNECT', { 'accept-version': version });
  await once(socket, 'message');
  say('SUBSCRIBE', { id: 's', destination: '/topic/any', receipt: 'r' });
  await once(socket, 'message');
  return {
    ...client,
    send: (headers, body) => say('SEND', { destination: '/topic/any', ...headers }, body),
  };
}

async function openJson(): Promise<Client> {
  const client = await open('JSON', 'v1.json.signalbox');
  const { socket, heard } = client;
  socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as Record<string, unknown>;
    if (frame['type'] !== 'message') return;
    const { payload = '', payloadBase64, headers } = frame;
    const body =
      payloadBase64 === undefined
        ? Buffer.from(payload as string)
        : Buffer.from(payloadBase64 as string, 'base64');
    heard.push({ headers: headers as Heard['headers'], body: hex(body) });
  });
  const frames = [
    { type: 'connect' },
    { type: 'subscribe', id: 's', destination: '/topic/any', receipt: 'r' },
  ];
  for (const frame of frames) {
    socket.send(JSON.stringify(frame));
    await once(socket, 'message');
  }
  return {
    ...client,
    send: (headers, body) =>
      socket.send(
        JSON.stringify({
          type: 'send',
          destination: '/topic/any',
          headers: { 'content-type': 'text/plain', ...headers },
          payloadBase64: body.toString('base64'),
        }),
      ),
  };
}

beforeAll(async () => {
  server = await createServer({ logger: silentLogger });
  await server.listen(0);
  for (const version of versions) clients.push(await openStomp(version));
  clients.push(await openJson());
});

afterAll(async () => {
  for (const { socket } of clients) socket.terminate();
  await server.close();
});

const bodies: readonly (readonly [string, Buffer])[] = [
  ['plain text', Buffer.from('text')],
  ['nothing', Buffer.alloc(0)],
  ['NUL', Buffer.from('a\0b\0')],
  ['line ends', Buffer.from('\r\n\n\r{"a":\n1}')],
  ['what looks like a frame', Buffer.from('\0\nERROR\nmessage:x\n\n\0')],
  ['what looks like JSON', Buffer.from('"},{"type":"error"}')],
  ['invalid UTF-8', Buffer.from([0xff, 0xfe, 0xc3, 0x28])],
  ['half of a surrogate pair', Buffer.from([0xed, 0xa0, 0x80])],
];

const headers: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['CR LF', { note: 'a\r\nb:c\\d' }],
  ['a colon and a backslash in a name', { 'a:b\\c': 'x' }],
  ['names that every object has', { __proto__x: '1', constructor: '2', toString: '3' }],
  ['other alphabets', { ключ: 'значение 🚂' }],
];

it.each(bodies)('a body of %s', async (_, body) => {
  for (const sender of clients) {
    sender.send({ from: sender.name, 'content-type': 'text/plain' }, body);
    for (const reader of clients) {
      const [heard] = await reader.hears(1);
      expect([sender.name, reader.name, heard!.headers['from'], heard!.body]).toEqual([
        sender.name,
        reader.name,
        sender.name,
        hex(body),
      ]);
    }
  }
});

it.each(headers)('headers of %s', async (_, given) => {
  for (const sender of clients) {
    sender.send({ 'content-type': 'text/plain', ...given }, Buffer.from('first'));
    sender.send({ 'content-type': 'text/plain' }, Buffer.from('second'));
    for (const reader of clients) {
      const heard = await reader.hears(2);
      expect(heard.map(({ body }) => Buffer.from(body, 'hex').toString())).toEqual([
        'first',
        'second',
      ]);
      // What a version cannot say is left out, and nothing is made of it.
      const known = ['content-type', 'content-length', 'destination', 'message-id', 'subscription'];
      const others = Object.entries(heard[0]!.headers).filter(([name]) => !known.includes(name));
      for (const [name, value] of others)
        expect([name, value.replaceAll('\r', '')]).toEqual([
          name,
          given[name]?.replaceAll('\r', ''),
        ]);
    }
  }
});

it('and all of them are still there', () => {
  expect(clients.map(({ socket }) => socket.readyState)).toEqual(clients.map(() => WebSocket.OPEN));
});
