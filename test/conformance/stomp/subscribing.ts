// Lines 34 to 47: SEND, SUBSCRIBE and UNSUBSCRIBE.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { frame } from './dialogue.js';
import { since11, type Line } from './line.js';

const topic = '/topic/x';

export const subscribing: readonly Line[] = [
  {
    number: 34,
    what: 'SEND needs a destination',
    async check(stage, version) {
      const client = await stage.connect(version);
      client.say(frame('SEND', {}, 'x'));
      await client.refused();
    },
  },
  {
    number: 35,
    what: 'other headers travel to subscribers, but none of those that the server owns',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      const never = ['receipt-id', 'ack', 'redelivered', 'session', 'user-name', 'dropped'];
      const owned = ['message-id', 'subscription', ...never];
      const forged = owned.map((name) => `${name}:forged\n${name}:again\n`).join('');
      client.say(
        `SEND\ndestination:${topic}\nnote:a\nreceipt:r\nreceipt:s\n${forged}content-length:1\ncontent-length:7\n\nx\0`,
      );
      const either = ['MESSAGE', 'RECEIPT'];
      const heard = [await client.next(...either), await client.next(...either)];
      const { headers } = heard.find(({ command }) => command === 'MESSAGE')!;
      deepEqual([headers['note'], headers['subscription']], ['a', 's']);
      equal(headers['content-length'], '1');
      ok(!['forged', 'again', undefined].includes(headers['message-id']));
      for (const name of ['receipt', ...never]) equal(headers[name], undefined, name);
    },
  },
  {
    number: 36,
    what: 'the content-type travels',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      client.send(topic, { 'content-type': 'application/x-own;v=1' });
      equal((await client.next('MESSAGE')).headers['content-type'], 'application/x-own;v=1');
    },
  },
  {
    number: 37,
    what: 'with a transaction it waits for COMMIT; an unknown transaction is an error',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      await client.ask('BEGIN', { transaction: 't' });
      client.send(topic, { transaction: 't' }, 'held');
      await client.nothing();
      client.say(frame('COMMIT', { transaction: 't' }));
      deepEqual(await client.texts(1), ['held']);
      client.send(topic, { transaction: 'unknown' });
      await client.refused();
    },
  },
  {
    number: 38,
    what: 'messages arrive in the order sent',
    async check(stage, version) {
      const reader = await stage.subscriber(version, topic);
      const client = await stage.connect(version);
      const texts = Array.from({ length: 100 }, (_, i) => `m${i}`);
      for (const text of texts) client.send(topic, {}, text);
      deepEqual(await reader.texts(100), texts);
    },
  },
  {
    number: 39,
    what: 'SUBSCRIBE needs a destination',
    async check(stage, version) {
      const client = await stage.connect(version);
      client.say(frame('SUBSCRIBE', { id: 's' }));
      await client.refused();
    },
  },
  {
    number: 40,
    what: 'it needs an id from 1.1 on, which no other live subscription has',
    versions: since11,
    async check(stage, version) {
      const client = await stage.connect(version);
      client.say(frame('SUBSCRIBE', { destination: topic }));
      await client.refused();
      const other = await stage.subscriber(version, topic);
      other.say(frame('SUBSCRIBE', { id: 's', destination: '/topic/y' }));
      await other.refused();
    },
  },
  {
    number: 41,
    what: 'in 1.0 it may have none, and ends by its destination',
    versions: ['1.0'],
    async check(stage) {
      const client = await stage.connect('1.0');
      await client.ask('SUBSCRIBE', { destination: topic });
      client.send(topic);
      equal((await client.next('MESSAGE')).headers['subscription'], undefined);
      await client.ask('UNSUBSCRIBE', { destination: topic });
      client.send(topic);
      await client.nothing();
    },
  },
  {
    number: 42,
    what: 'MESSAGE says destination, message-id and subscription',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      client.send(topic);
      const { headers } = await client.next('MESSAGE');
      deepEqual([headers['destination'], headers['subscription']], [topic, 's']);
      match(headers['message-id'] ?? '', /./);
    },
  },
  {
    number: 43,
    what: 'two subscriptions that match get one MESSAGE each',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      await client.ask('SUBSCRIBE', { id: 'other', destination: '/topic/*' });
      client.send(topic);
      const ids = [await client.next('MESSAGE'), await client.next('MESSAGE')].map(
        ({ headers }) => headers['subscription'],
      );
      deepEqual(new Set(ids), new Set(['s', 'other']));
      await client.nothing();
    },
  },
  {
    number: 44,
    what: 'ack is auto, client, or client-individual from 1.1 on; anything else is an error',
    async check(stage, version) {
      const modes =
        version === '1.0' ? ['auto', 'client'] : ['auto', 'client', 'client-individual'];
      for (const ack of modes) await stage.subscriber(version, topic, { ack });
      for (const ack of ['sometimes', ...(version === '1.0' ? ['client-individual'] : [])]) {
        const client = await stage.connect(version);
        client.say(frame('SUBSCRIBE', { id: 's', destination: topic, ack }));
        await client.refused();
      }
      // Without a word it is auto: nothing is left when the subscriber goes.
      const silent = await stage.subscriber(version, '/queue/x');
      silent.send('/queue/x');
      await silent.next('MESSAGE');
      await silent.ask('UNSUBSCRIBE', { id: 's' });
      await (await stage.subscriber(version, '/queue/x')).nothing();
    },
  },
  {
    number: 45,
    what: 'UNSUBSCRIBE of an unknown subscription is an error, of one that has ended it is quiet',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      await client.ask('UNSUBSCRIBE', { id: 's' });
      await client.ask('UNSUBSCRIBE', { id: 's' });
      client.say(frame('UNSUBSCRIBE', { id: 'unknown' }));
      await client.refused();
      for (const headers of [{}, { destination: '/topic/unknown' }]) {
        const other = await stage.subscriber(version, topic);
        other.say(frame('UNSUBSCRIBE', headers));
        await other.refused();
      }
    },
  },
  {
    number: 46,
    what: 'after UNSUBSCRIBE nothing more comes',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      await client.ask('UNSUBSCRIBE', { id: 's' });
      client.send(topic);
      await client.nothing();
    },
  },
  {
    number: 47,
    what: 'what a subscription that ends has not acknowledged is delivered elsewhere',
    async check(stage, version) {
      const queue = '/queue/x';
      const first = await stage.subscriber(version, queue, { ack: 'client' });
      first.send(queue, {}, 'job');
      await first.next('MESSAGE');
      const second = await stage.subscriber(version, queue, { ack: 'client' });
      await first.ask('UNSUBSCRIBE', { id: 's' });
      const { headers, body } = await second.next('MESSAGE');
      deepEqual([headers['redelivered'], body.toString()], ['true', 'job']);
      const third = await stage.subscriber(version, queue);
      second.vanish();
      deepEqual(await third.texts(1), ['job']);
    },
  },
];
