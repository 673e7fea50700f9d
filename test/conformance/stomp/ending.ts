// Lines 64 to 71: receipts, errors and the end of a connection.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { frame } from './dialogue.js';
import type { Line } from './line.js';

const topic = '/topic/x';

export const ending: readonly Line[] = [
  {
    number: 64,
    what: 'every frame but CONNECT may ask for a RECEIPT',
    async check(stage, version) {
      const client = await stage.connect(version);
      await client.ask('SUBSCRIBE', { id: 's', destination: '/queue/x', ack: 'client' });
      client.send('/queue/x', { receipt: 'sent' });
      // Which of the two comes first is not promised.
      const either = ['MESSAGE', 'RECEIPT'];
      const [first, second] = [await client.next(...either), await client.next(...either)];
      deepEqual([first.command, second.command].toSorted(), ['MESSAGE', 'RECEIPT']);
      const { headers } = first.command === 'MESSAGE' ? first : second;
      for (const command of version === '1.0' ? ['ACK'] : ['ACK', 'NACK'])
        await client.ask(command, {
          id: version === '1.2' ? headers['ack'] : undefined,
          'message-id': headers['message-id'],
          subscription: 's',
        });
      for (const end of ['COMMIT', 'ABORT']) {
        await client.ask('BEGIN', { transaction: 't' });
        await client.ask('SEND', { destination: '/topic/nobody/there', transaction: 't' });
        await client.ask(end, { transaction: 't' });
      }
      await client.ask('UNSUBSCRIBE', { id: 's' });
      await client.ask('DISCONNECT');
      await client.ended();
    },
  },
  {
    number: 65,
    what: 'a receipt says that all frames before it were received, too',
    async check(stage, version) {
      const client = await stage.connect(version);
      const names = Array.from({ length: 20 }, (_, i) => `r${i}`);
      for (const receipt of names) client.send('/topic/nobody/there', { receipt });
      for (const receipt of names)
        equal((await client.next('RECEIPT')).headers['receipt-id'], receipt);
    },
  },
  {
    number: 66,
    what: 'ERROR ends the connection, says why, and names the receipt that was asked for',
    async check(stage, version) {
      const client = await stage.connect(version);
      client.say(frame('SUBSCRIBE', { id: 's', receipt: 'r' }));
      const { headers } = await client.refused();
      equal(headers['receipt-id'], 'r');
      ok((headers['message'] ?? '').length < 200);
    },
  },
  {
    number: 67,
    what: 'DISCONNECT with a receipt gets it, and then the end',
    async check(stage, version) {
      const client = await stage.connect(version);
      await client.ask('DISCONNECT');
      await client.ended();
    },
  },
  {
    number: 68,
    what: 'what comes after DISCONNECT is ignored',
    async check(stage, version) {
      const reader = await stage.subscriber(version, topic);
      const client = await stage.connect(version);
      client.say(frame('DISCONNECT'), frame('SEND', { destination: topic }, 'never'), 'rubbish');
      await client.ended();
      await stage.server.idle();
      await reader.nothing();
    },
  },
  {
    number: 69,
    what: 'DISCONNECT without a receipt is a plain end',
    async check(stage, version) {
      const client = await stage.connect(version);
      client.say(frame('DISCONNECT'));
      await client.ended();
    },
  },
  {
    number: 70,
    what: 'what waits is written before the end, and ERROR can be read',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      const body = 'x'.repeat(1000);
      client.say(frame('SEND', { destination: topic }, body).repeat(100), frame('SHOUT'));
      equal((await client.texts(100)).length, 100);
      await client.refused();
    },
  },
  {
    number: 71,
    what: 'a frame that only servers say is an error',
    async check(stage, version) {
      for (const command of ['MESSAGE', 'CONNECTED', 'RECEIPT', 'ERROR']) {
        const client = await stage.connect(version);
        client.say(frame(command, { destination: topic, subscription: 's', 'message-id': '1' }));
        await client.refused();
      }
    },
  },
];
