// Lines 17 to 33: connecting and heart-beats.
import { deepEqual, equal, match } from 'node:assert/strict';
import { frame, type SaidHeaders } from './dialogue.js';
import { since11, type Line, type Version } from './line.js';
import type { Stage } from './stage.js';

async function answerTo(stage: Stage, headers: SaidHeaders, command = 'CONNECT') {
  const client = await stage.client();
  client.say(frame(command, headers));
  return (await client.next('CONNECTED')).headers;
}

const hello = (version: Version, more: SaidHeaders = {}) => ({
  'accept-version': version,
  host: 'test',
  ...more,
});

export const connecting: readonly Line[] = [
  {
    number: 17,
    what: 'CONNECT gets CONNECTED with the version',
    async check(stage, version) {
      equal((await answerTo(stage, hello(version)))['version'], version);
    },
  },
  {
    number: 18,
    what: 'STOMP is the same from 1.1 on',
    versions: since11,
    async check(stage, version) {
      equal((await answerTo(stage, hello(version), 'STOMP'))['version'], version);
    },
  },
  {
    number: 19,
    what: 'without accept-version the version is 1.0',
    versions: ['1.0'],
    async check(stage) {
      equal((await answerTo(stage, { host: 'test' }))['version'], '1.0');
    },
  },
  {
    number: 20,
    what: 'the highest common version is chosen; blanks behind commas are tolerated',
    async check(stage, version) {
      const offered = { '1.0': '1.0,0.9', '1.1': '1.0, 1.1', '1.2': '2.0, 1.2,1.1, 1.0' };
      const headers = { 'accept-version': offered[version], host: 'test' };
      equal((await answerTo(stage, headers))['version'], version);
    },
  },
  {
    number: 21,
    what: 'without a common version ERROR names those that are supported',
    async check(stage) {
      const client = await stage.client();
      client.say(frame('CONNECT', { 'accept-version': '0.9,2.0', host: 'test' }));
      equal((await client.refused()).headers['version'], '1.0,1.1,1.2');
    },
  },
  {
    number: 22,
    what: 'a missing host is tolerated, and refused where the application wants one',
    versions: since11,
    async check(stage, version) {
      const headers = { 'accept-version': version };
      equal((await answerTo(stage, headers))['version'], version);
      const client = await stage.client();
      client.say(frame('CONNECT', { ...headers, login: 'names-its-host' }));
      await client.refused();
    },
  },
  {
    number: 23,
    what: 'CONNECTED says session, server, heart-beat, and the user where it is known',
    async check(stage, version) {
      const headers = await answerTo(stage, hello(version, { login: 'ann' }));
      match(headers['session'] ?? '', /./);
      match(headers['server'] ?? '', /^signalbox\//);
      match(headers['heart-beat'] ?? '', /^\d+,\d+$/);
      equal(headers['user-name'], 'ann');
      equal((await answerTo(stage, hello(version)))['user-name'], undefined);
    },
  },
  {
    number: 24,
    what: 'any other first frame is an error',
    async check(stage) {
      const client = await stage.client();
      client.say(frame('SEND', { destination: '/topic/x' }));
      await client.refused();
    },
  },
  {
    number: 25,
    what: 'a second CONNECT is an error',
    async check(stage, version) {
      const client = await stage.connect(version);
      client.say(frame('CONNECT', hello(version)));
      await client.refused();
    },
  },
  {
    number: 26,
    what: 'a wrong login is refused without a word of why',
    async check(stage, version) {
      const client = await stage.client();
      client.say(frame('CONNECT', hello(version, { login: 'ann', passcode: 'wrong' })));
      const { headers, body } = await client.refused();
      deepEqual([headers['message'], body.toString()], ['Access refused.', '']);
    },
  },
  {
    number: 27,
    what: 'a client that does not connect in time is let go',
    async check(stage) {
      const client = await stage.client();
      // Who came later was let in, so the silent one was before the clock moves.
      await stage.connect('1.2');
      await stage.clock.advance(stage.server.options.connectTimeout);
      await client.ended();
    },
  },
  {
    number: 28,
    what: 'heart-beats are agreed on: each interval is the longer of what one can and the other wants',
    versions: since11,
    async check(stage, version) {
      const pairs = {
        '0,0': '0,0',
        '5000,0': '0,10000',
        '0,5000': '5000,0',
        '100,100': '1000,10000',
        '0,99999999999': '2147483647,0',
      };
      for (const [said, answered] of Object.entries(pairs)) {
        const headers = await answerTo(stage, hello(version, { 'heart-beat': said }));
        equal(headers['heart-beat'], answered, said);
      }
    },
  },
  {
    number: 29,
    what: 'a missing heart-beat means none',
    versions: since11,
    async check(stage, version) {
      equal((await answerTo(stage, hello(version)))['heart-beat'], '0,0');
    },
  },
  {
    number: 30,
    what: 'a malformed heart-beat is an error',
    versions: since11,
    async check(stage, version) {
      for (const said of ['abc', '-1,0', '5', '1,2,3', '']) {
        const client = await stage.client();
        client.say(frame('CONNECT', hello(version, { 'heart-beat': said })));
        await client.refused();
      }
    },
  },
  {
    number: 31,
    what: 'any octet is a sign of life, also in the middle of a frame',
    versions: since11,
    async check(stage, version) {
      const client = await stage.connect(version, { 'heart-beat': '10000,0' });
      const said = frame('SEND', { destination: '/topic/x', receipt: 'alive' }, 'body');
      // Twice the interval is 20 s: a part may be a step late, and nothing is lost.
      for (let at = 0; at < said.length; at += 10) {
        await stage.clock.advance(9000);
        client.say(said.slice(at, at + 10));
        await arrival(stage);
      }
      equal((await client.next('RECEIPT')).headers['receipt-id'], 'alive');
    },
  },
  {
    number: 32,
    what: 'the server sends within each interval, and closes for a silence of twice the other',
    versions: since11,
    async check(stage, version) {
      const client = await stage.connect(version, { 'heart-beat': '10000,5000' });
      for (let beat = 0; beat < 3; beat++) {
        await stage.clock.advance(5000);
        await client.lifeSign();
        client.say('\n');
        await arrival(stage);
      }
      await stage.clock.advance(19_000);
      await client.nothing();
      await stage.clock.advance(21_000);
      await client.ended();
    },
  },
  {
    number: 33,
    what: '1.0 knows no heart-beats',
    versions: ['1.0'],
    async check(stage) {
      const client = await stage.connect('1.0', { 'heart-beat': '10000,5000' });
      await stage.clock.advance(60_000);
      equal(client.lifeSigns, 0);
      await client.nothing();
    },
  },
];

/** What was said has most likely come to the server: another client, who spoke later, has its answer. */
async function arrival(stage: Stage): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const other = await stage.connect('1.2');
    await other.nothing();
    other.vanish();
  }
}
