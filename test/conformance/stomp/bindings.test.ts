// STOMP requirements 72 to 81: rules for WebSocket and for TCP.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { createServer, silentLogger, tcpTransport } from '../../../src/index.js';
import { selfSigned } from '../../certificate.js';
import { socketConnection, tcpConnection, webSocketConnection } from '../../clients/connection.js';
import { portOf, rawServer } from '../../clients/server.js';
import { connected, frameText, StompClient, type StompVersion } from '../../clients/stomp.js';
import { testRequirements } from './requirement.js';

const topic = '/topic/x';
const connectFrame = (version: StompVersion) =>
  frameText('CONNECT', { 'accept-version': version, host: 'test' });

interface WebSocketMessage {
  readonly data: Buffer;
  readonly binary: boolean;
}

/** A WebSocket, and a function that returns its next message. */
async function webSocket(port: number, subprotocols: readonly string[] = []) {
  const { socket } = await webSocketConnection(port, { subprotocols });
  const messages: WebSocketMessage[] = [];
  socket.on('message', (data: Buffer, binary: boolean) => void messages.push({ data, binary }));
  const next = async () => {
    if (messages.length === 0) await once(socket, 'message');
    return messages.shift()!;
  };
  return { socket, next };
}

testRequirements('WebSocket and TCP', [
  {
    number: 72,
    rule: 'The server chooses the highest offered WebSocket subprotocol. Clients may offer none.',
    transports: ['WebSocket text'],
    async check({ port }, version) {
      const names = { '1.0': 'v10.stomp', '1.1': 'v11.stomp', '1.2': 'v12.stomp' };
      const offers = {
        '1.0': ['other', 'v10.stomp'],
        '1.1': ['v10.stomp', 'v11.stomp'],
        '1.2': ['v10.stomp', 'v11.stomp', 'v12.stomp'],
      };
      const { socket } = await webSocket(port, offers[version]);
      equal(socket.protocol, names[version]);
      socket.terminate();
      const bare = await webSocket(port);
      equal(bare.socket.protocol, '');
      bare.socket.send(connectFrame(version));
      ok((await bare.next()).data.toString().startsWith('CONNECTED'));
      bare.socket.terminate();
    },
  },
  {
    number: 73,
    rule: 'Text and binary messages are accepted. Text is sent as text, other bytes are sent as binary.',
    transports: ['WebSocket text'],
    async check(context, version) {
      const { socket, next } = await webSocket(context.port);
      socket.send(Buffer.from(connectFrame(version)));
      equal((await next()).binary, false);
      socket.send(frameText('SUBSCRIBE', { id: 's', destination: topic }));
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
    rule: 'Each sent WebSocket message holds one frame. Received frames may be split over several messages.',
    transports: ['WebSocket text'],
    async check(context, version) {
      const { socket, next } = await webSocket(context.port);
      const subscribe = frameText('SUBSCRIBE', { id: 's', destination: topic });
      const sends = frameText('SEND', { destination: topic }, 'x').repeat(3);
      for (const part of (connectFrame(version) + subscribe + sends).match(/[^]{1,7}/g)!)
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
    rule: 'A WebSocket message of one LF is a heart-beat in both directions.',
    versions: ['1.1', '1.2'],
    transports: ['WebSocket text'],
    async check(context, version) {
      const { socket, next } = await webSocket(context.port);
      const headers = { 'accept-version': version, host: 'test', 'heart-beat': '10000,5000' };
      socket.send(frameText('CONNECT', headers));
      await next();
      for (let beat = 0; beat < 4; beat++) {
        socket.send('\n');
        // The receipt shows that the heart-beat has arrived.
        socket.send(
          frameText('SEND', { destination: '/topic/without/subscribers', receipt: `${beat}` }),
        );
        ok((await next()).data.toString().startsWith('RECEIPT'));
        await context.clock.advance(6000);
        equal((await next()).data.toString(), '\n');
      }
      socket.terminate();
    },
  },
  {
    number: 76,
    rule: 'SockJS transports only text, and one array may hold several frames.',
    transports: ['WebSocket text'],
    async check(_, version) {
      const server = await createServer({
        endpoints: [{ path: '/ws', sockjs: true }],
        logger: silentLogger,
      });
      await server.listen(0);
      const base = `http://127.0.0.1:${portOf(server)}/ws/0/${version.replace('.', '-')}`;
      const post = async (name: string, body?: readonly string[]) =>
        (await fetch(`${base}/${name}`, { method: 'POST', body: JSON.stringify(body) })).text();
      equal(await post('xhr'), 'o\n');
      const frames = [
        connectFrame(version),
        frameText('SUBSCRIBE', { id: 's', destination: topic }),
        frameText('SEND', { destination: topic }, 'text \u{1f642}'),
      ];
      await post('xhr_send', frames);
      let received = '';
      while (!received.includes('text')) received += await post('xhr');
      match(received, /^a\["CONNECTED\\n[^]*MESSAGE\\n[^]*\\n\\ntext \u{1f642}\\u0000"\]\n$/u);
      await server.publisher.publish(topic, Uint8Array.of(0xff));
      match(await post('xhr'), /"ERROR\\n[^]*code:text-required/);
      equal(await post('xhr'), 'c[1003,"text-required"]\n');
      await server.close();
    },
  },
  {
    number: 77,
    rule: 'TCP and TLS use the same frames.',
    transports: ['TCP'],
    async check(_, version) {
      const tls = selfSigned();
      if (tls === undefined) return;
      const transport = tcpTransport({ port: 0, tls });
      const server = await createServer({ transports: [transport], logger: silentLogger });
      await server.start();
      const { port } = transport.address()!;
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const client = new StompClient(socketConnection(socket));
      await connected(client, { 'accept-version': version });
      await client.subscribe('s', topic);
      client.publish(topic, {}, 'secret');
      deepEqual(await client.texts(1), ['secret']);
      await client.request('DISCONNECT');
      await client.expectEnd();
      await server.close();
    },
  },
  {
    number: 78,
    rule: 'The application chooses the TCP port.',
    transports: ['TCP'],
    async check(context) {
      const another = tcpTransport({ port: 0 });
      const server = await createServer({ transports: [another], logger: silentLogger });
      await server.start();
      const { port } = another.address()!;
      ok(port !== context.port && port !== 61_613);
      await server.close();
    },
  },
  {
    number: 79,
    rule: 'A client that has ended its side still receives its answers.',
    transports: ['TCP'],
    async check({ port }, version) {
      const connection = tcpConnection(port);
      const client = new StompClient(connection);
      client.write(connectFrame(version), frameText('SEND', { destination: topic, receipt: 'r' }));
      connection.socket.end();
      await client.expect('CONNECTED');
      equal((await client.expect('RECEIPT')).headers['receipt-id'], 'r');
      await client.expectEnd();
    },
  },
  {
    number: 80,
    rule: 'Frames may arrive in packets of one byte.',
    transports: ['TCP'],
    async check(context, version) {
      const client = await context.client();
      const writeBytes = (text: string) => {
        for (const byte of Buffer.from(text)) client.write(Buffer.of(byte));
      };
      writeBytes(connectFrame(version));
      await client.expect('CONNECTED');
      writeBytes(frameText('SUBSCRIBE', { id: 's', destination: topic, receipt: 'r' }));
      await client.expect('RECEIPT');
      writeBytes(frameText('SEND', { destination: topic }, 'slowly'));
      deepEqual(await client.texts(1), ['slowly']);
    },
  },
  {
    number: 81,
    rule: 'Bodies of 16 MiB reach two subscribers if the limits allow it.',
    transports: ['TCP'],
    versions: ['1.2'],
    async check(_, version) {
      const size = 16 * 1024 * 1024;
      const limits = { maxFrameBytes: 2 * size, maxMessageBytes: 2 * size };
      const large = await rawServer('TCP', { limits });
      const readers = [
        await large.subscriber(version, topic),
        await large.subscriber(version, topic),
      ];
      const client = await large.connect(version);
      const body = Buffer.alloc(size, 'x');
      for (let i = 0; i < 2; i++)
        client.write(`SEND\ndestination:${topic}\ncontent-length:${size}\n\n`, body, '\0');
      for (const reader of readers)
        for (let i = 0; i < 2; i++) ok((await reader.expect('MESSAGE')).bytes.equals(body));
    },
  },
]);
