// Faults A: denial of service and fairness.
import 'reflect-metadata';
import { Validate, ValidateNested, ValidatorConstraint } from 'class-validator';
import { Type } from 'class-transformer';
import {
  Controller,
  EmbeddedBroker,
  errorCodes,
  MessageMapping,
  Payload,
  SendTo,
  type Clock,
  type Interceptor,
  type OutboundInterceptor,
  type ServerOptions,
} from '../../../src/index.js';
import { testClock } from '../../../src/testing.js';
import { systemClock } from '../../../src/message/clock.js';
import { collectGarbage } from '../../collect-garbage.js';
import { bothLanguages, everyProtocol, everywhere, oneClient, type Case } from '../case.js';
import type { StompClient, StompHeaders } from '../../clients/stomp.js';
import { acknowledge, problemsOf, type ConnectHeaders } from '../client.js';
import { expectEqual, expectThat, expectEnd } from '../expect.js';
import { turns, type Setup } from '../setup.js';

/** Users by their login; without one a client is anonymous. */
const authenticate: ServerOptions['authenticate'] = ({ login }) =>
  login === undefined ? undefined : { name: login };

/** Subscribes to the patterns one after another. Each must be refused with a code, and the session must continue. */
async function expectRefusedPatterns(
  setup: Setup,
  patterns: readonly string[],
): Promise<StompClient> {
  await setup.start();
  const client = await setup.connect({ problems: true });
  for (const [i, destination] of patterns.entries()) {
    client.send('SUBSCRIBE', { id: `${i}`, destination, receipt: `r${i}` });
    await setup.settle();
    expectEqual('the number of problems', problemsOf(client).length, i + 1);
  }
  for (const { code } of problemsOf(client))
    expectThat(Object.hasOwn(errorCodes, code), `'${code}' is not an error code.`);
  await expectEnd(setup, client, 'open');
  return client;
}

/** SENDs to a destination with a receipt; must be taken. */
async function expectTaken(client: StompClient, destination: string, headers: StompHeaders = {}) {
  await client.request('SEND', { destination, ...headers }, kilobytes(60));
}

const kilobytes = (count: number) => 'x'.repeat(count * 1024);

/** Bytes of live objects. */
function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const patternMemory: Case = {
  fault: 'A1',
  name: 'patterns-of-many-wildcards',
  title: 'SUBSCRIBE to a pattern of thousands of wildcards is refused, and the session goes on',
  ...everywhere,
  async run(setup) {
    const pattern = (i: number) => `/topic/${i}${`/${'?'.repeat(245)}`.repeat(30)}`;
    await expectRefusedPatterns(setup, [pattern(0), pattern(1), pattern(2)]);
  },
};

const patternTime: Case = {
  fault: 'A2',
  name: 'patterns-that-match-slowly',
  title:
    'SUBSCRIBE to a pattern with several stars in a segment is refused, and a long SEND is answered',
  ...everywhere,
  async run(setup) {
    const stars = (i: number) => `/topic/${'*?'.repeat(160)}${1000 + i}`;
    const literals = `/topic/*${'a'.repeat(4000)}b0001*`;
    const client = await expectRefusedPatterns(setup, [stars(0), stars(1), literals]);
    client.send('SEND', { destination: `/topic/${'a'.repeat(8100)}`, receipt: 'sent' });
    await setup.settle();
    const answered =
      problemsOf(client).length > 3 ||
      client.history.some(({ headers }) => headers['receipt-id'] === 'sent');
    expectThat(answered, 'The SEND got neither a RECEIPT nor a problem.');
  },
};

/** A server whose queues hold 1 MiB, and a client that has sent more to queues without readers. */
async function fillQueues(setup: Setup): Promise<void> {
  await setup.start({
    authenticate,
    broker: new EmbeddedBroker({ queue: { maxTotalBytes: 1024 * 1024 } }),
  });
  const client = await setup.connect({ login: 'flooder', problems: true });
  for (let i = 0; i < 40; i++)
    client.send('SEND', { destination: `/queue/unread-${i}` }, kilobytes(60));
  await setup.settle();
}

const sharedBodies: Case = {
  fault: 'A3',
  name: 'topic-messages-waiting-for-acknowledgement',
  title: 'A queue takes messages while one client leaves messages of a topic unacknowledged',
  ...bothLanguages,
  async run(setup) {
    await setup.start({ authenticate });
    const client = await setup.connect();
    for (let i = 0; i < 120; i++)
      await client.subscribe(`${i}`, '/topic/big', { ack: 'client', 'prefetch-count': '1' });
    // Each subscription gets this one and does not acknowledge it, so that all others wait.
    client.send('SEND', { destination: '/topic/big' }, 'first');
    await setup.settle();
    // 120 subscriptions count these 2.2 MB 120 times: 264 MB of the 256 MiB of all queues.
    for (let i = 0; i < 36; i++) client.send('SEND', { destination: '/topic/big' }, kilobytes(60));
    await setup.settle();
    const other = await setup.connect({ login: 'ann' });
    for (let i = 0; i < 60; i++) await expectTaken(other, '/queue/orders');
  },
};

const acknowledgingSubscriber: Case = {
  fault: 'A3',
  name: 'subscribers-that-acknowledge',
  title: 'A topic subscriber that acknowledges everything goes on while queues are full',
  ...bothLanguages,
  async run(setup) {
    await fillQueues(setup);
    const ann = await setup.connect({ login: 'ann' });
    await ann.subscribe('news', '/topic/news', { ack: 'client' });
    for (let i = 0; i < 3; i++) {
      ann.send('SEND', { destination: '/topic/news' }, kilobytes(60));
      acknowledge(ann, setup.protocol, await ann.next('MESSAGE'));
    }
    await expectEnd(setup, ann, 'open');
  },
};

const unreadQueues: Case = {
  fault: 'A3',
  name: 'unread-queues',
  title: 'A queue takes messages after another client has filled queues without readers',
  ...bothLanguages,
  async run(setup) {
    await fillQueues(setup);
    await expectTaken(await setup.connect({ login: 'ann' }), '/queue/orders');
  },
};

const unreadQueue: Case = {
  fault: 'A3',
  name: 'unread-queue',
  title: 'A queue takes messages after another client has filled this same queue',
  ...bothLanguages,
  async run(setup) {
    await setup.start({
      authenticate,
      broker: new EmbeddedBroker({ queue: { maxMessages: 80 } }),
    });
    const client = await setup.connect({ login: 'flooder', problems: true });
    for (let i = 0; i < 100; i++) client.send('SEND', { destination: '/queue/orders' });
    await setup.settle();
    await expectTaken(await setup.connect({ login: 'ann' }), '/queue/orders');
  },
};

const handlerResults: Case = {
  fault: 'A3',
  name: 'queues-filled-by-a-handler',
  title: 'A queue takes messages after another client has filled queues through a handler',
  ...bothLanguages,
  async run(setup) {
    @Controller()
    class JobController {
      @MessageMapping('/jobs/{name}')
      @SendTo('/queue/jobs-{name}')
      job(@Payload(String) job: string) {
        return job;
      }
    }
    await setup.start({
      authenticate,
      controllers: [JobController],
      broker: new EmbeddedBroker({ queue: { maxTotalBytes: 1024 * 1024 } }),
    });
    const flooder = await setup.connect({ login: 'flooder', problems: true });
    for (let i = 0; i < 40; i++)
      flooder.send('SEND', { destination: `/app/jobs/${i}` }, JSON.stringify(kilobytes(60)));
    await setup.settle();
    await expectTaken(await setup.connect({ login: 'ann' }), '/queue/orders');
  },
};

const patternShapes: Case = {
  fault: 'A3',
  name: 'pattern-shapes',
  title: 'A client can subscribe to a pattern after another client has used many shapes',
  ...bothLanguages,
  async run(setup) {
    await setup.start({ authenticate });
    const flooder = await setup.connect({ login: 'flooder', problems: true });
    for (let i = 1; i <= 100; i++)
      flooder.send('SUBSCRIBE', { id: `${i}`, destination: `/topic/${'a'.repeat(i)}?` });
    await setup.settle();
    const ann = await setup.connect({ login: 'ann' });
    await ann.subscribe('one', '/topic/?/orders/?');
  },
};

const sessionQueues: Case = {
  fault: 'A3',
  name: 'queues-of-users',
  title: 'A user gets messages in acknowledged queues while another one acknowledges nothing',
  ...bothLanguages,
  async run(setup) {
    await setup.start({
      authenticate,
      broker: new EmbeddedBroker({ queue: { maxTotalBytes: 1024 * 1024 } }),
    });
    const slow = await setup.connect({ login: 'slow' });
    const headers = { ack: 'client', 'prefetch-count': '1' };
    for (let i = 0; i < 10; i++) await slow.subscribe(`${i}`, `/user/queue/${i}`, headers);
    const sender = await setup.connect({ login: 'sender', problems: true });
    for (let round = 0; round < 4; round++)
      for (let i = 0; i < 10; i++)
        sender.send('SEND', { destination: `/user/slow/queue/${i}` }, kilobytes(60));
    await setup.settle();
    const ann = await setup.connect({ login: 'ann' });
    await ann.subscribe('news', '/user/queue/news', { ack: 'client' });
    for (let i = 0; i < 3; i++) {
      sender.send('SEND', { destination: '/user/ann/queue/news' }, kilobytes(60));
      acknowledge(ann, setup.protocol, await ann.next('MESSAGE'));
    }
    await expectEnd(setup, ann, 'open');
  },
};

const retainedMessages: Case = {
  fault: 'A3',
  name: 'retained-messages',
  title: 'A retained message is kept, however many messages other clients retain',
  ...bothLanguages,
  async run(setup) {
    await setup.start({
      authenticate,
      broker: new EmbeddedBroker({ retain: { byHeader: true, maxMessages: 100 } }),
    });
    const ann = await setup.connect({ login: 'ann' });
    await ann.request('SEND', { destination: '/topic/price', retain: 'true' }, '"one"');
    const flooder = await setup.connect({ login: 'flooder' });
    for (let i = 0; i < 200; i++)
      flooder.send('SEND', { destination: `/topic/${i}`, retain: 'true' }, 'x');
    await setup.settle();
    await ann.subscribe('price', '/topic/price');
    await ann.next('MESSAGE');
  },
};

const retainedForSubscriptions: Case = {
  fault: 'A4',
  name: 'retained-messages-of-subscriptions',
  title: 'Retained messages that wait for acknowledgement count for their subscriber',
  ...bothLanguages,
  async run(setup) {
    await setup.start({
      authenticate,
      broker: new EmbeddedBroker({
        retain: { byHeader: true },
        topic: { maxUnacknowledgedBytes: 1024 * 1024 },
      }),
    });
    const ann = await setup.connect({ login: 'ann' });
    for (let i = 0; i < 100; i++)
      ann.send('SEND', { destination: `/topic/r/${i}`, retain: 'true' }, 'x');
    await setup.settle();
    const greedy = await setup.connect({ login: 'greedy', problems: true });
    const headers = { destination: '/topic/r/*', ack: 'client', 'prefetch-count': '1' };
    for (let i = 0; i < 100; i++) greedy.send('SUBSCRIBE', { id: `${i}`, ...headers });
    await setup.settle();
    const problems = problemsOf(greedy);
    // A share of 128 KiB: 34 KB for the messages, and 12.8 KB for each further subscription.
    expectThat(problems.length > 80, `${100 - problems.length} subscriptions hold 100 messages.`);
    expectThat(
      problems.every(({ code }) => code === 'queue-full'),
      'A SUBSCRIBE failed with another code.',
    );
    await expectEnd(setup, greedy, 'open');
  },
};

const largePrefetch: Case = {
  fault: 'A4',
  name: 'large-prefetch',
  title: 'A subscription with a prefetch window of 999,999 messages is refused',
  ...bothLanguages,
  async run(setup) {
    await setup.start();
    const client = await setup.connect({ problems: true });
    const destinations = ['/queue/jobs', '/topic/news', '/user/queue/news'];
    for (const destination of destinations)
      client.send('SUBSCRIBE', {
        id: destination,
        destination,
        ack: 'client',
        'prefetch-count': '999999',
      });
    await setup.settle();
    expectEqual(
      'the problems',
      problemsOf(client).map(({ code }) => code),
      destinations.map(() => 'header-refused'),
    );
    await expectEnd(setup, client, 'open');
  },
};

const queueNames: Case = {
  fault: 'A3',
  name: 'queue-names',
  title: 'A client can use a new queue after another client has named 10,000 queues',
  ...bothLanguages,
  async run(setup) {
    await setup.start({ authenticate });
    const client = await setup.connect({ login: 'flooder', problems: true });
    for (let i = 0; i < 10_000; i++) client.send('SEND', { destination: `/queue/name-${i}` }, 'x');
    await setup.settle();
    await expectTaken(await setup.connect({ login: 'ann' }), '/queue/orders');
  },
};

const durableSubscriptions: Case = {
  fault: 'A3',
  name: 'durable-subscriptions',
  title: 'A user can make a durable subscription after anonymous clients have made 1,000',
  ...bothLanguages,
  async run(setup) {
    await setup.start({ authenticate });
    for (let session = 0; session < 8; session++) {
      const client = await setup.connect({ 'client-id': `flooder-${session}`, problems: true });
      for (let i = 0; i < 125; i++) {
        const destination = `/topic/${i}`;
        client.send('SUBSCRIBE', {
          id: `${i}`,
          destination,
          'durable-subscription-name': `name-${i}`,
        });
      }
      await setup.settle();
      client.connection.vanish();
    }
    const ann = await setup.connect({ login: 'ann', 'client-id': 'ann' });
    await ann.subscribe('orders', '/topic/orders', { 'durable-subscription-name': 'orders' });
  },
};

const idempotencyKeys: Case = {
  fault: 'A3',
  name: 'idempotency-keys',
  title: 'A resent order is processed once, however many keys other clients use meanwhile',
  ...bothLanguages,
  async run(setup) {
    const orders: string[] = [];
    @Controller()
    class OrderController {
      @MessageMapping('orders')
      order(@Payload(String) order: string) {
        orders.push(order);
      }
    }
    await setup.start({ authenticate, controllers: [OrderController] });
    const order = { destination: '/app/orders', 'idempotency-key': 'order-1' };
    const ann = await setup.connect({ login: 'ann' });
    await ann.request('SEND', order, '"one"');
    const other = await setup.connect({ login: 'flooder' });
    for (let i = 0; i < 10_000; i++)
      other.send('SEND', { destination: '/topic/none', 'idempotency-key': `${i}` });
    await setup.settle();
    await ann.request('SEND', order, '"one"');
    expectEqual('the number of orders', orders.length, 1);
  },
};

/** Connects clients, unless `connect` is false; the last one must be refused. The names of the limits are decided. */
function sessionLimit(limit: string, title: string, connect: ConnectHeaders | false): Case {
  return {
    fault: 'A3',
    name: limit.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    title,
    ...everywhere,
    async run(setup) {
      await setup.start({ authenticate, limits: { [limit]: 2 } } as ServerOptions);
      const clients: StompClient[] = [];
      for (let i = 0; i < 3; i++) {
        const client = await setup.open();
        clients.push(client);
        if (connect !== false) await setup.handshake(client, connect).catch(() => {});
      }
      await setup.until(() => clients.some(({ end }) => end !== undefined), 'All were accepted.');
    },
  };
}

const sessionLimits: readonly Case[] = [
  sessionLimit(
    'maxSessionsPerAddress',
    'An address has at most `maxSessionsPerAddress` anonymous sessions',
    {},
  ),
  sessionLimit('maxSessionsPerUser', 'A user has at most `maxSessionsPerUser` sessions', {
    login: 'ann',
  }),
  sessionLimit(
    'maxHandshakes',
    'At most `maxHandshakes` connections wait for their CONNECT',
    false,
  ),
];

const heldReceipts: Case = {
  fault: 'A4',
  name: 'receipts-in-transactions',
  title: 'Receipt ids of frames in a transaction count towards its limit of bytes',
  ...everyProtocol,
  async run(setup) {
    await setup.start();
    const client = await setup.connect({ problems: true });
    await client.request('BEGIN', { transaction: 't' });
    const held = { 'message-id': 'm', subscription: 's', id: 'a', transaction: 't' };
    for (let i = 0; i < 200; i++)
      client.send('ACK', { ...held, receipt: `${i}`.padEnd(8100, 'r') });
    await setup.settle();
    expectThat(
      problemsOf(client).some(({ code }) => code === 'transaction-limit'),
      'A transaction holds 1.6 MB of receipt ids, and its limit is 1 MiB.',
    );
  },
};

const heldByOneUser: Case = {
  fault: 'A4',
  name: 'transactions-of-many-sessions',
  title:
    'A transaction is accepted while the sessions of another user hold as much as they may hold',
  ...bothLanguages,
  async run(setup) {
    await setup.start({ authenticate, limits: { maxHeldBytes: 1024 * 1024 } });
    const flooders = [];
    for (let i = 0; i < 4; i++) {
      const flooder = await setup.connect({ login: 'flooder', problems: true });
      flooder.send('BEGIN', { transaction: 't' });
      for (let j = 0; j < 6; j++)
        flooder.send('SEND', { destination: '/topic/x', transaction: 't' }, kilobytes(60));
      flooders.push(flooder);
    }
    await setup.settle();
    // Two frames fit into the share of 128 KiB.
    const refused = flooders.flatMap(problemsOf).map(({ code }) => code);
    expectEqual('the problems', refused.join(), Array(22).fill('transaction-limit').join());
    const ann = await setup.connect({ login: 'ann' });
    await ann.request('BEGIN', { transaction: 't' });
    await expectTaken(ann, '/topic/x', { transaction: 't' });
    await ann.request('COMMIT', { transaction: 't' });
  },
};

const lostMessages: Case = {
  fault: 'A4',
  name: 'log-lines-of-lost-messages',
  title:
    'Messages that a client rejects from its own queue and from the dead letters write few log lines',
  ...oneClient,
  async run(setup) {
    await setup.start();
    const client = await setup.connect();
    for (const destination of ['/temp-queue/x', '/queue/dead-letters']) {
      await client.subscribe(destination, destination, { ack: 'client-individual' });
      for (let i = 0; i < 50; i++) {
        client.send('SEND', { destination });
        const message = await client.next('MESSAGE');
        acknowledge(client, setup.protocol, message, 'NACK', { requeue: 'false' });
      }
    }
    await setup.settle();
    const lines = setup.log.filter(({ level }) => level !== 'info').length;
    expectThat(lines <= 4, `The log has ${lines} lines.`);
  },
};

const emptyHeaders: Case = {
  fault: 'A4',
  name: 'empty-headers',
  title: 'A message in a queue counts the memory of its headers',
  ...bothLanguages,
  async run(setup) {
    const limit = 100_000;
    await setup.start({ broker: new EmbeddedBroker({ queue: { maxBytes: limit } }) });
    const client = await setup.connect({ problems: true });
    const headers = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`h${i}`, '']));
    const count = 150;
    for (let i = 0; i < count; i++)
      client.send('SEND', { destination: '/queue/headers', ...headers }, 'x');
    await setup.settle();
    // Each holds 3.4 KB.
    expectThat(
      problemsOf(client).some(({ code }) => code === 'queue-full'),
      `A queue of ${limit} bytes holds ${count} messages of 3.4 KB each.`,
    );
  },
};

const keptChunk: Case = {
  fault: 'A4',
  name: 'body-of-a-large-read',
  title: 'A message in a queue keeps at most twice its size in memory',
  protocols: ['stomp-1.2'],
  transports: ['memory', 'TCP'],
  async run(setup) {
    let kept = 0;
    let size = 0;
    await setup.start({
      outboundInterceptors: [
        (frame) => {
          if (frame.kind === 'message') {
            ({ length: size } = frame.message.body);
            kept = frame.message.body.buffer.byteLength;
          }
          return frame;
        },
      ],
    });
    const client = await setup.connect();
    const queued = client.format.text('SEND', { destination: '/queue/kept' }, 'x'.repeat(17_000));
    const others = client.format.text('SEND', { destination: '/topic/none' }, 'x'.repeat(15_000));
    client.write(queued + others.repeat(3));
    await setup.settle();
    await client.subscribe('kept', '/queue/kept');
    await client.next('MESSAGE');
    expectThat(kept <= 2 * size, `A body of ${size} bytes keeps ${kept} bytes.`);
  },
};

const subscriptionHeaders: Case = {
  fault: 'A4',
  name: 'headers-of-subscriptions',
  title: 'The headers of the subscriptions of a session have a limit of bytes',
  ...bothLanguages,
  async run(setup) {
    await setup.start();
    const client = await setup.connect({ problems: true });
    const headers = Object.fromEntries(
      Array.from({ length: 7 }, (_, i) => [`h${i}`, 'x'.repeat(8000)]),
    );
    for (let i = 0; i < 100; i++)
      client.send('SUBSCRIBE', { id: `${i}`, destination: `/topic/${i}`, ...headers });
    await setup.settle();
    expectThat(
      problemsOf(client).some(({ code }) => code === 'subscription-limit'),
      'A session holds 5.6 MB of headers.',
    );
    await expectEnd(setup, client, 'open');
  },
};

const keySizes: Case = {
  fault: 'A4',
  name: 'long-idempotency-keys',
  title: 'A remembered idempotency key takes little memory, however long it is',
  ...bothLanguages,
  async run(setup) {
    await setup.start();
    const client = await setup.connect({ problems: true });
    const before = heapUsed();
    for (let i = 0; i < 1000; i++) {
      const key = `${i}`.padEnd(8000, 'k');
      client.send('SEND', { destination: '/topic/none', 'idempotency-key': key });
    }
    await setup.settle();
    const held = heapUsed() - before;
    expectThat(held < 2_000_000, `1,000 keys hold ${held} bytes.`);
  },
};

const fairTurns: Case = {
  fault: 'A5',
  name: 'flood-of-small-frames',
  title:
    'A neighbor is answered five times before half of the frames of a flooding client are processed',
  ...everywhere,
  async run(setup) {
    let processed = 0;
    const count: Interceptor = async (frame, _session, next) => {
      await next();
      if (frame.kind === 'send') processed++;
    };
    await setup.start({ interceptors: [count] });
    const flooder = await setup.connect();
    const neighbor = await setup.connect();
    const frames = 6_000;
    const flood = flooder.format.text('SEND', { destination: '/topic/none' }, '1');
    if (setup.transport === 'TCP') flooder.write(flood.repeat(frames));
    else for (let i = 0; i < frames; i++) flooder.write(flood);
    for (let i = 0; i < 5; i++) {
      const transaction = `${i}`;
      await neighbor.request('BEGIN', { transaction });
    }
    expectThat(
      processed <= frames / 2,
      `${processed} of ${frames} frames were processed before the neighbor had five answers.`,
    );
  },
};

/** Parts of long work; each takes a millisecond of the clock. */
const partsOfWork = 200;

/**
 * A client whose work consists of many parts; `done` is the number of processed parts.
 *
 * @param prepare returns the last action, which begins the work
 */
function longWork(
  name: string,
  parts: string,
  prepare: (setup: Setup, work: { done: number }) => Promise<() => void>,
  count = partsOfWork,
): Case {
  return {
    fault: 'A5',
    name,
    title: `A neighbor is answered five times before half of the ${parts} are processed`,
    ...everywhere,
    async run(setup) {
      const work = { done: 0 };
      const begin = await prepare(setup, work);
      const neighbor = await setup.connect();
      begin();
      for (let i = 0; i < 5; i++) await neighbor.request('BEGIN', { transaction: `${i}` });
      const before = work.done;
      expectThat(
        before <= count / 2,
        `${before} of ${count} ${parts} were processed before the neighbor had five answers.`,
      );
      await setup.until(() => work.done === count, 'The work has not ended.');
    },
  };
}

const clockOf = (work: { readonly done: number }): Clock => ({
  ...systemClock,
  now: () => systemClock.now() + work.done,
});

const countMessages =
  (work: { done: number }): OutboundInterceptor =>
  (frame) => {
    if (frame.kind === 'message') work.done++;
    return frame;
  };

const waitingMessages = 8000;

const longWorks: readonly Case[] = [
  longWork('commit-of-many-handler-calls', 'handler calls of a COMMIT', async (setup, work) => {
    @Controller()
    class WorkController {
      @MessageMapping('/work')
      work() {
        work.done++;
      }
    }
    await setup.start({ clock: clockOf(work), controllers: [WorkController] });
    const client = await setup.connect();
    client.send('BEGIN', { transaction: 't' });
    for (let i = 0; i < partsOfWork; i++)
      client.send('SEND', { destination: '/app/work', transaction: 't' }, '1');
    return () => client.send('COMMIT', { transaction: 't' });
  }),
  longWork('commit-of-many-deliveries-to-a-user', 'deliveries of a COMMIT', async (setup, work) => {
    await setup.start({
      clock: clockOf(work),
      authenticate,
      outboundInterceptors: [countMessages(work)],
    });
    const client = await setup.connect({ login: 'ann' });
    for (let i = 0; i < 4; i++) await client.subscribe(`${i}`, '/user/queue/x');
    client.send('BEGIN', { transaction: 't' });
    for (let i = 0; i < partsOfWork / 4; i++)
      client.send('SEND', { destination: '/user/ann/queue/x', transaction: 't' }, '1');
    return () => client.send('COMMIT', { transaction: 't' });
  }),
  longWork('many-fast-streams', 'items of streams', async (setup, work) => {
    const streams = 10;
    @Controller()
    class StreamController {
      @MessageMapping('/stream')
      @SendTo('/topic/none')
      async *stream() {
        for (let i = 0; i < partsOfWork / streams; i++) yield work.done++;
      }
    }
    await setup.start({ clock: clockOf(work), controllers: [StreamController] });
    const client = await setup.connect();
    return () => {
      for (let i = 0; i < streams; i++) client.send('SEND', { destination: '/app/stream' }, '1');
    };
  }),
  ...['/topic/kept/*', '/queue/x'].map((destination) =>
    longWork(
      `subscription-of-${destination.startsWith('/topic') ? 'retained' : 'queued'}-messages`,
      `messages that wait for a subscription of ${destination}`,
      async (setup, work) => {
        await setup.start({
          broker: new EmbeddedBroker({ retain: { destinations: ['/topic/kept/*'] } }),
          outboundInterceptors: [countMessages(work)],
        });
        const { publisher } = setup.server;
        for (let i = 0; i < waitingMessages; i++)
          await publisher.publish(destination.replace('*', `${i}`), i);
        const client = await setup.connect();
        return () => client.send('SUBSCRIBE', { id: '1', destination });
      },
      waitingMessages,
    ),
  ),
];

const validation: Case = {
  fault: 'A6',
  name: 'long-list-of-invalid-items',
  title: 'Validation stops after at most 1,000 invalid items of a list',
  ...bothLanguages,
  async run(setup) {
    let checks = 0;
    @ValidatorConstraint()
    class Counted {
      validate() {
        checks++;
        return false;
      }
    }
    class Item {
      @Validate(Counted)
      name!: string;
    }
    class Order {
      @ValidateNested({ each: true })
      @Type(() => Item)
      items!: Item[];
    }
    @Controller()
    class OrderController {
      @MessageMapping('/orders')
      order(@Payload(Order) _order: Order) {}
    }
    await setup.start({ controllers: [OrderController] });
    const client = await setup.connect({ problems: true });
    const body = JSON.stringify({ items: Array.from({ length: 5000 }, () => ({})) });
    client.send('SEND', { destination: '/app/orders' }, body);
    await setup.settle();
    expectEqual(
      'the problems',
      problemsOf(client).map(({ code }) => code),
      ['payload-invalid'],
    );
    expectThat(checks <= 1000, `${checks} items were validated.`);
  },
};

/** Sends frames to a handler that takes 1 s for each of `count` messages; the session must stay open until the last one. */
function slowHandlerCase(
  name: string,
  title: string,
  write: (client: StompClient, setup: Setup, count: number) => void,
): Case {
  return {
    fault: 'A7',
    name,
    title,
    ...everywhere,
    async run(setup) {
      const clock = testClock();
      let started = 0;
      let done = 0;
      @Controller()
      class SlowController {
        @MessageMapping('/slow')
        slow() {
          started++;
          return new Promise<void>((resolve) => {
            clock.after(1000, () => {
              done++;
              resolve();
            });
          });
        }
      }
      await setup.start({ controllers: [SlowController], clock });
      const client = await setup.connect();
      const count = 66;
      write(client, setup, count);
      await setup.until(() => started > 0, 'No handler was called.');
      for (let i = 0; i < 2 * count && done < count && client.end === undefined; i++) {
        await clock.advance(1000);
        await turns(2);
      }
      expectEqual('the number of frames processed', done, count);
      await expectEnd(setup, client, 'open');
    },
  };
}

const slowHandlers: readonly Case[] = [
  slowHandlerCase(
    'frames-wait-for-a-slow-handler',
    'A session whose handler takes 1 s for each of 66 frames is not closed',
    (client, setup, count) => {
      const frame = client.format.text('SEND', { destination: '/app/slow' });
      // One write, which a stream delivers at once; one JSON message cannot hold more than one frame.
      if (setup.protocol === 'json') for (let i = 0; i < count; i++) client.write(frame);
      else client.write(frame.repeat(count));
    },
  ),
  slowHandlerCase(
    'frames-wait-for-a-long-commit',
    'A session is not closed while a COMMIT calls a handler that takes 1 s for each of 66 frames',
    (client, _setup, count) => {
      const transaction = 't';
      client.send('BEGIN', { transaction });
      for (let i = 0; i < count; i++)
        client.send('SEND', { destination: '/app/slow', transaction });
      client.send('COMMIT', { transaction });
      for (let i = 0; i < 100; i++) client.send('SEND', { destination: '/topic/none' });
    },
  ),
];

export const limits: readonly Case[] = [
  patternMemory,
  patternTime,
  sharedBodies,
  acknowledgingSubscriber,
  unreadQueues,
  unreadQueue,
  handlerResults,
  patternShapes,
  sessionQueues,
  retainedMessages,
  retainedForSubscriptions,
  largePrefetch,
  queueNames,
  durableSubscriptions,
  idempotencyKeys,
  ...sessionLimits,
  heldReceipts,
  heldByOneUser,
  lostMessages,
  emptyHeaders,
  keptChunk,
  subscriptionHeaders,
  keySizes,
  fairTurns,
  ...longWorks,
  validation,
  ...slowHandlers,
];
