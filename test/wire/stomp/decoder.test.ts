// STOMP frames as clients mean them, in each version.
import { describe, expect, it } from 'vitest';
import { stompCodec } from '../../../src/wire/stomp/codec.js';
import { codeOf, connectedDecoder, hear, hearFirst, limits } from './octets.js';

const versions = ['1.0', '1.1', '1.2'] as const;
const from11 = ['1.1', '1.2'] as const;

describe('CONNECT', () => {
  it('says who connects, and the passcode in no header', () => {
    const said =
      'CONNECT\naccept-version:1.2\nhost:h\nlogin:ann\npasscode:a:b\\c\nheart-beat:10000,5000\nx:1\n\n\0';
    expect(hearFirst(said)).toEqual([
      {
        kind: 'connect',
        host: 'h',
        login: 'ann',
        passcode: 'a:b\\c',
        heartbeat: [10_000, 5000],
        headers: new Map([
          ['accept-version', '1.2'],
          ['host', 'h'],
          ['login', 'ann'],
          ['heart-beat', '10000,5000'],
          ['x', '1'],
        ]),
      },
    ]);
  });

  it.each([
    ['CONNECT\n\n\0', '1.0'],
    ['CONNECT\naccept-version:1.0\n\n\0', '1.0'],
    ['CONNECT\naccept-version:1.1,1.0\n\n\0', '1.1'],
    ['CONNECT\naccept-version:1.0, 1.2 ,1.1,2.0\n\n\0', '1.2'],
    ['STOMP\naccept-version:1.1\n\n\0', '1.1'],
    ['CONNECT\r\naccept-version:1.1\r\n\r\n\0', '1.1'],
    ['\r\n\nSTOMP\r\naccept-version:1.2\r\n\r\n\0', '1.2'],
  ])('lines 1, 18, 19, 20: settles the version of %j', (said, version) => {
    const decoder = stompCodec.decoder(limits, true);
    expect(decoder.version).toBe('1.0');
    expect([...decoder.push(Buffer.from(said))]).toMatchObject([{ kind: 'connect' }]);
    expect(decoder.version).toBe(version);
  });

  it.each(['2.0', '', '1', '1.2.0', '0.9,1.3'])(
    'line 21: no version in common with %j',
    (accepted) => {
      const [item, ...more] = hearFirst(`CONNECT\naccept-version:${accepted}\n\n\0`);
      expect(more).toEqual([]);
      expect(item).toMatchObject({
        kind: 'malformed',
        code: 'version-unsupported',
        detail: 'Supported are STOMP 1.0, 1.1 and 1.2.',
      });
    },
  );

  it('line 22: tolerates a missing host', () => {
    expect(hearFirst('CONNECT\naccept-version:1.2\n\n\0')).toMatchObject([
      { kind: 'connect', host: undefined },
    ]);
  });

  it('line 9: takes blanks off in 1.0 and leaves them in later versions', () => {
    expect(hearFirst('CONNECT\nlogin: ann\npasscode : \tx \n\n\0')).toMatchObject([
      { login: 'ann', passcode: 'x' },
    ]);
    expect(hearFirst('CONNECT\naccept-version:1.1\npasscode: x \n\n\0')).toMatchObject([
      { passcode: ' x ' },
    ]);
  });

  it('line 25: a second one is a frame like others and settles nothing', () => {
    const decoder = connectedDecoder('1.1');
    expect([...decoder.push(Buffer.from('CONNECT\naccept-version:1.2\n\n\0'))]).toMatchObject([
      { kind: 'connect' },
    ]);
    expect(decoder.version).toBe('1.1');
  });

  it('line 24: reads frames before it, so that they can be refused for coming too early', () => {
    expect(hearFirst('SEND\r\ndestination: /a\nreceipt:r\n\nhi\0')).toMatchObject([
      { kind: 'send', message: { destination: '/a' }, receipt: 'r' },
    ]);
  });
});

describe('heart-beat', () => {
  const pairOf = (said: string) => hearFirst(`CONNECT\naccept-version:1.2\n${said}\n\0`);

  it('lines 28, 29, 32: is a pair, absent none, and clamped', () => {
    expect(pairOf('')).toMatchObject([{ heartbeat: [0, 0] }]);
    expect(pairOf('heart-beat:0,4294967296\n')).toMatchObject([{ heartbeat: [0, 2 ** 31 - 1] }]);
    expect(pairOf(`heart-beat:${'9'.repeat(400)}, 1\n`)).toMatchObject([
      { heartbeat: [2 ** 31 - 1, 1] },
    ]);
  });

  it.each(['abc', '-1,0', '5', '', ',', '1,', '1,2,3', '1.5,0', '1e3,0', '0x1,0'])(
    'line 30: refuses %j',
    (value) => {
      expect(codeOf(pairOf(`heart-beat:${value}\n`))).toBe('header-invalid');
    },
  );

  it('line 33: there is none in 1.0', () => {
    expect(hearFirst('CONNECT\nheart-beat:1000,1000\n\n\0')).toMatchObject([{ heartbeat: [0, 0] }]);
  });
});

describe('commands', () => {
  it.each(['send', 'Send', 'FOO', 'SENDX', ' SEND', 'MESSAGE', 'CONNECTED', 'RECEIPT', 'ERROR'])(
    'lines 3, 4, 71: refuses %j',
    (command) => {
      expect(
        codeOf(hear('1.2', `${command}\ndestination:/a\nmessage-id:1\nreceipt-id:1\n\n\0`)),
      ).toBe('command-unknown');
    },
  );

  it('line 3: header names are case-sensitive', () => {
    expect(codeOf(hear('1.2', 'SEND\nDestination:/a\n\n\0'))).toBe('header-missing');
  });

  it.each([
    'SUBSCRIBE',
    'UNSUBSCRIBE',
    'ACK',
    'NACK',
    'BEGIN',
    'COMMIT',
    'ABORT',
    'DISCONNECT',
    'CONNECT',
    'STOMP',
  ])('line 11: %s carries no body', (command) => {
    expect(codeOf(hear('1.2', `${command}\nid:1\ndestination:/a\ntransaction:t\n\nbody\0`))).toBe(
      'body-unexpected',
    );
  });

  it('line 11: a content-length of 0 is no body', () => {
    expect(hear('1.2', 'BEGIN\ntransaction:t\ncontent-length:0\n\n\0')).toMatchObject([
      { kind: 'begin', transaction: 't' },
    ]);
  });

  it('line 64: any frame may ask for a receipt', () => {
    const said = [
      'BEGIN',
      'COMMIT',
      'ABORT',
      'DISCONNECT',
      'SEND',
      'SUBSCRIBE',
      'UNSUBSCRIBE',
      'ACK',
      'NACK',
    ]
      .map((command) => `${command}\nid:1\ndestination:/a\ntransaction:t\nreceipt:r\\c1\n\n\0`)
      .join('\n');
    const heard = hear('1.2', said);
    expect(heard.map(({ kind }) => kind)).toEqual([
      'begin',
      'commit',
      'abort',
      'disconnect',
      'send',
      'subscribe',
      'unsubscribe',
      'ack',
      'nack',
    ]);
    for (const frame of heard) expect(frame).toMatchObject({ receipt: 'r:1' });
  });
});

describe('SEND', () => {
  it('lines 35, 36: keeps the headers of the application and drops those of the server, in every occurrence', () => {
    const owned = [
      'message-id',
      'subscription',
      'receipt-id',
      'ack',
      'redelivered',
      'session',
      'user-name',
      'dropped',
    ];
    const lines = owned.map((name) => `${name}:1\n`).join('');
    const said = `SEND\ndestination:/a\ncontent-type:text/plain\nid:7\nx:1\nx:2\n${lines}${lines}receipt:r\ntransaction:t\ncontent-length:2\n\nhi\0`;
    expect(hear('1.2', said)).toEqual([
      {
        kind: 'send',
        message: {
          destination: '/a',
          headers: new Map([
            ['content-type', 'text/plain'],
            ['id', '7'],
            ['x', '1'],
          ]),
          body: Buffer.from('hi'),
        },
        receipt: 'r',
        transaction: 't',
      },
    ]);
  });

  it('line 35: compares names after the blanks of 1.0 are off', () => {
    expect(hear('1.0', 'SEND\ndestination: /a\n message-id :1\n\n\0')).toMatchObject([
      { message: { destination: '/a', headers: new Map() } },
    ]);
  });

  it('line 34: needs a destination', () => {
    expect(codeOf(hear('1.2', 'SEND\n\nhi\0'))).toBe('header-missing');
  });
});

describe('SUBSCRIBE and UNSUBSCRIBE', () => {
  it('lines 39, 40, 44: say id, destination and ack mode', () => {
    expect(
      hear('1.2', 'SUBSCRIBE\nid:s\ndestination:/a\nack:client-individual\nselector:x > 1\n\n\0'),
    ).toEqual([
      {
        kind: 'subscribe',
        id: 's',
        destination: '/a',
        ack: 'client-individual',
        headers: new Map([['selector', 'x > 1']]),
        receipt: undefined,
      },
    ]);
    expect(hear('1.1', 'SUBSCRIBE\nid:s\ndestination:/a\n\n\0')).toMatchObject([{ ack: 'auto' }]);
    expect(hear('1.0', 'SUBSCRIBE\nid:s\ndestination:/a\nack:client\n\n\0')).toMatchObject([
      { id: 's', ack: 'client' },
    ]);
  });

  it.each(from11)('lines 39, 40, 45: need what %s requires', (version) => {
    expect(codeOf(hear(version, 'SUBSCRIBE\nid:s\n\n\0'))).toBe('header-missing');
    expect(codeOf(hear(version, 'SUBSCRIBE\ndestination:/a\n\n\0'))).toBe('header-missing');
    expect(codeOf(hear(version, 'UNSUBSCRIBE\ndestination:/a\n\n\0'))).toBe('header-missing');
    expect(hear(version, 'UNSUBSCRIBE\nid:s\n\n\0')).toEqual([
      { kind: 'unsubscribe', id: 's', receipt: undefined },
    ]);
  });

  it('line 44: refuses other ack modes', () => {
    expect(codeOf(hear('1.2', 'SUBSCRIBE\nid:s\ndestination:/a\nack:none\n\n\0'))).toBe(
      'header-invalid',
    );
    expect(
      codeOf(hear('1.0', 'SUBSCRIBE\nid:s\ndestination:/a\nack:client-individual\n\n\0')),
    ).toBe('header-invalid');
  });

  it('line 41: 1.0 may leave the id out; the one it gets can be named by no client', () => {
    expect(hear('1.0', 'SUBSCRIBE\ndestination: /a\n\n\0')).toMatchObject([
      { id: '\0/a', destination: '/a' },
    ]);
    expect(hear('1.0', 'UNSUBSCRIBE\ndestination:/a\n\n\0')).toEqual([
      { kind: 'unsubscribe', destination: '/a', receipt: undefined },
    ]);
    expect(hear('1.0', 'UNSUBSCRIBE\nid:s\n\n\0')).toMatchObject([{ id: 's' }]);
    expect(codeOf(hear('1.0', 'UNSUBSCRIBE\n\n\0'))).toBe('header-missing');
  });
});

describe('ACK and NACK', () => {
  it('line 48: 1.2 names the ack', () => {
    expect(hear('1.2', 'ACK\nid:a\ntransaction:t\n\n\0')).toEqual([
      { kind: 'ack', id: 'a', subscription: undefined, transaction: 't', receipt: undefined },
    ]);
    expect(codeOf(hear('1.2', 'ACK\nmessage-id:m\nsubscription:s\n\n\0'))).toBe('header-missing');
  });

  it('line 49: 1.1 names message and subscription', () => {
    expect(hear('1.1', 'NACK\nmessage-id:m\nsubscription:s\n\n\0')).toMatchObject([
      { kind: 'nack', id: 'm', subscription: 's' },
    ]);
    expect(codeOf(hear('1.1', 'NACK\nmessage-id:m\n\n\0'))).toBe('header-missing');
    expect(codeOf(hear('1.1', 'ACK\nsubscription:s\n\n\0'))).toBe('header-missing');
  });

  it('lines 50, 54: 1.0 names the message, and has no NACK', () => {
    expect(hear('1.0', 'ACK\nmessage-id: m\n\n\0')).toMatchObject([{ kind: 'ack', id: 'm' }]);
    expect(codeOf(hear('1.0', 'ACK\n\n\0'))).toBe('header-missing');
    expect(codeOf(hear('1.0', 'NACK\nmessage-id:m\n\n\0'))).toBe('command-unknown');
  });
});

it.each(['BEGIN', 'COMMIT', 'ABORT'])('line 58: %s needs a transaction', (command) => {
  expect(codeOf(hear('1.2', `${command}\n\n\0`))).toBe('header-missing');
});

describe('malformed input', () => {
  it('is the last thing that is ever read', () => {
    const decoder = connectedDecoder('1.2');
    const heard = [
      ...decoder.push(
        Buffer.from('BEGIN\ntransaction:t\n\n\0broken\n\n\0BEGIN\ntransaction:u\n\n\0'),
      ),
    ];
    expect(heard.map(({ kind }) => kind)).toEqual(['begin', 'malformed']);
    expect([...decoder.push(Buffer.from('BEGIN\ntransaction:u\n\n\0'))]).toEqual([]);
  });

  it('line 66: names the receipt that the frame asked for, where it could be read', () => {
    expect(hear('1.2', 'SEND\nreceipt:r\\c1\n\nhi\0')).toMatchObject([
      { kind: 'malformed', receipt: 'r:1' },
    ]);
    expect(hear('1.2', 'SEND\nreceipt:r1\nbroken\n\nhi\0')).toMatchObject([
      { kind: 'malformed', receipt: 'r1' },
    ]);
    expect(hear('1.2', 'SEND\nreceipt:r1\ncontent-length:1\n\nhi\0')).toMatchObject([
      { kind: 'malformed', receipt: 'r1' },
    ]);
    expect(hear('1.0', 'SEND\nreceipt: r1\nbroken\n\nhi\0')).toMatchObject([
      { kind: 'malformed', receipt: 'r1' },
    ]);
    expect(
      hear('1.2', 'BEGIN\nreceipt:r1\ntransaction:t\n\n\0SEND\nbroken\n\n\0')[1],
    ).toMatchObject({ kind: 'malformed', receipt: undefined });
  });

  it('repeats nothing of what the client said', () => {
    for (const said of [
      'secret\n\n\0',
      'SEND\nsecret\n\n\0',
      'SEND\nsecret:\\x\n\n\0',
      'SUBSCRIBE\nid:1\ndestination:/\nack:secret\n\n\0',
    ]) {
      expect(JSON.stringify(hear('1.2', said))).not.toContain('secret');
    }
  });
});

describe('life', () => {
  it.each(versions)('lines 2, 75: a lone LF is a heart-beat in %s', (version) => {
    expect(hear(version, '\n')).toEqual([{ kind: 'heartbeat' }]);
    expect(hear(version, '\r\n')).toEqual([{ kind: 'heartbeat' }]);
  });

  it('line 2: is heard before CONNECT too', () => {
    expect(hearFirst('\n\n')).toEqual([{ kind: 'heartbeat' }]);
  });
});

it('reads lazily, so that a frame can be worked off before the next is looked at', () => {
  const frames = connectedDecoder('1.2')
    .push(Buffer.from('BEGIN\ntransaction:t\n\n\0broken\n\n\0'))
    [Symbol.iterator]();
  expect(frames.next().value).toMatchObject({ kind: 'begin' });
  expect(frames.next().value).toMatchObject({ kind: 'malformed' });
  expect(frames.next().done).toBe(true);
});

it('reads on with the next chunk when what was left of one was not wanted', () => {
  const decoder = connectedDecoder('1.2');
  for (const frame of decoder.push(Buffer.from('DISCONNECT\n\n\0BEGIN\n\n\0'))) {
    expect(frame).toMatchObject({ kind: 'disconnect' });
    break;
  }
  expect([...decoder.push(Buffer.from('BEGIN\ntransaction:t\n\n\0'))]).toMatchObject([
    { kind: 'begin' },
  ]);
});
