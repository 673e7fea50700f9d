// STOMP requirements 34 to 47: SEND, SUBSCRIBE and UNSUBSCRIBE.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { since11, testRequirements } from './requirement.js';

const topic = '/topic/x';

testRequirements('SEND, SUBSCRIBE and UNSUBSCRIBE', [
  {
    number: 34,
    rule: 'SEND needs a destination.',
    async check(context, version) {
      const client = await context.connect(version);
      client.send('SEND', {}, 'x');
      await client.expectError();
    },
  },
  {
    number: 35,
    rule: 'Other headers reach subscribers, except headers that the server sets.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      const never = ['receipt-id', 'ack', 'redelivered', 'session', 'user-name', 'dropped'];
      const owned = ['message-id', 'subscription', ...never];
      const forged = owned.map((name) => `${name}:forged\n${name}:again\n`).join('');
      client.write(
        `SEND\ndestination:${topic}\nnote:a\nreceipt:r\nreceipt:s\n${forged}content-length:1\ncontent-length:7\n\nx\0`,
      );
      const either = ['MESSAGE', 'RECEIPT'];
      const answers = [await client.expect(...either), await client.expect(...either)];
      const { headers } = answers.find(({ command }) => command === 'MESSAGE')!;
      deepEqual([headers['note'], headers['subscription']], ['a', 's']);
      equal(headers['content-length'], '1');
      ok(!['forged', 'again', undefined].includes(headers['message-id']));
      for (const name of ['receipt', ...never]) equal(headers[name], undefined, name);
    },
  },
  {
    number: 36,
    rule: 'The content-type reaches subscribers.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      client.publish(topic, { 'content-type': 'application/x-own;v=1' });
      equal((await client.expect('MESSAGE')).headers['content-type'], 'application/x-own;v=1');
    },
  },
  {
    number: 37,
    rule: 'SEND in a transaction waits for COMMIT. An unknown transaction is an error.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      await client.request('BEGIN', { transaction: 't' });
      client.publish(topic, { transaction: 't' }, 'held');
      await client.expectNone();
      client.send('COMMIT', { transaction: 't' });
      deepEqual(await client.texts(1), ['held']);
      client.publish(topic, { transaction: 'unknown' });
      await client.expectError();
    },
  },
  {
    number: 38,
    rule: 'Messages arrive in the order in which they were sent.',
    async check(context, version) {
      const reader = await context.subscriber(version, topic);
      const client = await context.connect(version);
      const texts = Array.from({ length: 100 }, (_, i) => `m${i}`);
      for (const text of texts) client.publish(topic, {}, text);
      deepEqual(await reader.texts(100), texts);
    },
  },
  {
    number: 39,
    rule: 'SUBSCRIBE needs a destination.',
    async check(context, version) {
      const client = await context.connect(version);
      client.send('SUBSCRIBE', { id: 's' });
      await client.expectError();
    },
  },
  {
    number: 40,
    rule: 'SUBSCRIBE needs an id from 1.1 on, which no other active subscription has.',
    versions: since11,
    async check(context, version) {
      const client = await context.connect(version);
      client.send('SUBSCRIBE', { destination: topic });
      await client.expectError();
      const other = await context.subscriber(version, topic);
      other.send('SUBSCRIBE', { id: 's', destination: '/topic/y' });
      await other.expectError();
    },
  },
  {
    number: 41,
    rule: 'In 1.0, SUBSCRIBE may have no id. UNSUBSCRIBE then names the destination.',
    versions: ['1.0'],
    async check(context) {
      const client = await context.connect('1.0');
      await client.request('SUBSCRIBE', { destination: topic });
      client.publish(topic);
      equal((await client.expect('MESSAGE')).headers['subscription'], undefined);
      await client.request('UNSUBSCRIBE', { destination: topic });
      client.publish(topic);
      await client.expectNone();
    },
  },
  {
    number: 42,
    rule: 'MESSAGE has destination, message-id and subscription.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      client.publish(topic);
      const { headers } = await client.expect('MESSAGE');
      deepEqual([headers['destination'], headers['subscription']], [topic, 's']);
      match(headers['message-id'] ?? '', /./);
    },
  },
  {
    number: 43,
    rule: 'Two matching subscriptions receive one MESSAGE each.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      await client.request('SUBSCRIBE', { id: 'other', destination: '/topic/*' });
      client.publish(topic);
      const ids = [await client.expect('MESSAGE'), await client.expect('MESSAGE')].map(
        ({ headers }) => headers['subscription'],
      );
      deepEqual(new Set(ids), new Set(['s', 'other']));
      await client.expectNone();
    },
  },
  {
    number: 44,
    rule: 'The ack mode is auto, client, or client-individual from 1.1 on. Other modes are errors.',
    async check(context, version) {
      const modes =
        version === '1.0' ? ['auto', 'client'] : ['auto', 'client', 'client-individual'];
      for (const ack of modes) await context.subscriber(version, topic, { ack });
      for (const ack of ['sometimes', ...(version === '1.0' ? ['client-individual'] : [])]) {
        const client = await context.connect(version);
        client.send('SUBSCRIBE', { id: 's', destination: topic, ack });
        await client.expectError();
      }
      // The default is auto: no message remains when the subscriber has gone.
      const client = await context.subscriber(version, '/queue/x');
      client.publish('/queue/x');
      await client.expect('MESSAGE');
      await client.request('UNSUBSCRIBE', { id: 's' });
      await (await context.subscriber(version, '/queue/x')).expectNone();
    },
  },
  {
    number: 45,
    rule: 'UNSUBSCRIBE of an unknown subscription is an error. A repeated UNSUBSCRIBE is ignored.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      await client.request('UNSUBSCRIBE', { id: 's' });
      await client.request('UNSUBSCRIBE', { id: 's' });
      client.send('UNSUBSCRIBE', { id: 'unknown' });
      await client.expectError();
      for (const headers of [{}, { destination: '/topic/unknown' }]) {
        const other = await context.subscriber(version, topic);
        other.send('UNSUBSCRIBE', headers);
        await other.expectError();
      }
    },
  },
  {
    number: 46,
    rule: 'No message arrives after UNSUBSCRIBE.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      await client.request('UNSUBSCRIBE', { id: 's' });
      client.publish(topic);
      await client.expectNone();
    },
  },
  {
    number: 47,
    rule: 'Messages that an ended subscription did not acknowledge are delivered to another subscription.',
    async check(context, version) {
      const queue = '/queue/x';
      const first = await context.subscriber(version, queue, { ack: 'client' });
      first.publish(queue, {}, 'job');
      await first.expect('MESSAGE');
      const second = await context.subscriber(version, queue, { ack: 'client' });
      await first.request('UNSUBSCRIBE', { id: 's' });
      const { headers, body } = await second.expect('MESSAGE');
      deepEqual([headers['redelivered'], body], ['true', 'job']);
      const third = await context.subscriber(version, queue);
      second.connection.vanish();
      deepEqual(await third.texts(1), ['job']);
    },
  },
]);
