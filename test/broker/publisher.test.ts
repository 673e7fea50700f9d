// The publisher: values become publications, each at the address of its target.
import { describe, expect, it } from 'vitest';
import { DestinationResolver } from '../../src/broker/destination-resolver.js';
import { BrokerPublisher, type PublicationHook } from '../../src/broker/publisher.js';
import { ReplyAddresses, ReplyDirectory } from '../../src/broker/reply-addresses.js';
import { MessagingError } from '../../src/message/error.js';
import { silentLogger } from '../../src/message/logger.js';
import { noHeaders, type Message } from '../../src/message/message.js';
import type { Target } from '../../src/message/target.js';
import { defaultDestinationLimits } from '../../src/pattern/destination-limits.js';
import { Payloads } from '../../src/payload/converter.js';
import { defaultConverters } from '../../src/server/defaults.js';
import { sequentialIds } from '../../src/testing/sequential-ids.js';
import { testClock } from '../../src/testing/test-clock.js';
import { fakeSubscriber, subscribeFrame } from './fake-subscriber.js';

/** All parts fit into one turn. */
const nextPart = () => {};

function publisher(onPublication?: PublicationHook, log: string[] = []) {
  const s1 = fakeSubscriber();
  const s2 = fakeSubscriber();
  const replies = new ReplyDirectory();
  const subscribers = new Map([
    ['s1', s1.subject],
    ['s2', s2.subject],
  ]);
  const subject = new BrokerPublisher({
    broker: s1.broker,
    context: {
      ids: sequentialIds(),
      clock: testClock(),
      logger: { ...silentLogger, warn: (text) => void log.push(text) },
      separator: '/',
      shares: 1,
    },
    payloads: new Payloads(defaultConverters),
    resolver: new DestinationResolver(
      { application: ['/app'], broker: ['/topic'], user: '/user' },
      '/',
      defaultDestinationLimits,
    ),
    users: { sessionsOf: (user) => (user === 'ann' ? ['s1', 's2'] : []) },
    replies,
    subscriberOf: (session) => subscribers.get(session),
    onPublication,
    usual: ['/queue', '/exchange'],
  });
  subject.open();
  return { subject, replies, s1, s2, published: s1.published };
}

const summary = ({ destination, headers, body }: Message) => [
  destination,
  headers.get('content-type'),
  Buffer.from(body).toString(),
];

async function withQueues(onPublication?: PublicationHook) {
  const parts = publisher(onPublication);
  for (const { subject } of [parts.s1, parts.s2]) {
    const address = { kind: 'session', session: 's', queue: '/queue/x' } as const;
    await subject.subscribe(subscribeFrame('1', '/user/queue/x'), address);
  }
  return parts;
}

describe('the publisher', () => {
  it('rejects messages to every kind of address before it is opened and after it is closed', async () => {
    const { subject } = publisher();
    subject.close();
    const unavailable = { code: 'broker-unavailable' };
    await expect(subject.publish('/topic/x', 1)).rejects.toMatchObject(unavailable);
    await expect(subject.publish('/user/ann/queue/x', 1)).rejects.toMatchObject(unavailable);
    await expect(subject.publish('/reply-queue/x', 1)).rejects.toMatchObject(unavailable);
    await expect(subject.publishToUser('ann', '/queue/x', 1)).rejects.toMatchObject(unavailable);
    await expect(subject.publishToSession('s1', '/queue/x', 1)).rejects.toMatchObject(unavailable);
  });

  it('writes a value by its type', async () => {
    const { subject, published } = publisher();
    await subject.publish('/topic/x', { a: 1 });
    await subject.publish('/topic/x', 'text');
    await subject.publish('/topic/x', Buffer.from('bytes'));
    expect(published.map(({ message }) => summary(message))).toEqual([
      ['/topic/x', 'application/json', '{"a":1}'],
      ['/topic/x', 'text/plain;charset=UTF-8', 'text'],
      ['/topic/x', 'application/octet-stream', 'bytes'],
    ]);
  });

  it('makes publications with an id, the time, and the session and account of the sender', () => {
    const { subject } = publisher();
    const message = { destination: '/topic/x', headers: noHeaders, body: Buffer.from('x') };
    const address = { kind: 'broker', destination: '/topic/x' } as const;
    expect(subject.address(message, address, { origin: 's9', account: 'user ann' })).toEqual({
      address,
      publication: {
        id: 'message-1',
        message,
        origin: 's9',
        account: 'user ann',
        publishedAt: Date.UTC(2000, 0, 1),
      },
    });
  });

  it('reaches every session of a user, by method or by destination, and one session', async () => {
    const { subject, s1, s2, published } = await withQueues();
    await subject.publishToUser('ann', '/queue/x', 1);
    await subject.publish('/user/ann/queue/x', 2);
    await subject.publishToSession('s2', 'queue/x', 3);
    await subject.publishToUser('bob', '/queue/x', 4);
    await subject.publishToSession('gone', '/queue/x', 5);
    expect([s1.texts(), s2.texts(), published]).toEqual([['1', '2'], ['1', '2', '3'], []]);
  });

  it('shows a message of a session queue under the name that clients know, once for all sessions', async () => {
    const { subject, s1, s2 } = await withQueues();
    await subject.publishToUser('ann', '/queue/x', 1);
    expect(s1.sent).toMatchObject([{ message: { destination: '/user/queue/x' } }]);
    expect(s2.sent).toEqual(s1.sent);
  });

  it('answers to a reply address while its session lives', async () => {
    const { subject, replies, s2 } = await withQueues();
    const own = new ReplyAddresses(replies, { reply: () => 'id' }, 8);
    const queue = { kind: 'session', session: 's2', queue: '/queue/x' } as const;
    const destination = own.destinationOf(queue);
    await subject.publish(destination, 'yes');
    own.clear();
    await subject.publish(destination, 'no');
    expect(s2.texts()).toEqual(['yes']);
  });

  it('answers one subscription without the broker, unless its session has ended', async () => {
    const { subject, published, s1 } = publisher();
    const answer = { kind: 'subscription', subscription: '7', destination: '/app/x' } as const;
    s1.subject.open(subscribeFrame('7', '/app/x'));
    await subject.publishTo([{ ...answer, session: 's1' }], 'hi');
    await subject.publishTo([{ ...answer, session: 's1', subscription: 'unknown' }], 'hi');
    await subject.publishTo([{ ...answer, session: 's1' }], 'hi', undefined, AbortSignal.abort());
    await subject.publishTo([{ ...answer, session: 'gone' }], 'hi');
    expect(published).toEqual([]);
    expect(s1.sent).toMatchObject([
      { kind: 'message', subscription: '7', message: { destination: '/app/x' } },
    ]);
  });

  it('sends the message of a client through the connection of the client', async () => {
    const { subject, s2, published } = publisher();
    const message = { destination: '/topic/x', headers: noHeaders, body: Buffer.from('x') };
    const address = { kind: 'broker', destination: '/topic/x' } as const;
    await subject.send(subject.address(message, address, { origin: 's2' }), s2.subject);
    expect([published, s2.published.map((each) => each.message)]).toEqual([[], [message]]);
  });

  it('publishes the messages of a transaction to session queues after the broker has committed', async () => {
    const { subject, s1 } = await withQueues();
    const targets = [
      { kind: 'destination', destination: '/topic/x' },
      { kind: 'session', session: 's1', destination: '/queue/x' },
    ] as const;
    const steps = subject.compose(targets, 'a').map((each) => ({ kind: 'send', ...each }) as const);
    s1.state.refusesCommit = new MessagingError('queue-full');
    await expect(subject.commit(steps, s1.subject, nextPart)).rejects.toThrow(
      s1.state.refusesCommit,
    );
    expect(s1.texts()).toEqual([]);
    s1.state.refusesCommit = undefined;
    await subject.commit(steps, s1.subject, nextPart);
    expect([s1.texts(), s1.published.length]).toEqual([['a'], 1]);
  });

  it('publishes the messages of a transaction to each session in their order, also by the name of its user', async () => {
    const { subject, s1, s2 } = await withQueues();
    const steps = [
      { kind: 'user', user: 'ann', destination: '/queue/x' },
      { kind: 'session', session: 's2', destination: '/queue/x' },
      { kind: 'session', session: 'gone', destination: '/queue/x' },
      { kind: 'user', user: 'ann', destination: '/queue/x' },
    ] as const;
    const sends = steps.flatMap((target, i) => subject.compose([target], i));
    await subject.commit(
      sends.map((each) => ({ kind: 'send', ...each })),
      s1.subject,
      nextPart,
    );
    expect([s1.texts(), s2.texts()]).toEqual([
      ['0', '3'],
      ['0', '1', '3'],
    ]);
  });

  it.each(['topic/x', '/app/x', '/nowhere'])(
    'a destination that cannot have subscribers is refused with its fix: %s',
    async (destination) => {
      await expect(publisher().subject.publish(destination, 1)).rejects.toThrow(
        `'${destination}' cannot have subscribers; begin it with /topic or /user.`,
      );
    },
  );

  it.each([
    ['publication-invalid', '/nowhere', 1, {}],
    ['publication-invalid', '/app/x', 1, {}],
    ['payload-unwritable', '/topic/x', () => {}, {}],
    ['publication-invalid', '/topic/x', 1, { headers: { a: 'b\0c' } }],
    ['publication-invalid', '/topic/x', 1, { headers: { a: 1 as unknown as string } }],
    ['publication-invalid', '/topic/x', 1, { headers: new Map([['a', 'b\0c']]) }],
    ['publication-invalid', '/topic/x', 1, { headers: new Map([[1, 'a']]) as never }],
    ['publication-invalid', '/topic/x', 1, { headers: null as never }],
    ['publication-invalid', '/topic/x', 1, { headers: 'a:b' as never }],
    ['publication-invalid', '/topic/x', 1, { headers: [['a', 'b']] as never }],
    ['publication-invalid', '/topic/x', 1, { headers: new Set(['a']) as never }],
    [
      'publication-invalid',
      '/topic/x',
      1,
      { headers: new globalThis.Headers({ a: 'b' }) as never },
    ],
    ['publication-invalid', '', 1, {}],
    ['publication-invalid', undefined as never, 1, {}],
    ['publication-invalid', null as never, 1, {}],
    ['publication-invalid', '/topic/a\0b', 1, {}],
    ['publication-invalid', '/topic/a\nb', 1, {}],
    ['publication-invalid', '/topic/a\rb', 1, {}],
    ['publication-invalid', '/user/joe', 1, {}],
    ['publication-invalid', '/topic/x', 1, { header: { a: 'b' } } as never],
    ['publication-invalid', '/topic/x', 1, 'a:b' as never],
    ['publication-invalid', '/topic/x', 1, null as never],
  ])('refuses with %s: %s', async (code, destination, value, options) => {
    const { subject, published } = publisher();
    await expect(subject.publish(destination, value, options)).rejects.toMatchObject({ code });
    expect(published).toEqual([]);
  });
});

it('headers of a publication are an object or a map', async () => {
  const { subject, published } = publisher();
  await subject.publish('/topic/x', 1, { headers: { a: '1' } });
  await subject.publish('/topic/x', 1, { headers: new Map([['a', '1']]) });
  expect(published.map(({ message }) => message.headers.get('a'))).toEqual(['1', '1']);
});

it.each([{ a: 'b\0c' }, { a: 1 }, 'a:b'])(
  'headers of a result are checked as those of a publication: %o',
  (headers) => {
    const { subject } = publisher();
    const target = { kind: 'destination', destination: '/topic/x', headers } as never;
    const invalid = expect.objectContaining({ code: 'publication-invalid' });
    expect(() => subject.publishTo([target], 1)).toThrow(invalid);
    expect(() => subject.compose([target], 1)).toThrow(invalid);
  },
);

it('an unknown option of a publication is refused, and the error names the known one', async () => {
  const options = { header: { a: 'b' } } as never;
  await expect(publisher().subject.publish('/topic/x', 1, options)).rejects.toThrow(
    "The option 'header' is unknown; the nearest known one is 'headers'.",
  );
});

describe('a user, session or queue without a name', () => {
  const names = ['', undefined, null, 3, { name: 'ann' }] as unknown as readonly string[];

  it.each(names)('is refused: %s', async (name) => {
    const { subject } = publisher();
    const invalid = { code: 'publication-invalid' };
    const rejects = (publishing: Promise<void>) =>
      expect(publishing).rejects.toMatchObject(invalid);
    await rejects(subject.publishToUser(name, '/queue/x', 1));
    await rejects(subject.publishToUser('ann', name, 1));
    await rejects(subject.publishToSession(name, '/queue/x', 1));
    await rejects(subject.publishToSession('s1', name, 1));
  });

  it.each<Target>([
    { kind: 'user', user: undefined as never, destination: '/queue/x' },
    { kind: 'user', user: 'ann', destination: '' },
    { kind: 'session', session: '', destination: '/queue/x' },
    { kind: 'destination', destination: undefined as never },
  ])('is refused as the target of a result: %o', (target) => {
    const { subject } = publisher();
    const invalid = expect.objectContaining({ code: 'publication-invalid' });
    expect(() => subject.publishTo([target], 1)).toThrow(invalid);
    expect(() => subject.compose([target], 1)).toThrow(invalid);
  });

  it('is refused with a NUL or a line end', async () => {
    const { subject } = publisher();
    for (const name of ['/queue/a\0', '/queue/a\n', '/queue/a\r']) {
      const invalid = { code: 'publication-invalid' };
      await expect(subject.publishToUser('ann', name, 1)).rejects.toMatchObject(invalid);
      await expect(subject.publishToSession('s1', name, 1)).rejects.toMatchObject(invalid);
    }
  });

  it('is named in the error', async () => {
    await expect(publisher().subject.publishToUser('', '/queue/x', 1)).rejects.toThrow(
      "The user of a published message must be a string that is not empty, unlike ''.",
    );
  });
});

describe('a destination that the queue of a user usually does not have', () => {
  it('is logged once for each prefix', async () => {
    const log: string[] = [];
    const { subject } = publisher(undefined, log);
    await subject.publishToUser('ann', '/queue/x', 1);
    await subject.publishToUser('ann', '/exchange/x', 1);
    expect(log).toEqual([]);
    await subject.publishToUser('ann', '/topic/x', 1);
    await subject.publishToSession('s1', 'topic/y', 1);
    await subject.publishTo([{ kind: 'user', user: 'ann', destination: '/user/queue/x' }], 1);
    expect(log).toEqual([
      "A message for a user or session was published to '/topic/x'. Only clients that have subscribed to '/user/topic/x' receive it. Use a destination such as '/queue/x', or publish() for a topic.",
      "A message for a user or session was published to '/user/queue/x'. Only clients that have subscribed to '/user/user/queue/x' receive it. Use a destination such as '/queue/x', or publish() for a topic.",
    ]);
  });

  it.each(['x', '/foo/x', '/ueue/x', '/queues/x', '/queue'])(
    'is logged: %s',
    async (destination) => {
      const log: string[] = [];
      const { subject } = publisher(undefined, log);
      await subject.publishToUser('ann', destination, 1);
      await subject.publishToUser('ann', destination, 2);
      expect(log).toEqual([expect.stringContaining('was published to')]);
    },
  );

  it('is logged for a limited number of prefixes', async () => {
    const log: string[] = [];
    const { subject } = publisher(undefined, log);
    for (let i = 0; i < 100; i++) await subject.publishToUser('ann', `/${i}/x`, 1);
    expect(log).toHaveLength(20);
  });
});

describe('the publication hook', () => {
  it('sees begin and end of each publication, and why the broker refused one', async () => {
    const seen: unknown[] = [];
    const { subject, s1 } = await withQueues((publication, address) => {
      seen.push([publication.message.destination, address.kind]);
      return (refusal) => void seen.push(refusal ?? 'accepted');
    });
    await subject.publish('/topic/x', 1);
    await subject.publishToSession('s1', '/queue/x', 2);
    const refusal = new MessagingError('queue-full');
    s1.broker.publish = () => Promise.reject(refusal);
    await expect(subject.publish('/topic/x', 3)).rejects.toBe(refusal);
    s1.broker.publish = () => {
      throw refusal;
    };
    await expect(subject.publish('/topic/x', 4)).rejects.toBe(refusal);
    expect(seen).toEqual([
      ['/topic/x', 'broker'],
      'accepted',
      ['/user/queue/x', 'session'],
      'accepted',
      ['/topic/x', 'broker'],
      refusal,
      ['/topic/x', 'broker'],
      refusal,
    ]);
  });

  it('sees messages that no session receives, with the address of the user or of the answer', async () => {
    const seen: unknown[] = [];
    const { subject, s1 } = await withQueues((publication, address) => {
      seen.push([publication.message.destination, address]);
      return undefined;
    });
    await subject.publishToUser('bob', '/queue/x', 1);
    await subject.publish('/user/bob/queue/x', 2);
    await subject.publish('/reply-queue/gone', 3);
    const target = { kind: 'user', user: 'bob', destination: '/queue/x' } as const;
    const steps = subject.compose([target], 4).map((each) => ({ kind: 'send', ...each }) as const);
    await subject.commit(steps, s1.subject, nextPart);
    const bob = ['/user/queue/x', { kind: 'user', user: 'bob', queue: '/queue/x' }];
    const answer = ['/reply-queue/gone', { kind: 'reply', id: 'gone' }];
    expect(seen).toEqual([bob, bob, answer, bob]);
    expect([s1.texts(), s1.published]).toEqual([[], []]);
  });
});
