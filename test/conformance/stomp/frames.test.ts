// STOMP requirements 1 to 16: frames and encoding.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { frameText } from '../../clients/stomp.js';
import { testRequirements } from './requirement.js';

const topic = '/topic/x';

testRequirements('Frames and encoding', [
  {
    number: 1,
    rule: 'Frames end with NUL and header lines with LF. STOMP 1.2 also allows CR LF, and CONNECT allows it in all versions.',
    async check(context, version) {
      const client = await context.client();
      client.write(`CONNECT\r\naccept-version:${version}\r\nhost:test\r\n\r\n\0`);
      equal((await client.expect('CONNECTED')).headers['version'], version);
      const other = await context.subscriber('1.2', topic);
      const end = version === '1.2' ? '\r\n' : '\n';
      client.write(['SEND', `destination:${topic}`, 'note:a', '', 'body\0'].join(end));
      equal((await other.expect('MESSAGE')).body, 'body');
      if (version === '1.2') return;
      client.publish(topic, { note: 'a\r' });
      equal((await other.expect('MESSAGE')).headers['note'], String.raw`a\r`);
    },
  },
  {
    number: 2,
    rule: 'Line ends between frames are heart-beats. The server sends no answer.',
    async check(context, version) {
      const client = await context.connect(version);
      client.write('\n\n\n', version === '1.2' ? '\r\n' : '\n');
      await client.expectNone();
      equal(client.heartbeats, 0);
    },
  },
  {
    number: 3,
    rule: 'Commands and header names are case-sensitive.',
    async check(context, version) {
      const client = await context.connect(version);
      client.send('send', { destination: topic });
      await client.expectError();
      const other = await context.connect(version);
      other.send('SEND', { Destination: topic });
      await other.expectError();
    },
  },
  {
    number: 4,
    rule: 'An unknown command is an error.',
    async check(context, version) {
      const client = await context.connect(version);
      client.send('SHOUT', { destination: topic });
      await client.expectError();
    },
  },
  {
    number: 5,
    rule: 'Commands and headers are UTF-8. Bodies are any bytes.',
    async check(context, version) {
      const reader = await context.subscriber(version, topic);
      const client = await context.connect(version);
      const bytes = Buffer.of(0xff, 0x00, 0xfe);
      client.write(`SEND\ndestination:${topic}\nnote:\u20ac\ncontent-length:3\n\n`, bytes, '\0');
      const message = await reader.expect('MESSAGE');
      deepEqual([message.headers['note'], message.bytes], ['\u20ac', bytes]);
      client.write(`SEND\ndestination:${topic}\nnote:`, Buffer.of(0xc3, 0x28), '\n\nx\0');
      await client.expectError();
    },
  },
  {
    number: 6,
    rule: 'A header line needs a colon. The first colon ends the name.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      client.publish(topic, { note: 'a:b:c' });
      const { headers } = await client.expect('MESSAGE');
      equal(headers['note'], version === '1.0' ? 'a:b:c' : String.raw`a\cb\cc`);
      client.write(`SEND\ndestination:${topic}\nnocolon\n\nx\0`);
      await client.expectError();
    },
  },
  {
    number: 7,
    rule: '1.1 has escapes for LF, colon and backslash, 1.2 also for CR, 1.0 has none. Other escapes are errors.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      const escaped = String.raw`a\nb\cc\\d`;
      client.publish(topic, { note: escaped });
      equal((await client.expect('MESSAGE')).headers['note'], escaped);
      if (version === '1.0') return;
      const other = await context.connect(version);
      other.publish(topic, { note: String.raw`a\rb` });
      if (version === '1.1') await other.expectError();
      else equal((await client.expect('MESSAGE')).headers['note'], String.raw`a\rb`);
      client.publish(topic, { note: String.raw`a\tb` });
      await client.expectError();
    },
  },
  {
    number: 8,
    rule: 'CONNECT and CONNECTED are not escaped. Characters that a version cannot express are left out.',
    async check(context, version) {
      const client = await context.client();
      const login = String.raw`a\cb`;
      client.send('CONNECT', { 'accept-version': version, host: 'test', login });
      equal((await client.expect('CONNECTED')).headers['user-name'], login);
      equal([...context.server.sessions.ofUser(login)].length, 1);
      await client.request('SUBSCRIBE', { id: 's', destination: topic });
      const other = await context.connect('1.2');
      const lines = String.raw`one\ntwo`;
      const colon = String.raw`a\cb`;
      other.publish(topic, { lines, [colon]: 'named', note: String.raw`a\rb` });
      const { headers } = await client.expect('MESSAGE');
      const expected = {
        '1.0': [undefined, undefined, undefined],
        '1.1': [lines, 'named', 'ab'],
        '1.2': [lines, 'named', String.raw`a\rb`],
      };
      deepEqual([headers['lines'], headers[colon], headers['note']], expected[version]);
      // In 1.0, the text after a colon in a name would become the value.
      ok(version !== '1.0' || headers['a'] === undefined);
      other.publish(topic, { note: 'a\0b' });
      await other.expectError();
    },
  },
  {
    number: 9,
    rule: 'Header names and values are not trimmed from 1.1 on: `content-length : 3` is then another header, which has no effect. 1.0 allows blanks around all names and values.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      if (version === '1.0') {
        client.write(`SEND\ndestination : ${topic}\ncontent-length : 3\n\na\0b\0`);
        equal((await client.expect('MESSAGE')).body, 'a\0b');
        return;
      }
      client.write(`SEND\ndestination:${topic}\ncontent-length : 3\nreceipt : r\n\nabcd\0`);
      const message = await client.expect('MESSAGE');
      equal(message.body, 'abcd');
      deepEqual([message.headers['content-length'], message.headers['receipt ']], ['4', undefined]);
      client.publish(topic, { note: ' a ', ' spaced ': 'b' });
      const { headers } = await client.expect('MESSAGE');
      deepEqual([headers['note'], headers[' spaced ']], [' a ', 'b']);
    },
  },
  {
    number: 10,
    rule: 'The first of a repeated header counts. MESSAGE keeps the repetitions in order.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      client.write(
        `SEND\ndestination:${topic}\nnote:first\ndestination:/topic/y\nnote:second\n\nx\0`,
      );
      equal((await client.expect('MESSAGE')).headers['note'], 'first');
      client.write(`SEND\ndestination:${topic}\ncontent-length:3\ncontent-length:1\n\na\0b\0`);
      equal((await client.expect('MESSAGE')).body, 'a\0b');
    },
  },
  {
    number: 11,
    rule: 'Only SEND has a body. STOMP 1.0 ignores the body of other frames.',
    async check(context, version) {
      const named = { id: 's', 'message-id': 's', destination: topic, transaction: 't' };
      const commands = 'SUBSCRIBE UNSUBSCRIBE ACK BEGIN COMMIT ABORT DISCONNECT'.split(' ');
      if (version === '1.0') {
        const client = await context.connect(version);
        for (const command of ['SUBSCRIBE', 'UNSUBSCRIBE', 'BEGIN', 'COMMIT'])
          await client.request(command, named, 'body');
        return;
      }
      for (const command of [...commands, 'NACK']) {
        const client = await context.connect(version);
        client.send(command, { ...named, subscription: 's' }, 'body');
        equal((await client.expectError()).headers['code'], 'body-unexpected', command);
      }
    },
  },
  {
    number: 12,
    rule: 'With content-length, a body has that number of bytes, and may contain NUL.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      client.publish(topic, { 'content-length': 5 }, 'a\0b\0c');
      equal((await client.expect('MESSAGE')).body, 'a\0b\0c');
      client.publish(topic, { 'content-length': 2 }, 'abc');
      await client.expectError();
    },
  },
  {
    number: 13,
    rule: 'Without content-length, a body ends at the first NUL. An impossible content-length is an error.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      client.publish(topic, {}, 'ab\0\n\n');
      equal((await client.expect('MESSAGE')).body, 'ab');
      for (const length of ['abc', '-1', '99999999999']) {
        const other = await context.connect(version);
        other.publish(topic, { 'content-length': length });
        await other.expectError();
      }
    },
  },
  {
    number: 14,
    rule: 'MESSAGE has a content-length, and a content-type if the sender gave one.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      client.publish(topic, {}, 'abc');
      const { headers } = await client.expect('MESSAGE');
      deepEqual([headers['content-length'], headers['content-type']], ['3', undefined]);
      client.publish(topic, { 'content-type': 'text/x' }, 'abc');
      equal((await client.expect('MESSAGE')).headers['content-type'], 'text/x');
    },
  },
  {
    number: 15,
    rule: 'Frames may be split at any byte, and several frames may arrive at once.',
    async check(context, version) {
      const client = await context.subscriber(version, topic);
      const end = version === '1.2' ? '\r\n' : '\n';
      const text = ['SEND', `destination:${topic}`, 'content-length:3', '', '\u20ac\0'].join(end);
      for (const size of [1, 3, 10])
        for (let at = 0; at < Buffer.byteLength(text); at += size)
          client.write(Buffer.from(text).subarray(at, at + size));
      client.write(text, text, text);
      deepEqual(await client.texts(6), Array(6).fill('\u20ac'));
    },
  },
  {
    number: 16,
    rule: 'The number of headers, their length and the body have limits. The server reads nothing beyond them.',
    async check(context, version) {
      const { maxHeaders, maxHeaderBytes, maxFrameBytes } = context.server.options.limits;
      const reader = await context.subscriber(version, topic);
      const many = Object.fromEntries(
        Array.from({ length: maxHeaders + 1 }, (_, i) => [`h${i}`, i]),
      );
      for (const tooLarge of [
        frameText('SEND', { destination: topic, ...many }),
        frameText('SEND', { destination: topic, long: 'x'.repeat(maxHeaderBytes + 1) }),
        frameText('SEND', { destination: topic }, 'x'.repeat(maxFrameBytes + 1)),
      ]) {
        const client = await context.connect(version);
        client.write(tooLarge, frameText('SEND', { destination: topic }, 'behind'));
        ok((await client.expectError()).headers['message'] !== undefined);
      }
      const client = await context.connect(version);
      client.publish(topic, {}, 'x'.repeat(maxFrameBytes - 1000));
      equal((await reader.expect('MESSAGE')).body.length, maxFrameBytes - 1000);
    },
  },
]);
