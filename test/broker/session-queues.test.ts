// The queues of one session, apart from a server.
import { describe, expect, it } from 'vitest';
import { publicationOf } from '../../src/broker/publication.js';
import { SessionQueues, sessionQueueMemory } from '../../src/broker/session-queues.js';
import { defaultQueueOptions } from '../../src/broker/embedded/queue/queue-memory.js';
import { systemClock } from '../../src/message/clock.js';
import { silentLogger } from '../../src/message/logger.js';
import { noHeaders } from '../../src/message/message.js';

const publication = (id: string) =>
  publicationOf(
    { destination: '/user/queue/x', headers: noHeaders, body: new Uint8Array() },
    { clock: systemClock, ids: { message: () => id } },
  );

describe('the queues of a session', () => {
  it('deliver a message that a delivery publishes behind the message that is being delivered', () => {
    const delivered: string[] = [];
    const queues = new SessionQueues(
      {
        id: 's',
        busy: false,
        gone: false,
        deliver: ({ id }, { id: message }) => {
          if (delivered.length === 0) queues.publish('/queue/x', publication('second'));
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
    queues.publish('/queue/x', publication('first'));
    expect(delivered).toEqual([
      'auto first',
      'acknowledged first',
      'auto second',
      'acknowledged second',
    ]);
    queues.close();
  });
});
