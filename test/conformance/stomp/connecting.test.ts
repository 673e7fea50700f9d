// STOMP requirements 17 to 33: connecting and heart-beats.
import { deepEqual, equal, match } from 'node:assert/strict';
import { frameText, type StompHeaders, type StompVersion } from '../../clients/stomp.js';
import type { RawServer } from '../../clients/server.js';
import { since11, testRequirements } from './requirement.js';

async function answerTo(context: RawServer, headers: StompHeaders, command = 'CONNECT') {
  const client = await context.client();
  client.send(command, headers);
  return (await client.expect('CONNECTED')).headers;
}

const connectHeaders = (version: StompVersion, more: StompHeaders = {}) => ({
  'accept-version': version,
  host: 'test',
  ...more,
});

testRequirements('Connecting and heart-beats', [
  {
    number: 17,
    rule: 'CONNECT is answered by CONNECTED with the version.',
    async check(context, version) {
      equal((await answerTo(context, connectHeaders(version)))['version'], version);
    },
  },
  {
    number: 18,
    rule: 'STOMP is another name for CONNECT from 1.1 on.',
    versions: since11,
    async check(context, version) {
      equal((await answerTo(context, connectHeaders(version), 'STOMP'))['version'], version);
    },
  },
  {
    number: 19,
    rule: 'Without accept-version, the version is 1.0.',
    versions: ['1.0'],
    async check(context) {
      equal((await answerTo(context, { host: 'test' }))['version'], '1.0');
    },
  },
  {
    number: 20,
    rule: 'The highest common version is chosen. Blanks after commas are allowed.',
    async check(context, version) {
      const offered = { '1.0': '1.0,0.9', '1.1': '1.0, 1.1', '1.2': '2.0, 1.2,1.1, 1.0' };
      const headers = { 'accept-version': offered[version], host: 'test' };
      equal((await answerTo(context, headers))['version'], version);
    },
  },
  {
    number: 21,
    rule: 'Without a common version, ERROR names the supported versions.',
    async check(context) {
      const client = await context.client();
      client.send('CONNECT', { 'accept-version': '0.9,2.0', host: 'test' });
      equal((await client.expectError()).headers['version'], '1.0,1.1,1.2');
    },
  },
  {
    number: 22,
    rule: 'A missing host is allowed, unless the application rejects it.',
    versions: since11,
    async check(context, version) {
      const headers = { 'accept-version': version };
      equal((await answerTo(context, headers))['version'], version);
      const client = await context.client();
      client.send('CONNECT', { ...headers, login: 'needs-host' });
      await client.expectError();
    },
  },
  {
    number: 23,
    rule: 'CONNECTED has session, server and heart-beat, and user-name for a named user.',
    async check(context, version) {
      const headers = await answerTo(context, connectHeaders(version, { login: 'ann' }));
      match(headers['session'] ?? '', /./);
      match(headers['server'] ?? '', /^signalbox\//);
      match(headers['heart-beat'] ?? '', /^\d+,\d+$/);
      equal(headers['user-name'], 'ann');
      equal((await answerTo(context, connectHeaders(version)))['user-name'], undefined);
    },
  },
  {
    number: 24,
    rule: 'Any other first frame is an error.',
    async check(context) {
      const client = await context.client();
      client.send('SEND', { destination: '/topic/x' });
      await client.expectError();
    },
  },
  {
    number: 25,
    rule: 'A second CONNECT is an error.',
    async check(context, version) {
      const client = await context.connect(version);
      client.send('CONNECT', connectHeaders(version));
      await client.expectError();
    },
  },
  {
    number: 26,
    rule: 'A wrong login is refused without a reason.',
    async check(context, version) {
      const client = await context.client();
      client.send('CONNECT', connectHeaders(version, { login: 'ann', passcode: 'wrong' }));
      const { headers, body } = await client.expectError();
      deepEqual([headers['message'], body], ['Access refused.', '']);
    },
  },
  {
    number: 27,
    rule: 'A client that does not connect in time is disconnected.',
    async check(context) {
      const client = await context.client();
      // A later client is connected, so the server has accepted the first one before the clock moves.
      await context.connect('1.2');
      await context.clock.advance(context.server.options.connectTimeout);
      await client.expectEnd();
    },
  },
  {
    number: 28,
    rule: 'Each heart-beat interval is the longer of the offered and the requested interval.',
    versions: since11,
    async check(context, version) {
      const pairs = {
        '0,0': '0,0',
        '5000,0': '0,10000',
        '0,5000': '5000,0',
        '100,100': '1000,10000',
        '0,99999999999': '2147483647,0',
      };
      for (const [offered, answered] of Object.entries(pairs)) {
        const headers = await answerTo(context, connectHeaders(version, { 'heart-beat': offered }));
        equal(headers['heart-beat'], answered, offered);
      }
    },
  },
  {
    number: 29,
    rule: 'A missing heart-beat header means no heart-beats.',
    versions: since11,
    async check(context, version) {
      equal((await answerTo(context, connectHeaders(version)))['heart-beat'], '0,0');
    },
  },
  {
    number: 30,
    rule: 'A malformed heart-beat header is an error.',
    versions: since11,
    async check(context, version) {
      for (const malformed of ['abc', '-1,0', '5', '1,2,3', '']) {
        const client = await context.client();
        client.send('CONNECT', connectHeaders(version, { 'heart-beat': malformed }));
        await client.expectError();
      }
    },
  },
  {
    number: 31,
    rule: 'Every byte counts as a heart-beat, also in the middle of a frame.',
    versions: since11,
    async check(context, version) {
      const client = await context.connect(version, { 'heart-beat': '10000,0' });
      const text = frameText('SEND', { destination: '/topic/x', receipt: 'alive' }, 'body');
      // The server waits 20 s, twice the interval, so a part may arrive one step late.
      for (let at = 0; at < text.length; at += 10) {
        await context.clock.advance(9000);
        client.write(text.slice(at, at + 10));
        await arrival(context);
      }
      equal((await client.expect('RECEIPT')).headers['receipt-id'], 'alive');
    },
  },
  {
    number: 32,
    rule: "The server sends in each interval, and closes after a silence of twice the client's interval.",
    versions: since11,
    async check(context, version) {
      const client = await context.connect(version, { 'heart-beat': '10000,5000' });
      for (let beat = 0; beat < 3; beat++) {
        await context.clock.advance(5000);
        await client.heartbeat();
        client.write('\n');
        await arrival(context);
      }
      await context.clock.advance(19_000);
      await client.expectNone();
      await context.clock.advance(21_000);
      await client.expectEnd();
    },
  },
  {
    number: 33,
    rule: '1.0 has no heart-beats.',
    versions: ['1.0'],
    async check(context) {
      const client = await context.connect('1.0', { 'heart-beat': '10000,5000' });
      await context.clock.advance(60_000);
      equal(client.heartbeats, 0);
      await client.expectNone();
    },
  },
]);

/** Waits until the server has read the bytes sent before: other clients, which connect later, have received answers. */
async function arrival(context: RawServer): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const other = await context.connect('1.2');
    await other.expectNone();
    other.connection.vanish();
  }
}
