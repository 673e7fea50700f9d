// Attacks with connections: many, slow, half-open, vanishing, malformed or compressed ones.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { frame, kilobytes } from '../scene.mjs';

const connectFrame = frame('CONNECT', { 'accept-version': '1.2', host: 'attack' });

/** Byte sequences that no protocol version allows, or that a parser may handle wrongly. */
const malformed = [
  'GET / HTTP/1.1\r\n\r\n',
  '\0\0\0\0',
  'CONNECT',
  'CONNECT\naccept-version:9.9\n\n\0',
  'CONNECT\naccept-version\n\n\0',
  'CONNECT\n:\n\n\0',
  `CONNECT\n${'a:b\n'.repeat(70)}\n\0`,
  `CONNECT\nlogin:${'x'.repeat(20_000)}\n\n\0`,
  `CONNECT\ncontent-length:99999999999999999999\n\n\0`,
  'STOMP\naccept-version:1.2\nheart-beat:-1,x\n\n\0',
  '{"type":"connect"',
  '{"type":"connect","headers":[]}\n',
  '[]\n',
  `${'['.repeat(30_000)}\n`,
  ...[
    'NOTHING\n\n\0',
    'SEND\n\n\0',
    'SEND\ndestination:/topic/a\\q\n\n\0',
    'SEND\ndestination:/topic/a\ncontent-length:-1\n\n\0',
    'SEND\ndestination:/topic/a\ncontent-length:5\n\nxxxxxxxxx\0',
    'SUBSCRIBE\ndestination:/topic/a\n\n\0',
    'ACK\n\n\0',
    'BEGIN\ntransaction:\n\nbody\0',
    `SEND\ndestination:/topic/a\n\n${'x'.repeat(70_000)}`,
    'CONNECT\naccept-version:1.2\nhost:a\n\n\0',
    `${'\r\n'.repeat(500)}SEND\r\n\r\n\0`,
  ].map((bytes) => connectFrame + bytes),
];

/** @type {readonly import('../scene.mjs').Attack[]} */
export const connections = [
  {
    name: 'many-sessions',
    fault: 'A3',
    title: '5,000 anonymous sessions of one address stay connected',
    maxHeld: 120,
    reason: 'An address may have 4,096 anonymous sessions of 20 KB each, with one subscription.',
    run: (scene) =>
      scene.together(scene.steps(5000, 1000), (number) =>
        scene.session({ transport: number % 4 === 0 ? 'WebSocket' : 'TCP' }),
      ),
  },
  {
    name: 'half-open-handshakes',
    fault: 'A3',
    title:
      'Connections stay silent: over TCP, after the WebSocket handshake, and in the HTTP headers',
    maxHeld: 64,
    reason:
      'An address may have 1,024 connections without CONNECT; Node keeps HTTP connections for 60 s.',
    run: (scene) =>
      scene.together(scene.steps(4500, 1500), async (number) => {
        if (number % 3 === 0) return scene.socket();
        if (number % 3 === 1) return scene.webSocket();
        const socket = await scene.socket({ port: scene.target.http });
        return socket.write('GET /ws HTTP/1.1\r\nhost: attack\r\nx-slow: ');
      }),
  },
  {
    name: 'pipelined-requests',
    fault: 'A5',
    title: 'HTTP connections send 2,000 requests in one write',
    maxHeld: 24,
    reason: 'A connection is closed after the answers to one read.',
    run: (scene) =>
      scene.together(scene.steps(500, 100), async () => {
        const socket = await scene.socket({ port: scene.target.http });
        socket.resume();
        const closed = new Promise((resolve) => socket.on('close', resolve));
        socket.write('GET / HTTP/1.1\r\nHost: attack\r\n\r\n'.repeat(2000));
        await closed;
      }),
  },
  {
    name: 'slow-connect',
    fault: 'A3',
    title: '300 clients send their CONNECT byte by byte',
    maxHeld: 24,
    reason: 'A connection holds the bytes of one incomplete frame.',
    async run(scene) {
      const bytes = frame('CONNECT', { 'accept-version': '1.2', login: 'x'.repeat(500) });
      const sockets = await Promise.all(Array.from({ length: 300 }, () => scene.socket()));
      for (let i = 0; i < scene.steps(300, 60); i++) {
        for (const socket of sockets) socket.write(bytes.charAt(i));
        await sleep(5);
      }
    },
  },
  {
    name: 'vanishing-connections',
    fault: 'A3',
    title: 'Connections vanish before, in and after their first frames',
    maxHeld: 12,
    reason: 'The server frees all memory of a lost connection.',
    run: (scene) =>
      scene.together(scene.steps(5000, 1500), async (number) => {
        const socket = await scene.socket();
        const subscribe = frame('SUBSCRIBE', { id: '1', destination: `/topic/${number}` });
        const all = connectFrame + subscribe.repeat(1);
        socket.write(all.slice(0, (number * 7) % (all.length + 20)));
        if (number % 2 === 0) await sleep(1);
        socket.resetAndDestroy();
      }),
  },
  {
    name: 'slow-readers',
    fault: 'A3',
    title: '40 subscribers stop reading, and 24 MB are published to each',
    maxHeld: 64,
    reason: 'Up to 512 KiB wait for each session until it is closed, and 1 MiB is shared by all.',
    async run(scene) {
      const subscribe = { id: '1', destination: '/topic/big' };
      for (let i = 0; i < 40; i++) {
        const session = await scene.session({ transport: i % 2 === 0 ? 'TCP' : 'WebSocket' });
        await session.send('SUBSCRIBE', subscribe);
        await session.settle();
        session.wire.pause();
      }
      const sender = await scene.session();
      for (let i = 0; i < scene.steps(400, 100); i++)
        await sender.send('SEND', { destination: '/topic/big' }, kilobytes(60));
      await sender.settle();
    },
  },
  {
    name: 'unread-answers',
    fault: 'A3',
    title: '20 clients ask for receipts of 8,000 bytes and never read them',
    maxHeld: 48,
    reason: 'Up to 512 KiB wait for each session until it is closed, and its read buffers.',
    run: (scene) =>
      scene.together(20, async () => {
        const session = await scene.session();
        session.wire.pause();
        const send = { destination: '/topic/none', receipt: 'r'.repeat(8000) };
        // The server stops reading or closes the session: a write may wait forever.
        const writes = (async () => {
          for (let i = 0; i < scene.steps(2000, 500); i++) await session.send('SEND', send);
        })();
        await Promise.race([writes, sleep(scene.steps(4000, 2000))]);
      }),
  },
  {
    name: 'malformed-frames',
    fault: 'B1',
    title: 'Malformed frames and random bytes, each on a new connection',
    maxHeld: 12,
    reason: 'A connection with a malformed frame is closed.',
    run: (scene) =>
      scene.together(scene.steps(3000, 600), async (number) => {
        const bytes = malformed[number % (malformed.length + 1)] ?? randomBytes(2000);
        if (number % 2 === 0) {
          const socket = await scene.socket();
          await new Promise((resolve) => void socket.end(bytes, () => resolve(undefined)));
        } else {
          const socket = await scene.webSocket();
          if (socket.readyState !== WebSocket.OPEN) return;
          await new Promise((resolve) => socket.send(bytes, resolve));
          socket.close();
        }
      }),
  },
  {
    name: 'compressed-bombs',
    fault: 'C12',
    title: 'WebSocket messages of 32 MiB that are compressed to 32 KB',
    maxHeld: 16,
    reason: 'A message is inflated up to 128 KiB.',
    compressed: true,
    async run(scene) {
      const bomb = Buffer.alloc(32 * 1024 * 1024);
      for (let i = 0; i < scene.steps(40, 8); i++) {
        const socket = await scene.webSocket({ path: '/compressed', perMessageDeflate: true });
        socket.send(connectFrame);
        await new Promise((resolve) => socket.send(bomb, resolve));
      }
    },
  },
  {
    name: 'fragments',
    fault: 'C7',
    title: 'WebSocket messages in fragments of one byte',
    maxHeld: 16,
    reason: 'A message of 128 KiB may have at most 128 fragments.',
    run: (scene) =>
      scene.together(scene.steps(50, 20), async () => {
        const socket = await scene.webSocket();
        socket.send(connectFrame);
        for (let i = 0; i < scene.steps(20_000, 3000); i++) {
          if (socket.readyState !== WebSocket.OPEN) return;
          socket.send('S', { fin: false });
          if (i % 500 === 0) await sleep(1);
        }
      }),
  },
  {
    name: 'unread-pongs',
    fault: 'A3',
    title: 'Clients send WebSocket pings and do not read the pongs',
    maxHeld: 16,
    reason: 'At most 60 pongs wait for a connection.',
    run: (scene) =>
      scene.together(20, async () => {
        const socket = await scene.webSocket();
        socket.send(connectFrame);
        socket.pause();
        const payload = Buffer.alloc(125);
        for (let i = 0; i < scene.steps(50_000, 10_000); i++) {
          if (socket.readyState !== WebSocket.OPEN) return;
          socket.ping(payload);
          if (i % 1000 === 0) await sleep(1);
        }
      }),
  },
];
