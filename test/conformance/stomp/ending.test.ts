// STOMP requirements 64 to 71: receipts, errors and the end of a connection.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { frameText } from '../../clients/stomp.js';
import { testRequirements } from './requirement.js';

const topic = '/topic/x';

testRequirements('Receipts, errors and the end', [
  {
    number: 64,
    rule: 'Every frame except CONNECT may ask for a RECEIPT.',
    async check(context, version) {
      const client = await context.connect(version);
      await client.request('SUBSCRIBE', { id: 's', destination: '/queue/x', ack: 'client' });
      client.publish('/queue/x', { receipt: 'sent' });
      // Either may come first.
      const either = ['MESSAGE', 'RECEIPT'];
      const [first, second] = [await client.expect(...either), await client.expect(...either)];
      deepEqual([first.command, second.command].toSorted(), ['MESSAGE', 'RECEIPT']);
      const { headers } = first.command === 'MESSAGE' ? first : second;
      for (const command of version === '1.0' ? ['ACK'] : ['ACK', 'NACK'])
        await client.request(command, {
          id: version === '1.2' ? headers['ack'] : undefined,
          'message-id': headers['message-id'],
          subscription: 's',
        });
      for (const end of ['COMMIT', 'ABORT']) {
        await client.request('BEGIN', { transaction: 't' });
        await client.request('SEND', {
          destination: '/topic/without/subscribers',
          transaction: 't',
        });
        await client.request(end, { transaction: 't' });
      }
      await client.request('UNSUBSCRIBE', { id: 's' });
      await client.request('DISCONNECT');
      await client.expectEnd();
    },
  },
  {
    number: 65,
    rule: 'A receipt means that all earlier frames were received, too.',
    async check(context, version) {
      const client = await context.connect(version);
      const names = Array.from({ length: 20 }, (_, i) => `r${i}`);
      for (const receipt of names) client.publish('/topic/without/subscribers', { receipt });
      for (const receipt of names)
        equal((await client.expect('RECEIPT')).headers['receipt-id'], receipt);
    },
  },
  {
    number: 66,
    rule: 'ERROR ends the connection, gives the reason, and names the requested receipt.',
    async check(context, version) {
      const client = await context.connect(version);
      client.send('SUBSCRIBE', { id: 's', receipt: 'r' });
      const { headers } = await client.expectError();
      equal(headers['receipt-id'], 'r');
      ok((headers['message'] ?? '').length < 200);
    },
  },
  {
    number: 67,
    rule: 'DISCONNECT with a receipt is answered by the receipt and the end of the connection.',
    async check(context, version) {
      const client = await context.connect(version);
      await client.request('DISCONNECT');
      await client.expectEnd();
    },
  },
  {
    number: 68,
    rule: 'Bytes after DISCONNECT are ignored.',
    async check(context, version) {
      const reader = await context.subscriber(version, topic);
      const client = await context.connect(version);
      client.write(
        frameText('DISCONNECT'),
        frameText('SEND', { destination: topic }, 'never'),
        'rubbish',
      );
      await client.expectEnd();
      await context.server.idle();
      await reader.expectNone();
    },
  },
  {
    number: 69,
    rule: 'DISCONNECT without a receipt ends the connection.',
    async check(context, version) {
      const client = await context.connect(version);
      client.send('DISCONNECT');
      await client.expectEnd();
    },
  },
  {
    number: 70,
    rule: 'Queued frames are written before the connection ends, and ERROR can be read.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      const body = 'x'.repeat(1000);
      client.write(frameText('SEND', { destination: topic }, body).repeat(100), frameText('SHOUT'));
      equal((await client.texts(100)).length, 100);
      await client.expectError();
    },
  },
  {
    number: 71,
    rule: 'A frame that only servers send is an error.',
    async check(context, version) {
      for (const command of ['MESSAGE', 'CONNECTED', 'RECEIPT', 'ERROR']) {
        const client = await context.connect(version);
        client.send(command, { destination: topic, subscription: 's', 'message-id': '1' });
        await client.expectError();
      }
    },
  },
]);
