// Attacks on the memory of the broker and the server: queues, subscriptions, transactions and keys.
import { frame, kilobytes } from '../scene.mjs';

/** @type {readonly import('../scene.mjs').Attack[]} */
export const broker = [
  {
    name: 'unacknowledged-topic',
    fault: 'A3',
    title: '120 subscriptions of one topic never acknowledge, and 2.2 MB of messages wait for each',
    maxHeld: 48,
    reason: 'One client may use an eighth of 256 MiB.',
    async run(scene) {
      const session = await scene.session();
      const headers = { destination: '/topic/big', ack: 'client', 'prefetch-count': '1' };
      for (let i = 0; i < 120; i++) await session.send('SUBSCRIBE', { id: `${i}`, ...headers });
      for (let i = 0; i < 37; i++)
        await session.send('SEND', { destination: '/topic/big' }, kilobytes(i === 0 ? 1 : 60));
      await session.settle();
    },
  },
  {
    name: 'unread-queues',
    fault: 'A3',
    title: '270 MB are sent to queues without consumers',
    maxHeld: 48,
    reason: 'One client may use an eighth of 256 MiB.',
    async run(scene) {
      const session = await scene.session();
      for (let i = 0; i < 4500; i++)
        await session.send('SEND', { destination: `/queue/unread-${i % 90}` }, kilobytes(60));
      await session.settle();
    },
  },
  {
    name: 'queue-names',
    fault: 'A3',
    title: '20,000 queues receive one SEND each',
    maxHeld: 24,
    reason:
      'One client may use an eighth of 10,000 names; a queue of one message takes less than 4 KB.',
    async run(scene) {
      const session = await scene.session();
      for (let i = 0; i < 20_000; i++)
        await session.send('SEND', { destination: `/queue/name-${i}` }, 'x');
      await session.settle();
    },
  },
  {
    name: 'durable-subscriptions',
    fault: 'A3',
    title: '8 sessions create 1,000 durable subscriptions and disconnect',
    maxHeld: 8,
    reason: 'One client may use an eighth of 1,000 durable subscriptions.',
    async run(scene) {
      await scene.together(8, async (number) => {
        const session = await scene.session({ headers: { 'client-id': `attacker-${number}` } });
        for (let i = 0; i < 125; i++)
          await session.send('SUBSCRIBE', {
            id: `${i}`,
            destination: `/topic/${i}`,
            'durable-subscription-name': `name-${i}`,
          });
        await session.settle();
        session.wire.vanish();
      });
    },
  },
  {
    name: 'idempotency-keys',
    fault: 'A3',
    title: '20,000 idempotency keys are used, each of them once',
    maxHeld: 16,
    reason: 'One client may use an eighth of 10,000 keys.',
    async run(scene) {
      const session = await scene.session();
      for (let i = 0; i < 20_000; i++)
        await session.send('SEND', { destination: '/topic/none', 'idempotency-key': `${i}` });
      await session.settle();
    },
  },
  {
    name: 'long-idempotency-keys',
    fault: 'A4',
    title: '10,000 idempotency keys of 8,000 characters, and 10,000 of 250',
    maxHeld: 16,
    reason: 'A key has at most 256 characters, and one client may use an eighth of 10,000 keys.',
    async run(scene) {
      const session = await scene.session();
      for (const length of [8000, 250])
        for (let i = 0; i < scene.steps(10_000, 3000); i++) {
          const key = `${i}`.padEnd(length, 'k');
          await session.send('SEND', { destination: '/topic/none', 'idempotency-key': key });
        }
      await session.settle();
    },
  },
  {
    name: 'receipts-in-transactions',
    fault: 'A4',
    title: 'Ten sessions hold 8 transactions of 1,000 ACKs with receipts of 8,100 bytes',
    maxHeld: 32,
    reason: 'The transactions of a session may hold 1 MiB.',
    async run(scene) {
      await scene.together(scene.steps(10, 4), async () => {
        const session = await scene.session();
        for (let transaction = 0; transaction < 8; transaction++) {
          await session.send('BEGIN', { transaction: `t${transaction}` });
          for (let i = 0; i < scene.steps(1000, 250); i++)
            await session.send('ACK', {
              id: 'a',
              transaction: `t${transaction}`,
              receipt: `${i}`.padEnd(8100, 'r'),
            });
        }
        await session.settle();
      });
    },
  },
  {
    name: 'empty-headers',
    fault: 'A4',
    title: '30,000 messages with 60 empty headers are sent to unread queues',
    maxHeld: 48,
    reason: 'One client may use an eighth of 256 MiB, and headers count 64 bytes each.',
    async run(scene) {
      const session = await scene.session();
      const empty = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`h${i}`, '']));
      for (let i = 0; i < scene.steps(30_000, 15_000); i++)
        await session.send('SEND', { destination: `/queue/empty-${i % 4}`, ...empty }, 'x');
      await session.settle();
    },
  },
  {
    name: 'bodies-of-large-reads',
    fault: 'A4',
    title: 'Bodies of 17,000 bytes stay in queues, without the other bytes of their buffers',
    maxHeld: 48,
    reason:
      'One client may use an eighth of 256 MiB, including all memory that its messages reference.',
    async run(scene) {
      const session = await scene.session();
      const kept = frame('SEND', { destination: '/queue/kept' }, 'x'.repeat(17_000));
      const others = frame('SEND', { destination: '/topic/none' }, 'x'.repeat(15_000)).repeat(3);
      for (let i = 0; i < scene.steps(4000, 1500); i++) await session.wire.write(kept + others);
      await session.settle();
    },
  },
  {
    name: 'unread-session-queues',
    fault: 'A3',
    title:
      'Ten sessions of two users do not acknowledge the messages that they send to their own queues',
    maxHeld: 80,
    reason: 'Each of two users may use an eighth of 256 MiB, also in queues of sessions.',
    async run(scene) {
      await scene.together(10, async (number) => {
        const name = { login: `attacker-${number % 2}` };
        const session = await scene.session({ headers: name });
        await session.send('SUBSCRIBE', {
          id: 'own',
          destination: '/user/queue/own',
          ack: 'client',
          'prefetch-count': '1',
        });
        for (let i = 0; i < scene.steps(400, 100); i++)
          await session.send(
            'SEND',
            { destination: `/user/${name.login}/queue/own` },
            kilobytes(60),
          );
        await session.settle();
      });
    },
  },
];
