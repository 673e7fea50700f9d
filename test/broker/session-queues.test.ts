// The queues of one session, apart from a server.
import { describe, expect, it, vi } from 'vitest';
import { publicationOf } from '../../src/broker/publication.js';
import { SessionQueues, sessionQueueMemory } from '../../src/broker/session-queues.js';
import type { QueuedMessage } from '../../src/broker/embedded/queue/message-list.js';
import type { Subscriber } from '../../src/broker/broker.js';
import {
  defaultQueueOptions,
  type QueueMemory,
} from '../../src/broker/embedded/queue/queue-memory.js';
import { systemClock, type NextPart } from '../../src/message/clock.js';
import { silentLogger } from '../../src/message/logger.js';
import { noHeaders } from '../../src/message/message.js';

const publication = (id: string) =>
  publicationOf(
    { destination: '/user/queue/x', headers: noHeaders, body: new Uint8Array() },
    { clock: systemClock, ids: { message: () => id } },
  );

/** The queues of a session with a subscription of `/queue/x`, and the ids of the messages that were delivered. */
function stage() {
  const delivered: string[] = [];
  const queues = new SessionQueues(
    {
      id: 's',
      busy: false,
      gone: false,
      deliver: (_subscription, { id }) => (delivered.push(id), true),
      room: () => Promise.resolve(),
      fail: () => {},
    },
    sessionQueueMemory(systemClock, silentLogger, defaultQueueOptions, 1),
  );
  queues.subscribe({ id: '1', ack: 'auto', destination: '/queue/x', headers: noHeaders });
  const publish = (id: string) => queues.publish('/queue/x', publication(id));
  const publishTogether = (ids: readonly string[], nextPart: NextPart) =>
    queues.publishTogether(
      ids.map((id) => ({
        address: { kind: 'session', session: 's', queue: '/queue/x' },
        publication: publication(id),
      })),
      nextPart,
    );
  return { delivered, publish, publishTogether };
}

/** Each part waits for a later turn. */
const laterTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the messages of a transaction in the queues of a session', () => {
  it('are delivered in several turns, and other messages wait for the last one', async () => {
    const { delivered, publish, publishTogether } = stage();
    const transaction = publishTogether(['1', '2', '3'], laterTurn);
    expect(delivered).toEqual([]);
    const other = publish('other');
    expect(other).toBeInstanceOf(Promise);
    await other;
    expect(delivered).toEqual(['1', '2', '3', 'other']);
    await transaction;
    expect(publish('later')).toBeUndefined();
  });

  it('are delivered after those of an earlier transaction', async () => {
    const { delivered, publishTogether } = stage();
    await Promise.all([
      publishTogether(['a1', 'a2'], laterTurn),
      publishTogether(['b1', 'b2'], laterTurn),
      publishTogether(['c1'], laterTurn),
    ]);
    expect(delivered).toEqual(['a1', 'a2', 'b1', 'b2', 'c1']);
  });

  it('are delivered at once when they need little time', async () => {
    const { delivered, publish, publishTogether } = stage();
    const transaction = publishTogether(['1', '2'], () => {});
    expect(delivered).toEqual(['1', '2']);
    expect(publish('other')).toBeUndefined();
    await transaction;
  });
});

describe('the queues of a session', () => {
  it('deliver a message that a delivery publishes behind the message that is being delivered', () => {
    const delivered: string[] = [];
    const queues = new SessionQueues(
      {
        id: 's',
        busy: false,
        gone: false,
        deliver: ({ id }, { id: message }) => {
          if (delivered.length === 0) void queues.publish('/queue/x', publication('second'));
          delivered.push(`${id} ${message}`);
          return true;
        },
        room: () => Promise.resolve(),
        fail: () => {},
      },
      sessionQueueMemory(systemClock, silentLogger, defaultQueueOptions, 1),
    );
    for (const [id, ack] of [
      ['auto', 'auto'],
      ['acknowledged', 'client'],
    ] as const)
      queues.subscribe({ id, ack, destination: '/queue/x', headers: noHeaders });
    void queues.publish('/queue/x', publication('first'));
    expect(delivered).toEqual([
      'auto first',
      'acknowledged first',
      'auto second',
      'acknowledged second',
    ]);
    queues.close();
  });
});

it('messages of session queues that are lost are logged once a minute', () => {
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (text: string) => void errors.push(text) };
  const { parts } = sessionQueueMemory(systemClock, logger, defaultQueueOptions, 1);
  const messages = Array.from(
    { length: 1000 },
    () => ({ publication: publication('lost') }) as QueuedMessage,
  );
  const release = vi.fn<(message: QueuedMessage) => void>();
  parts.deadLetters.add(messages, { release });
  expect([errors.length, release.mock.calls.length]).toEqual([1, 1000]);
});

describe('the memory of session queues', () => {
  /** A session that acknowledges nothing. */
  function session(memory: QueueMemory, account: string) {
    const failures: string[] = [];
    const subscriber: Subscriber = {
      id: account,
      account,
      busy: false,
      gone: false,
      deliver: () => true,
      room: () => Promise.resolve(),
      fail: ({ code }) => void failures.push(code),
    };
    const queues = new SessionQueues(subscriber, memory);
    queues.subscribe({
      id: '1',
      ack: 'client',
      destination: '/queue/x',
      headers: new Map([['prefetch-count', '1']]),
    });
    return { queues, failures };
  }

  it('gives each user a share, and counts a message for all sessions of a user once', () => {
    const options = { ...defaultQueueOptions, maxTotalBytes: 3200 };
    const memory = sessionQueueMemory(systemClock, silentLogger, options, 8);
    const sessions = ['user ann', 'user ann', 'user bob'].map((each) => session(memory, each));
    const first = publication('first');
    for (const { queues } of sessions) void queues.publish('/queue/x', first);
    expect(sessions.flatMap(({ failures }) => failures)).toEqual([]);
    // A message counts 269 bytes of the 400 of a share.
    const second = publication('second');
    for (const { queues } of sessions.slice(0, 2)) void queues.publish('/queue/x', second);
    expect(sessions.map(({ failures }) => failures)).toEqual([
      ['slow-consumer'],
      ['slow-consumer'],
      [],
    ]);
  });
});
