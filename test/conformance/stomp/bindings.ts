// Lines 72 to 81: what is particular to WebSocket and to TCP.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { WebSocket } from 'ws';
import { createServer, silentLogger, tcpTransport } from '../../../src/index.js';
import { selfSigned } from '../../certificate.js';
import { Dialogue, frame } from './dialogue.js';
import type { Line, Version } from './line.js';
import { Stage } from './stage.js';
import { wireOn } from './wire.js';

const topic = '/topic/x';
const hello = (version: Version) => frame('CONNECT', { 'accept-version': version, host: 'test' });

async function webSocket({ doors }: Stage, offered: readonly string[] = []) {
  const socket = new WebSocket(`ws://127.0.0.1:${doors.httpPort}/ws`, [...offered]);
  await once(socket, 'open');
  const heard: { data: Buffer; binary: boolean }[] = [];
  let arrived = () => {};
  socket.on('message', (data: Buffer, binary: boolean) => {
    heard.push({ data, binary });
    arrived();
  });
  const next = async () => {
    while (heard.length === 0) await new Promise<void>((resolve) => (arrived = resolve));
    return heard.shift()!;
  };
  return { socket, next };
}

export const bindings: readonly Line[] = [
  {
    number: 72,
    what: 'of the subprotocols offered the highest version is answered; none need be offered',
    transports: ['WebSocket text'],
    async check(stage, version) {
      const names = { '1.0': 'v10.stomp', '1.1': 'v11.stomp', '1.2': 'v12.stomp' };
      const offers = {
        '1.0': ['other', 'v10.stomp'],
        '1.1': ['v10.stomp', 'v11.stomp'],
        '1.2': ['v10.stomp', 'v11.stomp', 'v12.stomp'],
      };
      const { socket } = await webSocket(stage, offers[version]);
      equal(socket.protocol, names[version]);
      socket.terminate();
      const bare = await webSocket(stage);
      equal(bare.socket.protocol, '');
      bare.socket.send(hello(version));
      ok((await bare.next()).data.toString().startsWith('CONNECTED'));
      bare.socket.terminate();
    },
  },
  {
    number: 73,
    what: 'text and binary are both taken; outwards text is text, and octets that are none are binary',
    transports: ['WebSocket text'],
    async check(stage, version) {
      const { socket, next } = await webSocket(stage);
      socket.send(Buffer.from(hello(version)));
      equal((await next()).binary, false);
      socket.send(frame('SUBSCRIBE', { id: 's', destination: topic }));
      for (const [type, body, binary] of [
        ['text/plain', Buffer.from('\u20ac'), false],
        ['text/plain', Buffer.of(0xff), true],
        ['application/octet-stream', Buffer.from('text'), true],
      ] as const) {
        const head = `SEND\ndestination:${topic}\ncontent-type:${type}\ncontent-length:${body.length}\n\n`;
        socket.send(Buffer.concat([Buffer.from(head), body, Buffer.of(0)]));
        equal((await next()).binary, binary, type);
      }
      socket.terminate();
    },
  },
  {
    number: 74,
    what: 'outwards a message holds one frame; inwards frames may be cut over several',
    transports: ['WebSocket text'],
    async check(stage, version) {
      const { socket, next } = await webSocket(stage);
      const subscribe = frame('SUBSCRIBE', { id: 's', destination: topic });
      const sends = frame('SEND', { destination: topic }, 'x').repeat(3);
      for (const part of (hello(version) + subscribe + sends).match(/[^]{1,7}/g)!)
        socket.send(part);
      for (const command of ['CONNECTED', 'MESSAGE', 'MESSAGE', 'MESSAGE']) {
        const { data } = await next();
        ok(data.toString().startsWith(`${command}\n`));
        equal(data.indexOf(0), data.length - 1);
      }
      socket.terminate();
    },
  },
  {
    number: 75,
    what: 'a message that is one LF is a life sign, both ways',
    versions: ['1.1', '1.2'],
    transports: ['WebSocket text'],
    async check(stage, version) {
      const { socket, next } = await webSocket(stage);
      const headers = { 'accept-version': version, host: 'test', 'heart-beat': '10000,5000' };
      socket.send(frame('CONNECT', headers));
      await next();
      for (let beat = 0; beat < 4; beat++) {
        socket.send('\n');
        // What was said last has arrived when it is answered.
        socket.send(frame('SEND', { destination: '/topic/nobody/there', receipt: `${beat}` }));
        ok((await next()).data.toString().startsWith('RECEIPT'));
        await stage.clock.advance(6000);
        equal((await next()).data.toString(), '\n');
      }
      socket.terminate();
    },
  },
  {
    number: 76,
    what: 'over SockJS only text travels, and several frames may share an array',
    transports: ['WebSocket text'],
    reason: 'SockJS is not built yet.',
  },
  {
    number: 77,
    what: 'TCP speaks the same, and TLS too',
    transports: ['TCP'],
    async check(_, version) {
      const tls = selfSigned();
      if (tls === undefined) return;
      const transport = tcpTransport({ port: 0, tls });
      const server = await createServer({ transports: [transport], logger: silentLogger });
      await server.start();
      const { port } = transport.address()!;
      const socket = connectSecurely({ port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const client = new Dialogue(wireOn(socket));
      client.say(hello(version));
      await client.next('CONNECTED');
      await client.ask('SUBSCRIBE', { id: 's', destination: topic });
      client.send(topic, {}, 'secret');
      deepEqual(await client.texts(1), ['secret']);
      await client.ask('DISCONNECT');
      await client.ended();
      await server.close();
    },
  },
  {
    number: 78,
    what: 'its port is whatever the application says',
    transports: ['TCP'],
    async check({ doors }) {
      const another = tcpTransport({ port: 0 });
      const server = await createServer({ transports: [another], logger: silentLogger });
      await server.start();
      const { port } = another.address()!;
      ok(port !== doors.tcpPort && port !== 61_613);
      await server.close();
    },
  },
  {
    number: 79,
    what: 'a client that has ended its side still gets its answers',
    transports: ['TCP'],
    async check({ doors }, version) {
      const socket = connect({ port: doors.tcpPort, host: '127.0.0.1', allowHalfOpen: true });
      await once(socket, 'connect');
      const client = new Dialogue(wireOn(socket));
      client.say(hello(version), frame('SEND', { destination: topic, receipt: 'r' }, 'x'));
      socket.end();
      await client.next('CONNECTED');
      equal((await client.next('RECEIPT')).headers['receipt-id'], 'r');
      await client.ended();
    },
  },
  {
    number: 80,
    what: 'one octet a packet works',
    transports: ['TCP'],
    async check(stage, version) {
      const client = await stage.client();
      client.spell(hello(version));
      await client.next('CONNECTED');
      client.spell(frame('SUBSCRIBE', { id: 's', destination: topic, receipt: 'r' }));
      await client.next('RECEIPT');
      client.spell(frame('SEND', { destination: topic }, 'slowly'));
      deepEqual(await client.texts(1), ['slowly']);
    },
  },
  {
    number: 81,
    what: 'bodies of 16 MiB go to two subscribers where the limits allow it',
    transports: ['TCP'],
    versions: ['1.2'],
    async check(_, version) {
      const size = 16 * 1024 * 1024;
      const large = await Stage.open('TCP', { maxFrameBytes: 2 * size, maxMessageBytes: 2 * size });
      try {
        const readers = [
          await large.subscriber(version, topic),
          await large.subscriber(version, topic),
        ];
        const client = await large.connect(version);
        const body = Buffer.alloc(size, 'x');
        for (let i = 0; i < 2; i++)
          client.say(`SEND\ndestination:${topic}\ncontent-length:${size}\n\n`, body, '\0');
        for (const reader of readers)
          for (let i = 0; i < 2; i++) ok((await reader.next('MESSAGE')).body.equals(body));
      } finally {
        await large.close();
      }
    },
  },
];
