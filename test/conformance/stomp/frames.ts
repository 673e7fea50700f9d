// Lines 1 to 16: frames and encoding.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { frame } from './dialogue.js';
import type { Line } from './line.js';

const topic = '/topic/x';

export const frames: readonly Line[] = [
  {
    number: 1,
    what: 'frames end with NUL, their lines with LF, in 1.2 also CR LF; CONNECT may in any version',
    async check(stage, version) {
      const client = await stage.client();
      client.say(`CONNECT\r\naccept-version:${version}\r\nhost:test\r\n\r\n\0`);
      equal((await client.next('CONNECTED')).headers['version'], version);
      const other = await stage.subscriber('1.2', topic);
      const end = version === '1.2' ? '\r\n' : '\n';
      client.say(['SEND', `destination:${topic}`, 'note:a', '', 'body\0'].join(end));
      equal((await other.next('MESSAGE')).body.toString(), 'body');
      if (version === '1.2') return;
      client.send(topic, { note: 'a\r' });
      equal((await other.next('MESSAGE')).headers['note'], String.raw`a\r`);
    },
  },
  {
    number: 2,
    what: 'line ends between frames are life signs, and answered by nothing',
    async check(stage, version) {
      const client = await stage.connect(version);
      client.say('\n\n\n', version === '1.2' ? '\r\n' : '\n');
      await client.nothing();
      equal(client.lifeSigns, 0);
    },
  },
  {
    number: 3,
    what: 'commands and header names are case-sensitive',
    async check(stage, version) {
      const client = await stage.connect(version);
      client.say(frame('send', { destination: topic }));
      await client.refused();
      const other = await stage.connect(version);
      other.say(frame('SEND', { Destination: topic }));
      await other.refused();
    },
  },
  {
    number: 4,
    what: 'an unknown command is an error',
    async check(stage, version) {
      const client = await stage.connect(version);
      client.say(frame('SHOUT', { destination: topic }));
      await client.refused();
    },
  },
  {
    number: 5,
    what: 'commands and headers are UTF-8, bodies any octets',
    async check(stage, version) {
      const reader = await stage.subscriber(version, topic);
      const client = await stage.connect(version);
      const octets = Buffer.of(0xff, 0x00, 0xfe);
      client.say(`SEND\ndestination:${topic}\nnote:\u20ac\ncontent-length:3\n\n`, octets, '\0');
      const { headers, body } = await reader.next('MESSAGE');
      deepEqual([headers['note'], body], ['\u20ac', octets]);
      client.say(`SEND\ndestination:${topic}\nnote:`, Buffer.of(0xc3, 0x28), '\n\nx\0');
      await client.refused();
    },
  },
  {
    number: 6,
    what: 'a header line needs a colon, and the first one divides it',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      client.send(topic, { note: 'a:b:c' });
      const { headers } = await client.next('MESSAGE');
      equal(headers['note'], version === '1.0' ? 'a:b:c' : String.raw`a\cb\cc`);
      client.say(`SEND\ndestination:${topic}\nnocolon\n\nx\0`);
      await client.refused();
    },
  },
  {
    number: 7,
    what: '1.1 knows the escapes of LF, colon and backslash, 1.2 of CR too, 1.0 none; others are errors',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      const escaped = String.raw`a\nb\cc\\d`;
      client.send(topic, { note: escaped });
      equal((await client.next('MESSAGE')).headers['note'], escaped);
      if (version === '1.0') return;
      const other = await stage.connect(version);
      other.send(topic, { note: String.raw`a\rb` });
      if (version === '1.1') await other.refused();
      else equal((await client.next('MESSAGE')).headers['note'], String.raw`a\rb`);
      client.send(topic, { note: String.raw`a\tb` });
      await client.refused();
    },
  },
  {
    number: 8,
    what: 'CONNECT and CONNECTED are never escaped; what a version cannot say is left out towards it',
    async check(stage, version) {
      const client = await stage.client();
      const login = String.raw`a\cb`;
      client.say(frame('CONNECT', { 'accept-version': version, host: 'test', login }));
      equal((await client.next('CONNECTED')).headers['user-name'], undefined);
      equal([...stage.server.sessions.ofUser(login)].length, 1);
      await client.ask('SUBSCRIBE', { id: 's', destination: topic });
      const other = await stage.connect('1.2');
      const lines = String.raw`one\ntwo`;
      const colon = String.raw`a\cb`;
      other.send(topic, { lines, [colon]: 'named', note: String.raw`a\rb` });
      const { headers } = await client.next('MESSAGE');
      const expected = {
        '1.0': [undefined, undefined, undefined],
        '1.1': [lines, 'named', 'ab'],
        '1.2': [lines, 'named', String.raw`a\rb`],
      };
      deepEqual([headers['lines'], headers[colon], headers['note']], expected[version]);
      // Whatever stands behind the colon of a 1.0 name would become its value.
      ok(version !== '1.0' || headers['a'] === undefined);
      other.send(topic, { note: 'a\0b' });
      await other.refused();
    },
  },
  {
    number: 9,
    what: 'header names and values are not trimmed from 1.1 on; 1.0 tolerates blanks',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      if (version === '1.0') {
        client.say(`SEND\ndestination: ${topic}\n\nx\0`);
        await client.next('MESSAGE');
        return;
      }
      client.send(topic, { note: ' a ', ' spaced ': 'b' });
      const { headers } = await client.next('MESSAGE');
      deepEqual([headers['note'], headers[' spaced ']], [' a ', 'b']);
    },
  },
  {
    number: 10,
    what: 'of a repeated header the first counts',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      client.say(
        `SEND\ndestination:${topic}\nnote:first\ndestination:/topic/y\nnote:second\n\nx\0`,
      );
      equal((await client.next('MESSAGE')).headers['note'], 'first');
      client.say(`SEND\ndestination:${topic}\ncontent-length:3\ncontent-length:1\n\na\0b\0`);
      equal((await client.next('MESSAGE')).body.toString(), 'a\0b');
    },
  },
  {
    number: 11,
    what: 'only SEND carries a body',
    async check(stage, version) {
      const named = { id: 's', 'message-id': 's', destination: topic, transaction: 't' };
      const commands = 'SUBSCRIBE UNSUBSCRIBE ACK BEGIN COMMIT ABORT DISCONNECT'.split(' ');
      for (const command of version === '1.0' ? commands : [...commands, 'NACK']) {
        const client = await stage.connect(version);
        client.say(frame(command, { ...named, subscription: 's' }, 'body'));
        equal((await client.refused()).headers['code'], 'body-unexpected', command);
      }
    },
  },
  {
    number: 12,
    what: 'with content-length a body has exactly so many octets, NUL included',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      client.send(topic, { 'content-length': 5 }, 'a\0b\0c');
      equal((await client.next('MESSAGE')).body.toString(), 'a\0b\0c');
      client.send(topic, { 'content-length': 2 }, 'abc');
      await client.refused();
    },
  },
  {
    number: 13,
    what: 'without content-length a body ends at the first NUL; an impossible content-length is an error',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      client.send(topic, {}, 'ab\0\n\n');
      equal((await client.next('MESSAGE')).body.toString(), 'ab');
      for (const length of ['abc', '-1', '99999999999']) {
        const other = await stage.connect(version);
        other.send(topic, { 'content-length': length });
        await other.refused();
      }
    },
  },
  {
    number: 14,
    what: 'MESSAGE has a content-length, and a content-type only where one was given',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      client.send(topic, {}, 'abc');
      const { headers } = await client.next('MESSAGE');
      deepEqual([headers['content-length'], headers['content-type']], ['3', undefined]);
      client.send(topic, { 'content-type': 'text/x' }, 'abc');
      equal((await client.next('MESSAGE')).headers['content-type'], 'text/x');
    },
  },
  {
    number: 15,
    what: 'frames may be cut anywhere, and several may come at once',
    async check(stage, version) {
      const client = await stage.subscriber(version, topic);
      const end = version === '1.2' ? '\r\n' : '\n';
      const said = ['SEND', `destination:${topic}`, 'content-length:3', '', '\u20ac\0'].join(end);
      for (const size of [1, 3, 10])
        for (let at = 0; at < Buffer.byteLength(said); at += size)
          client.say(Buffer.from(said).subarray(at, at + size));
      client.say(said, said, said);
      deepEqual(await client.texts(6), Array(6).fill('\u20ac'));
    },
  },
  {
    number: 16,
    what: 'headers, their length and their number, and bodies have limits; nothing more is read beyond them',
    async check(stage, version) {
      const { maxHeaders, maxHeaderBytes, maxFrameBytes } = stage.server.options.limits;
      const reader = await stage.subscriber(version, topic);
      const many = Object.fromEntries(
        Array.from({ length: maxHeaders + 1 }, (_, i) => [`h${i}`, i]),
      );
      for (const said of [
        frame('SEND', { destination: topic, ...many }),
        frame('SEND', { destination: topic, long: 'x'.repeat(maxHeaderBytes + 1) }),
        frame('SEND', { destination: topic }, 'x'.repeat(maxFrameBytes + 1)),
      ]) {
        const client = await stage.connect(version);
        client.say(said, frame('SEND', { destination: topic }, 'behind'));
        ok((await client.refused()).headers['message'] !== undefined);
      }
      const client = await stage.connect(version);
      client.send(topic, {}, 'x'.repeat(maxFrameBytes - 1000));
      equal((await reader.next('MESSAGE')).body.length, maxFrameBytes - 1000);
    },
  },
];
