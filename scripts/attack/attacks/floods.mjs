// Attacks with many small valid frames.
import { frame, webSocketFrame } from '../scene.mjs';

/** Frames that one write of a flood contains. */
const framesPerWrite = 500;

/**
 * Sends a frame for each number, 500 in one write.
 *
 * @param {{ wire: import('../scene.mjs').Wire, ended: boolean, settle: () => Promise<void> }} session
 * @param {number} count
 * @param {(number: number) => string} text
 */
async function flood(session, count, text) {
  for (let first = 0; first < count && !session.ended; first += framesPerWrite) {
    const frames = Array.from({ length: framesPerWrite }, (_, i) => text(first + i));
    await session.wire.write(frames.join(''));
  }
  await session.settle();
}

/**
 * Resolves when the server has read everything that was written, or the connection has ended.
 *
 * @param {import('../scene.mjs').Wire} wire
 */
async function answered(wire) {
  const pong = new Promise((resolve) => {
    wire.listen((text) => text.includes('the end') && resolve(undefined));
  });
  await wire.write(webSocketFrame(9, 'the end'));
  await Promise.race([pong, wire.ended]);
}

/** The smallest WebSocket frames: a heart-beat, an empty message, a ping and a pong. */
const smallest = [
  webSocketFrame(1, '\n'),
  webSocketFrame(1),
  webSocketFrame(9),
  webSocketFrame(10),
].map((unit) => Buffer.concat(Array(framesPerWrite * 20).fill(unit)));

/** A read of 64 KB with one frame that waits, and pongs. */
const largeRead = Buffer.concat([
  ...Array(490).fill(webSocketFrame(10, 'x'.repeat(125))),
  webSocketFrame(1, frame('SEND', { destination: '/topic/none' })),
]);

/** @type {readonly import('../scene.mjs').Attack[]} */
export const floods = [
  {
    name: 'small-frames',
    fault: 'A5',
    title: 'One session sends 300,000 small frames as fast as it can',
    maxHeld: 12,
    reason: 'At most 64 frames of a session wait; the others are not read.',
    async run(scene) {
      const send = frame('SEND', { destination: '/topic/none' }, '1');
      await flood(await scene.session(), scene.steps(300_000, 60_000), () => send);
    },
  },
  {
    name: 'small-frames-of-many-sessions',
    fault: 'A5',
    title: '20 sessions, half of them over WebSocket, send small frames as fast as they can',
    maxHeld: 24,
    reason: 'At most 64 frames and one WebSocket message of a session wait.',
    run: (scene) =>
      scene.together(20, async (number) => {
        const transport = number % 2 === 0 ? 'TCP' : 'WebSocket';
        const send = frame('SEND', { destination: '/topic/none' }, '1');
        await flood(await scene.session({ transport }), scene.steps(15_000, 3000), () => send);
      }),
  },
  {
    name: 'line-ends',
    fault: 'A5',
    title: 'One session sends 100 MB of heart-beats',
    maxHeld: 12,
    reason: 'Heart-beats are not stored.',
    async run(scene) {
      const session = await scene.session();
      const lines = '\n'.repeat(100_000);
      for (let i = 0; i < scene.steps(1000, 100); i++) await session.wire.write(lines);
      await session.settle();
    },
  },
  {
    name: 'smallest-websocket-frames',
    fault: 'A5',
    title: '16 WebSocket connections send heart-beats, empty messages, pings or pongs',
    maxHeld: 48,
    reason: 'Two reads of 64 KB wait in each connection, and 256 KiB in each session.',
    run: (scene) =>
      scene.together(16, async (number) => {
        const wire = await scene.rawWebSocket();
        const frames = smallest[number % smallest.length] ?? '';
        for (let i = 0; i < scene.steps(30, 10); i++) await wire.write(frames);
        await answered(wire);
      }),
  },
  {
    name: 'small-messages-of-large-reads',
    fault: 'A5',
    title: '40 WebSocket connections send one small message in each 64 KB',
    maxHeld: 48,
    reason: 'A waiting message counts the whole read that it keeps.',
    run: (scene) =>
      scene.together(40, async () => {
        const wire = await scene.rawWebSocket();
        for (let i = 0; i < scene.steps(300, 60); i++) await wire.write(largeRead);
        await answered(wire);
      }),
  },
  {
    name: 'floods-of-lost-sessions',
    fault: 'A5',
    title: 'Connections are lost while the server still processes their heart-beats',
    maxHeld: 48,
    reason: 'The waiting frames of a lost session, up to 320 KiB, are processed and freed.',
    run: (scene) =>
      scene.together(scene.steps(60, 20), async () => {
        const wire = await scene.rawWebSocket();
        for (let i = 0; i < 20; i++) await wire.write(smallest[0] ?? '');
        wire.vanish();
      }),
  },
  {
    name: 'small-frames-of-one-account',
    fault: 'A5',
    title: '200 sessions of one address send small frames as fast as they can',
    maxHeld: 64,
    reason: 'The sessions of one account may hold 32 MiB, and each one more read of 64 KB.',
    run: (scene) =>
      scene.together(200, async () => {
        const session = await scene.session();
        const send = frame('SEND', { destination: '/topic/none' }, '1');
        await flood(session, scene.steps(6000, 1000), () => send);
      }),
  },
  {
    name: 'subscribe-and-unsubscribe',
    fault: 'A5',
    title:
      'One session subscribes and unsubscribes 50,000 times, to topics, patterns, queues and its own queues',
    maxHeld: 12,
    reason: 'The server frees all memory of an ended subscription.',
    async run(scene) {
      const kinds = ['/topic/t', '/topic/*/t', '/queue/q', '/user/queue/u', '/temp-queue/t'];
      await flood(await scene.session(), scene.steps(50_000, 10_000), (i) => {
        const destination = `${kinds[i % kinds.length]}${i}`;
        return (
          frame('SUBSCRIBE', { id: `${i}`, destination }) + frame('UNSUBSCRIBE', { id: `${i}` })
        );
      });
    },
  },
  {
    name: 'new-destinations',
    fault: 'A3',
    title: '200,000 frames to different destinations',
    maxHeld: 24,
    reason: 'Caches of destinations have a limit of entries.',
    async run(scene) {
      const kinds = ['/topic/', '/app/', '/user/nobody/queue/', '/nowhere/', '/topic/a/b/c/d/e/'];
      const long = 'x'.repeat(200);
      await flood(await scene.session(), scene.steps(200_000, 40_000), (i) => {
        const destination = `${kinds[i % kinds.length]}${i}${long}`;
        return frame('SEND', { destination, 'reply-to': `/temp-queue/${i}` });
      });
    },
  },
  {
    name: 'refused-frames',
    fault: 'C2',
    title: 'One session sends frames that are rejected, each with a problem as the answer',
    maxHeld: 12,
    reason: 'A problem is not stored after it was sent.',
    async run(scene) {
      await flood(await scene.session(), scene.steps(50_000, 10_000), (i) =>
        i % 2 === 0
          ? frame('SUBSCRIBE', { id: 'problems', destination: '/topic/a' })
          : frame('COMMIT', { transaction: `${i}` }),
      );
    },
  },
  {
    name: 'long-transactions',
    fault: 'A5',
    title: 'One session commits transactions of 45 SENDs, each with 900 objects for a handler',
    maxHeld: 24,
    reason: 'The transactions of a session may hold 1 MiB, and a turn calls handlers for 2 ms.',
    async run(scene) {
      const session = await scene.session();
      const items = Array.from({ length: 900 }, () => ({ name: 'item' }));
      const order = JSON.stringify({ id: 'transaction', items });
      const headers = { destination: '/app/order', transaction: 't' };
      for (let i = 0; i < scene.steps(40, 10); i++) {
        await session.send('BEGIN', { transaction: 't' });
        for (let frames = 0; frames < 45; frames++) await session.send('SEND', headers, order);
        await session.send('COMMIT', { transaction: 't' });
      }
      await session.settle();
    },
  },
];
