// Attacks with many small valid frames.
import { frame } from '../scene.mjs';

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
];
