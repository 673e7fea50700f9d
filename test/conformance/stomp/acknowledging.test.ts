// STOMP requirements 48 to 63: ACK, NACK and transactions.
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type StompClient,
  type StompFrame,
  type StompHeaders,
  type StompVersion,
} from '../../clients/stomp.js';
import type { RawServer } from '../../clients/server.js';
import { since11, testRequirements, type Requirement } from './requirement.js';

const queue = '/queue/x';
const topic = '/topic/x';

/** The headers by which ACK and NACK name a delivery in each version. */
function deliveryHeaders({ headers }: StompFrame, version: StompVersion): StompHeaders {
  const byVersion = {
    '1.0': { 'message-id': headers['message-id'] },
    '1.1': { 'message-id': headers['message-id'], subscription: headers['subscription'] },
    '1.2': { id: headers['ack'] },
  };
  return byVersion[version];
}

/** A consumer with three messages that it has not acknowledged. */
async function consumer(context: RawServer, version: StompVersion, ack: string) {
  const client = await context.subscriber(version, queue, { ack });
  for (const text of ['1', '2', '3']) client.publish(queue, {}, text);
  const held = [];
  for (let i = 0; i < 3; i++) held.push(await client.expect('MESSAGE'));
  return { client, held };
}

/** Disconnects the consumer, and returns the messages that remain in the queue. */
async function remaining(
  context: RawServer,
  version: StompVersion,
  client: StompClient,
  count: number,
) {
  await client.request('DISCONNECT');
  await client.expectEnd();
  const other = await context.connect(version);
  other.send('SUBSCRIBE', { id: 's', destination: queue });
  const texts = await other.texts(count);
  await other.expectNone();
  await other.request('DISCONNECT');
  return texts;
}

/** @param wrong headers that make the name of a delivery invalid */
function acknowledges(
  version: StompVersion,
  wrong: readonly StompHeaders[],
): NonNullable<Requirement['check']> {
  return async (context) => {
    const { client, held } = await consumer(context, version, 'client');
    await client.request('ACK', deliveryHeaders(held[2]!, version));
    deepEqual(await remaining(context, version, client, 0), []);
    for (const headers of wrong) {
      const other = await context.subscriber(version, topic, { ack: 'client' });
      await other.request('SUBSCRIBE', { id: 'other', destination: '/topic/other' });
      other.publish(topic);
      const delivery = await other.expect('MESSAGE');
      other.send('ACK', { ...deliveryHeaders(delivery, version), ...headers });
      await other.expectError();
    }
  };
}

testRequirements('ACK, NACK and transactions', [
  {
    number: 48,
    rule: 'In 1.2, ACK names the ack header of its MESSAGE.',
    versions: ['1.2'],
    check: acknowledges('1.2', [{ id: undefined }, { id: 'other' }]),
  },
  {
    number: 49,
    rule: 'In 1.1, ACK names message-id and subscription.',
    versions: ['1.1'],
    check: acknowledges('1.1', [
      { 'message-id': undefined },
      { subscription: undefined },
      { subscription: 'other' },
    ]),
  },
  {
    number: 50,
    rule: 'In 1.0, ACK names the message-id, which is unique for each delivery.',
    versions: ['1.0'],
    async check(context, version) {
      await acknowledges('1.0', [{ 'message-id': undefined }])(context, version);
      const client = await context.subscriber(version, topic, { ack: 'client' });
      await client.request('SUBSCRIBE', { id: 'twice', destination: topic, ack: 'client' });
      client.publish(topic);
      const ids = [await client.expect('MESSAGE'), await client.expect('MESSAGE')].map(
        ({ headers }) => headers['message-id'],
      );
      equal(new Set(ids).size, 2);
    },
  },
  {
    number: 51,
    rule: 'MESSAGE has an ack header if its subscription uses acknowledgement.',
    versions: ['1.2'],
    async check(context) {
      const client = await context.subscriber('1.2', topic, { ack: 'client' });
      await client.request('SUBSCRIBE', { id: 'auto', destination: topic });
      client.publish(topic);
      for (let i = 0; i < 2; i++) {
        const { headers } = await client.expect('MESSAGE');
        equal(headers['ack'] === undefined, headers['subscription'] === 'auto');
      }
    },
  },
  {
    number: 52,
    rule: 'In mode client, ACK acknowledges all earlier messages of the subscription.',
    async check(context, version) {
      const other = '/queue/other';
      const client = await context.subscriber(version, queue, { ack: 'client' });
      await client.request('SUBSCRIBE', { id: 'other', destination: other, ack: 'client' });
      const held = [];
      for (const [destination, text] of [
        [queue, '1'],
        [other, 'apart'],
        [queue, '2'],
        [queue, '3'],
      ] as const) {
        client.publish(destination, {}, text);
        held.push(await client.expect('MESSAGE'));
      }
      await client.request('ACK', deliveryHeaders(held[2]!, version));
      deepEqual(await remaining(context, version, client, 1), ['3']);
      const reader = await context.connect(version);
      reader.send('SUBSCRIBE', { id: 's', destination: other });
      deepEqual(await reader.texts(1), ['apart']);
    },
  },
  {
    number: 53,
    rule: 'In mode client-individual, ACK acknowledges one message.',
    versions: since11,
    async check(context, version) {
      const { client, held } = await consumer(context, version, 'client-individual');
      await client.request('ACK', deliveryHeaders(held[1]!, version));
      deepEqual(await remaining(context, version, client, 2), ['1', '3']);
    },
  },
  {
    number: 54,
    rule: 'A message rejected by NACK is redelivered with a count. 1.0 has no NACK.',
    async check(context, version) {
      const { client, held } = await consumer(context, version, 'client');
      client.send('NACK', deliveryHeaders(held[0]!, version));
      if (version === '1.0') return void (await client.expectError());
      const { headers, body } = await client.expect('MESSAGE');
      deepEqual([headers['redelivered'], headers['delivery-count'], body], ['true', '2', '1']);
    },
  },
  {
    number: 55,
    rule: 'ACK in a transaction takes effect at COMMIT.',
    async check(context, version) {
      for (const end of ['COMMIT', 'ABORT']) {
        const { client, held } = await consumer(context, version, 'client');
        await client.request('BEGIN', { transaction: 't' });
        await client.request('ACK', { ...deliveryHeaders(held[2]!, version), transaction: 't' });
        await client.request(end, { transaction: 't' });
        const left = end === 'COMMIT' ? [] : ['1', '2', '3'];
        deepEqual(await remaining(context, version, client, left.length), left);
      }
    },
  },
  {
    number: 56,
    rule: 'A late or repeated ACK is ignored. ACK of a message that was never delivered is an error.',
    async check(context, version) {
      const { client, held } = await consumer(context, version, 'client');
      await client.request('ACK', deliveryHeaders(held[2]!, version));
      await client.request('ACK', deliveryHeaders(held[2]!, version));
      await client.request('ACK', deliveryHeaders(held[0]!, version));
      await client.request('UNSUBSCRIBE', { id: 's' });
      await client.request('ACK', deliveryHeaders(held[1]!, version));
      client.send('ACK', { id: 'unknown', 'message-id': 'unknown', subscription: 's' });
      await client.expectError();
    },
  },
  {
    number: 57,
    rule: 'A subscription receives no more messages than its prefetch-count without ACK.',
    async check(context, version) {
      const client = await context.subscriber(version, queue, {
        ack: 'client',
        'prefetch-count': 2,
      });
      for (const text of ['1', '2', '3']) client.publish(queue, {}, text);
      await client.expect('MESSAGE');
      const second = await client.expect('MESSAGE');
      await client.expectNone();
      client.send('ACK', deliveryHeaders(second, version));
      deepEqual(await client.texts(1), ['3']);
    },
  },
  {
    number: 58,
    rule: 'BEGIN, COMMIT and ABORT need a transaction.',
    async check(context, version) {
      for (const command of ['BEGIN', 'COMMIT', 'ABORT']) {
        const client = await context.connect(version);
        client.send(command);
        await client.expectError();
      }
    },
  },
  {
    number: 59,
    rule: 'BEGIN of an open transaction is an error.',
    async check(context, version) {
      const client = await context.connect(version);
      await client.request('BEGIN', { transaction: 't' });
      client.send('BEGIN', { transaction: 't' });
      await client.expectError();
    },
  },
  {
    number: 60,
    rule: 'COMMIT and ABORT of an unknown transaction are errors.',
    async check(context, version) {
      for (const command of ['COMMIT', 'ABORT']) {
        const client = await context.connect(version);
        client.send(command, { transaction: 'unknown' });
        await client.expectError();
      }
    },
  },
  {
    number: 61,
    rule: 'COMMIT delivers all messages at once and in order. ABORT delivers none.',
    async check(context, version) {
      const reader = await context.subscriber(version, topic);
      const client = await context.connect(version);
      await client.request('BEGIN', { transaction: 't' });
      for (const text of ['1', '2', '3']) client.publish(topic, { transaction: 't' }, text);
      client.publish(topic, {}, 'before');
      await client.request('COMMIT', { transaction: 't' });
      await client.request('BEGIN', { transaction: 'u' });
      client.publish(topic, { transaction: 'u' }, 'never');
      await client.request('ABORT', { transaction: 'u' });
      deepEqual(await reader.texts(4), ['before', '1', '2', '3']);
      await reader.expectNone();
    },
  },
  {
    number: 62,
    rule: 'Transactions are aborted when their connection ends.',
    async check(context, version) {
      const reader = await context.subscriber(version, topic);
      for (const disconnects of [true, false]) {
        const client = await context.connect(version);
        await client.request('BEGIN', { transaction: 't' });
        await client.request('SEND', { destination: topic, transaction: 't' }, 'never');
        const ended = new Promise((resolve) => context.server.events.on('disconnected', resolve));
        if (disconnects) await client.request('DISCONNECT');
        else client.connection.vanish();
        await ended;
      }
      await reader.expectNone();
    },
  },
  {
    number: 63,
    rule: 'Each connection has its own transaction names, and may have several transactions open.',
    async check(context, version) {
      const reader = await context.subscriber(version, topic);
      const [one, other] = [await context.connect(version), await context.connect(version)];
      for (const client of [one, other]) await client.request('BEGIN', { transaction: 't' });
      await one.request('BEGIN', { transaction: 'u' });
      one.publish(topic, { transaction: 'u' }, 'second');
      one.publish(topic, { transaction: 't' }, 'first');
      await one.request('COMMIT', { transaction: 't' });
      await one.request('COMMIT', { transaction: 'u' });
      await other.request('ABORT', { transaction: 't' });
      deepEqual(await reader.texts(2), ['first', 'second']);
      ok(context.server.sessions.size === 3);
    },
  },
]);
