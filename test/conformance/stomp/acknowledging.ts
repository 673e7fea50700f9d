// Lines 48 to 63: ACK, NACK and transactions.
import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Dialogue, Frame, SaidHeaders } from './dialogue.js';
import { frame } from './dialogue.js';
import { since11, type Line, type Version } from './line.js';
import type { Stage } from './stage.js';

const queue = '/queue/x';
const topic = '/topic/x';

/** By what a client of each version names a delivery. */
function named({ headers }: Frame, version: Version): SaidHeaders {
  const byVersion = {
    '1.0': { 'message-id': headers['message-id'] },
    '1.1': { 'message-id': headers['message-id'], subscription: headers['subscription'] },
    '1.2': { id: headers['ack'] },
  };
  return byVersion[version];
}

/** A consumer that holds three messages. */
async function holding(stage: Stage, version: Version, ack: string) {
  const client = await stage.subscriber(version, queue, { ack });
  for (const text of ['1', '2', '3']) client.send(queue, {}, text);
  const held = [];
  for (let i = 0; i < 3; i++) held.push(await client.next('MESSAGE'));
  return { client, held };
}

/** What is left when the consumer has gone. */
async function leftBy(stage: Stage, version: Version, client: Dialogue, count: number) {
  await client.ask('DISCONNECT');
  await client.ended();
  const other = await stage.connect(version);
  other.say(frame('SUBSCRIBE', { id: 's', destination: queue }));
  const texts = await other.texts(count);
  await other.nothing();
  await other.ask('DISCONNECT');
  return texts;
}

/** @param wrong what makes the name of a delivery one that is refused */
function acknowledges(version: Version, wrong: readonly SaidHeaders[]): NonNullable<Line['check']> {
  return async (stage) => {
    const { client, held } = await holding(stage, version, 'client');
    await client.ask('ACK', named(held[2]!, version));
    deepEqual(await leftBy(stage, version, client, 0), []);
    for (const headers of wrong) {
      const other = await stage.subscriber(version, topic, { ack: 'client' });
      await other.ask('SUBSCRIBE', { id: 'other', destination: '/topic/other' });
      other.send(topic);
      const delivery = await other.next('MESSAGE');
      other.say(frame('ACK', { ...named(delivery, version), ...headers }));
      await other.refused();
    }
  };
}

export const acknowledging: readonly Line[] = [
  {
    number: 48,
    what: 'in 1.2 an acknowledgement names the ack of its MESSAGE',
    versions: ['1.2'],
    check: acknowledges('1.2', [{ id: undefined }, { id: 'other' }]),
  },
  {
    number: 49,
    what: 'in 1.1 it names message-id and subscription',
    versions: ['1.1'],
    check: acknowledges('1.1', [
      { 'message-id': undefined },
      { subscription: undefined },
      { subscription: 'other' },
    ]),
  },
  {
    number: 50,
    what: 'in 1.0 it names the message-id, which is unique to the delivery',
    versions: ['1.0'],
    async check(stage, version) {
      await acknowledges('1.0', [{ 'message-id': undefined }])(stage, version);
      const client = await stage.subscriber(version, topic, { ack: 'client' });
      await client.ask('SUBSCRIBE', { id: 'twice', destination: topic, ack: 'client' });
      client.send(topic);
      const ids = [await client.next('MESSAGE'), await client.next('MESSAGE')].map(
        ({ headers }) => headers['message-id'],
      );
      equal(new Set(ids).size, 2);
    },
  },
  {
    number: 51,
    what: 'MESSAGE has an ack where its subscription asks for acknowledgement',
    versions: ['1.2'],
    async check(stage) {
      const client = await stage.subscriber('1.2', topic, { ack: 'client' });
      await client.ask('SUBSCRIBE', { id: 'auto', destination: topic });
      client.send(topic);
      for (let i = 0; i < 2; i++) {
        const { headers } = await client.next('MESSAGE');
        equal(headers['ack'] === undefined, headers['subscription'] === 'auto');
      }
    },
  },
  {
    number: 52,
    what: 'with client it settles all before it, of its subscription',
    async check(stage, version) {
      const other = '/queue/other';
      const client = await stage.subscriber(version, queue, { ack: 'client' });
      await client.ask('SUBSCRIBE', { id: 'other', destination: other, ack: 'client' });
      const held = [];
      for (const [destination, text] of [
        [queue, '1'],
        [other, 'apart'],
        [queue, '2'],
        [queue, '3'],
      ] as const) {
        client.send(destination, {}, text);
        held.push(await client.next('MESSAGE'));
      }
      await client.ask('ACK', named(held[2]!, version));
      deepEqual(await leftBy(stage, version, client, 1), ['3']);
      const reader = await stage.connect(version);
      reader.say(frame('SUBSCRIBE', { id: 's', destination: other }));
      deepEqual(await reader.texts(1), ['apart']);
    },
  },
  {
    number: 53,
    what: 'with client-individual it settles one message',
    versions: since11,
    async check(stage, version) {
      const { client, held } = await holding(stage, version, 'client-individual');
      await client.ask('ACK', named(held[1]!, version));
      deepEqual(await leftBy(stage, version, client, 2), ['1', '3']);
    },
  },
  {
    number: 54,
    what: 'what NACK refuses is delivered again, marked and counted; 1.0 knows no NACK',
    async check(stage, version) {
      const { client, held } = await holding(stage, version, 'client');
      client.say(frame('NACK', named(held[0]!, version)));
      if (version === '1.0') return void (await client.refused());
      const { headers, body } = await client.next('MESSAGE');
      deepEqual(
        [headers['redelivered'], headers['delivery-count'], body.toString()],
        ['true', '2', '1'],
      );
    },
  },
  {
    number: 55,
    what: 'with a transaction it takes effect at COMMIT',
    async check(stage, version) {
      for (const end of ['COMMIT', 'ABORT']) {
        const { client, held } = await holding(stage, version, 'client');
        await client.ask('BEGIN', { transaction: 't' });
        await client.ask('ACK', { ...named(held[2]!, version), transaction: 't' });
        await client.ask(end, { transaction: 't' });
        const left = end === 'COMMIT' ? [] : ['1', '2', '3'];
        deepEqual(await leftBy(stage, version, client, left.length), left);
      }
    },
  },
  {
    number: 56,
    what: 'one that comes late or twice is ignored, of what never was is an error',
    async check(stage, version) {
      const { client, held } = await holding(stage, version, 'client');
      await client.ask('ACK', named(held[2]!, version));
      await client.ask('ACK', named(held[2]!, version));
      await client.ask('ACK', named(held[0]!, version));
      await client.ask('UNSUBSCRIBE', { id: 's' });
      await client.ask('ACK', named(held[1]!, version));
      client.say(frame('ACK', { id: 'unknown', 'message-id': 'unknown', subscription: 's' }));
      await client.refused();
    },
  },
  {
    number: 57,
    what: 'beyond its window a subscription gets no further messages',
    async check(stage, version) {
      const client = await stage.subscriber(version, queue, { ack: 'client', 'prefetch-count': 2 });
      for (const text of ['1', '2', '3']) client.send(queue, {}, text);
      await client.next('MESSAGE');
      const second = await client.next('MESSAGE');
      await client.nothing();
      client.say(frame('ACK', named(second, version)));
      deepEqual(await client.texts(1), ['3']);
    },
  },
  {
    number: 58,
    what: 'BEGIN, COMMIT and ABORT need a transaction',
    async check(stage, version) {
      for (const command of ['BEGIN', 'COMMIT', 'ABORT']) {
        const client = await stage.connect(version);
        client.say(frame(command));
        await client.refused();
      }
    },
  },
  {
    number: 59,
    what: 'BEGIN of an open one is an error',
    async check(stage, version) {
      const client = await stage.connect(version);
      await client.ask('BEGIN', { transaction: 't' });
      client.say(frame('BEGIN', { transaction: 't' }));
      await client.refused();
    },
  },
  {
    number: 60,
    what: 'COMMIT and ABORT of an unknown one are errors',
    async check(stage, version) {
      for (const command of ['COMMIT', 'ABORT']) {
        const client = await stage.connect(version);
        client.say(frame(command, { transaction: 'unknown' }));
        await client.refused();
      }
    },
  },
  {
    number: 61,
    what: 'COMMIT delivers everything at once and in order, ABORT nothing',
    async check(stage, version) {
      const reader = await stage.subscriber(version, topic);
      const client = await stage.connect(version);
      await client.ask('BEGIN', { transaction: 't' });
      for (const text of ['1', '2', '3']) client.send(topic, { transaction: 't' }, text);
      client.send(topic, {}, 'before');
      await client.ask('COMMIT', { transaction: 't' });
      await client.ask('BEGIN', { transaction: 'u' });
      client.send(topic, { transaction: 'u' }, 'never');
      await client.ask('ABORT', { transaction: 'u' });
      deepEqual(await reader.texts(4), ['before', '1', '2', '3']);
      await reader.nothing();
    },
  },
  {
    number: 62,
    what: 'transactions are aborted with their connection',
    async check(stage, version) {
      const reader = await stage.subscriber(version, topic);
      for (const leave of ['politely', 'at once']) {
        const client = await stage.connect(version);
        await client.ask('BEGIN', { transaction: 't' });
        await client.ask('SEND', { destination: topic, transaction: 't' }, 'never');
        if (leave === 'politely') await client.ask('DISCONNECT');
        else client.vanish();
        while (stage.server.sessions.size > 1) await reader.nothing();
      }
      await reader.nothing();
    },
  },
  {
    number: 63,
    what: 'their names are per connection, and several may be open',
    async check(stage, version) {
      const reader = await stage.subscriber(version, topic);
      const [one, other] = [await stage.connect(version), await stage.connect(version)];
      for (const client of [one, other]) await client.ask('BEGIN', { transaction: 't' });
      await one.ask('BEGIN', { transaction: 'u' });
      one.send(topic, { transaction: 'u' }, 'second');
      one.send(topic, { transaction: 't' }, 'first');
      await one.ask('COMMIT', { transaction: 't' });
      await one.ask('COMMIT', { transaction: 'u' });
      await other.ask('ABORT', { transaction: 't' });
      deepEqual(await reader.texts(2), ['first', 'second']);
      ok(stage.server.sessions.size === 3);
    },
  },
];
