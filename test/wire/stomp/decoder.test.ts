// Decoding of STOMP frames in each version.
import { describe, expect, it } from 'vitest';
import { stompCodec } from '../../../src/wire/stomp/codec.js';
import { codeOf, stompDecoder, decodeStomp, decodeFirst, limits } from '../decoding.js';

const versions = ['1.0', '1.1', '1.2'] as const;
const from11 = ['1.1', '1.2'] as const;

describe('CONNECT', () => {
  it('contains the credentials, and the passcode in no header', () => {
    const text =
      'CONNECT\naccept-version:1.2\nhost:h\nlogin:ann\npasscode:a:b\\c\nheart-beat:10000,5000\nx:1\n\n\0';
    expect(decodeFirst(text)).toEqual([
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
  ])('lines 1, 18, 19, 20: chooses the version of %j', (text, version) => {
    const decoder = stompCodec.decoder(limits, true);
    expect(decoder.version).toBe('1.0');
    expect([...decoder.push(Buffer.from(text))]).toMatchObject([{ kind: 'connect' }]);
    expect(decoder.version).toBe(version);
  });

  it.each(['2.0', '', '1', '1.2.0', '0.9,1.3'])(
    'line 21: is rejected for %j, without a common version',
    (accepted) => {
      const [item, ...more] = decodeFirst(`CONNECT\naccept-version:${accepted}\n\n\0`);
      expect(more).toEqual([]);
      expect(item).toMatchObject({
        kind: 'malformed',
        code: 'version-unsupported',
        detail: 'Supported are STOMP 1.0, 1.1 and 1.2.',
      });
    },
  );

  it('line 22: does not need a host', () => {
    expect(decodeFirst('CONNECT\naccept-version:1.2\n\n\0')).toMatchObject([
      { kind: 'connect', host: undefined },
    ]);
  });

  it('line 9: trims headers in 1.0, and not in later versions', () => {
    expect(decodeFirst('CONNECT\nlogin: ann\npasscode : \tx \n\n\0')).toMatchObject([
      { login: 'ann', passcode: 'x' },
    ]);
    expect(decodeFirst('CONNECT\naccept-version:1.1\npasscode: x \n\n\0')).toMatchObject([
      { passcode: ' x ' },
    ]);
  });

  it('line 9: accepts any content-length with blanks in CONNECT, which has no body', () => {
    for (const version of ['1.0', '1.1', '1.2'])
      expect(
        decodeFirst(`CONNECT\naccept-version:${version}\ncontent-length : x\n\n\0`),
      ).toMatchObject([{ kind: 'connect' }]);
  });

  it('line 25: does not change the version when it is repeated', () => {
    const decoder = stompDecoder('1.1');
    expect([...decoder.push(Buffer.from('CONNECT\naccept-version:1.2\n\n\0'))]).toMatchObject([
      { kind: 'connect' },
    ]);
    expect(decoder.version).toBe('1.1');
  });

  it('line 24: can follow other frames, which the session rejects', () => {
    expect(decodeFirst('SEND\r\ndestination: /a\nreceipt:r\n\nhi\0')).toMatchObject([
      { kind: 'send', message: { destination: '/a' }, receipt: 'r' },
    ]);
  });
});

describe('names of protected headers with blanks', () => {
  const names = ['content-length', 'receipt', 'transaction', 'message-id', 'user-name', 'ack'];
  const lines = names.map((name) => `${name} : 1\n ${name}:1\n`).join('');

  it('line 9: are the headers themselves in 1.0', () => {
    expect(decodeStomp('1.0', `SEND\n destination :/topic/a\n${lines}\nx\0`)).toEqual([
      {
        kind: 'send',
        message: {
          destination: '/topic/a',
          headers: new Map(),
          repeatedHeaders: undefined,
          body: Buffer.from('x'),
        },
        receipt: '1',
        transaction: '1',
      },
    ]);
  });

  it.each(['1.1', '1.2'] as const)(
    'line 9: have no effect in %s, and are not passed on',
    (version) => {
      const frame = `SEND\ndestination:/topic/a\ndestination :/topic/b\n${lines}\nxyz\0`;
      expect(decodeStomp(version, frame)).toEqual([
        {
          kind: 'send',
          message: {
            destination: '/topic/a',
            headers: new Map(),
            repeatedHeaders: undefined,
            body: Buffer.from('xyz'),
          },
          receipt: undefined,
          transaction: undefined,
        },
      ]);
      expect(decodeStomp(version, 'SEND\ndestination :/topic/b\n\n\0')).toMatchObject([
        { kind: 'malformed', code: 'header-missing' },
      ]);
    },
  );

  it('line 66: the answer to an invalid frame of 1.0 has the receipt', () => {
    expect(decodeStomp('1.0', 'SEND\nreceipt : r \n\n\0')).toMatchObject([
      { kind: 'malformed', code: 'header-missing', receipt: 'r' },
    ]);
  });
});

describe('heart-beat', () => {
  const pairOf = (line: string) => decodeFirst(`CONNECT\naccept-version:1.2\n${line}\n\0`);

  it('lines 28, 29, 32: is a pair, by default 0,0, and at most the longest timer', () => {
    expect(pairOf('')).toMatchObject([{ heartbeat: [0, 0] }]);
    expect(pairOf('heart-beat:0,4294967296\n')).toMatchObject([{ heartbeat: [0, 2 ** 31 - 1] }]);
    expect(pairOf(`heart-beat:${'9'.repeat(400)}, 1\n`)).toMatchObject([
      { heartbeat: [2 ** 31 - 1, 1] },
    ]);
  });

  it.each(['abc', '-1,0', '5', '', ',', '1,', '1,2,3', '1.5,0', '1e3,0', '0x1,0'])(
    'line 30: is rejected for %j',
    (value) => {
      expect(codeOf(...pairOf(`heart-beat:${value}\n`))).toBe('header-invalid');
    },
  );

  it('line 33: does not exist in 1.0', () => {
    expect(decodeFirst('CONNECT\nheart-beat:1000,1000\n\n\0')).toMatchObject([
      { heartbeat: [0, 0] },
    ]);
  });
});

describe('commands', () => {
  it.each(['send', 'Send', 'FOO', 'SENDX', ' SEND', 'MESSAGE', 'CONNECTED', 'RECEIPT', 'ERROR'])(
    'lines 3, 4, 71: are rejected when unknown: %j',
    (command) => {
      expect(
        codeOf(
          ...decodeStomp('1.2', `${command}\ndestination:/a\nmessage-id:1\nreceipt-id:1\n\n\0`),
        ),
      ).toBe('command-unknown');
    },
  );

  it('line 3: have case-sensitive header names', () => {
    expect(codeOf(...decodeStomp('1.2', 'SEND\nDestination:/a\n\n\0'))).toBe('header-missing');
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
  ])('line 11: are rejected with a body: %s', (command) => {
    expect(
      codeOf(...decodeStomp('1.2', `${command}\nid:1\ndestination:/a\ntransaction:t\n\nbody\0`)),
    ).toBe('body-unexpected');
  });

  it('line 11: may have a body of line ends', () => {
    for (const body of ['\n', '\r\n', '\n\n'])
      expect(decodeStomp('1.2', `BEGIN\ntransaction:t\n\n${body}\0`)).toMatchObject([
        { kind: 'begin' },
      ]);
  });

  it('line 11: lose their body in 1.0, also one that content-length announces', () => {
    const frames = [
      'BEGIN\ntransaction:t\n\nbody\0',
      'COMMIT\ntransaction:t\ncontent-length:9\n\n\0',
      'ABORT\ntransaction:u\n\n\0',
    ];
    expect(decodeStomp('1.0', frames.join(''))).toMatchObject([
      { kind: 'begin' },
      { kind: 'commit' },
      { kind: 'abort' },
    ]);
  });

  it('line 11: are rejected when content-length announces a body, before it arrives', () => {
    const text = 'ACK\nid:a\nmessage-id:a\nsubscription:s\nreceipt:r\ncontent-length:1\n\n';
    for (const version of ['1.1', '1.2'] as const)
      expect(decodeStomp(version, text)).toMatchObject([{ code: 'body-unexpected', receipt: 'r' }]);
  });

  it('line 11: have no body with a content-length of 0', () => {
    expect(decodeStomp('1.2', 'BEGIN\ntransaction:t\ncontent-length:0\n\n\0')).toMatchObject([
      { kind: 'begin', transaction: 't' },
    ]);
  });

  it('line 64: can all request a receipt', () => {
    const text = [
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
    const frames = decodeStomp('1.2', text);
    expect(frames.map(({ kind }) => kind)).toEqual([
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
    for (const frame of frames) expect(frame).toMatchObject({ receipt: 'r:1' });
  });
});

describe('SEND', () => {
  it('lines 35, 36: keeps headers of the application, and removes headers that only the server may set', () => {
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
    const text = `SEND\ndestination:/a\ncontent-type:text/plain\nid:7\nx:1\nx:2\n${lines}${lines}receipt:r\ntransaction:t\ncontent-length:2\n\nhi\0`;
    expect(decodeStomp('1.2', text)).toEqual([
      {
        kind: 'send',
        message: {
          destination: '/a',
          headers: new Map([
            ['content-type', 'text/plain'],
            ['id', '7'],
            ['x', '1'],
          ]),
          repeatedHeaders: new Map([['x', ['2']]]),
          body: Buffer.from('hi'),
        },
        receipt: 'r',
        transaction: 't',
      },
    ]);
  });

  it('line 35: compares trimmed names in 1.0', () => {
    expect(decodeStomp('1.0', 'SEND\ndestination: /a\n message-id :1\n\n\0')).toMatchObject([
      { message: { destination: '/a', headers: new Map() } },
    ]);
  });

  it('line 10: keeps the values of repeated headers, except of withheld ones', () => {
    const lines =
      'SEND\ndestination:/a\nx:1\ntag:a\nx:2\ntag:b\ndestination:/b\n user-name:eve\ntag:a\n\n\0';
    for (const version of ['1.0', '1.1', '1.2'] as const)
      expect(decodeStomp(version, lines)).toMatchObject([
        {
          message: {
            headers: new Map([
              ['x', '1'],
              ['tag', 'a'],
            ]),
            repeatedHeaders: new Map([
              ['x', ['2']],
              ['tag', ['b', 'a']],
            ]),
          },
        },
      ]);
  });

  it('line 10: trims repeated headers in 1.0', () => {
    expect(decodeStomp('1.0', 'SUBSCRIBE\ndestination:/a\ntag: a\ntag : b\n\n\0')).toMatchObject([
      { headers: new Map([['tag', 'a']]), repeatedHeaders: new Map([['tag', ['b']]]) },
    ]);
  });

  it('line 34: needs a destination', () => {
    expect(codeOf(...decodeStomp('1.2', 'SEND\n\nhi\0'))).toBe('header-missing');
  });
});

describe('SUBSCRIBE and UNSUBSCRIBE', () => {
  it('lines 39, 40, 44: contain id, destination and ack mode', () => {
    expect(
      decodeStomp(
        '1.2',
        'SUBSCRIBE\nid:s\ndestination:/a\nack:client-individual\nselector:x > 1\n\n\0',
      ),
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
    expect(decodeStomp('1.1', 'SUBSCRIBE\nid:s\ndestination:/a\n\n\0')).toMatchObject([
      { ack: 'auto' },
    ]);
    expect(decodeStomp('1.0', 'SUBSCRIBE\nid:s\ndestination:/a\nack:client\n\n\0')).toMatchObject([
      { id: 's', ack: 'client' },
    ]);
  });

  it.each(from11)('lines 39, 40, 45: need the headers that %s requires', (version) => {
    expect(codeOf(...decodeStomp(version, 'SUBSCRIBE\nid:s\n\n\0'))).toBe('header-missing');
    expect(codeOf(...decodeStomp(version, 'SUBSCRIBE\ndestination:/a\n\n\0'))).toBe(
      'header-missing',
    );
    expect(codeOf(...decodeStomp(version, 'UNSUBSCRIBE\ndestination:/a\n\n\0'))).toBe(
      'header-missing',
    );
    expect(decodeStomp(version, 'UNSUBSCRIBE\nid:s\n\n\0')).toEqual([
      { kind: 'unsubscribe', id: 's', receipt: undefined },
    ]);
  });

  it('line 44: are rejected with another ack mode', () => {
    expect(codeOf(...decodeStomp('1.2', 'SUBSCRIBE\nid:s\ndestination:/a\nack:none\n\n\0'))).toBe(
      'header-invalid',
    );
    expect(
      codeOf(...decodeStomp('1.0', 'SUBSCRIBE\nid:s\ndestination:/a\nack:client-individual\n\n\0')),
    ).toBe('header-invalid');
  });

  it('line 41: do not need an id in 1.0; the implicit id cannot be sent by a client', () => {
    expect(decodeStomp('1.0', 'SUBSCRIBE\ndestination: /a\n\n\0')).toMatchObject([
      { id: '\0/a', destination: '/a' },
    ]);
    expect(decodeStomp('1.0', 'UNSUBSCRIBE\ndestination:/a\n\n\0')).toEqual([
      { kind: 'unsubscribe', destination: '/a', receipt: undefined },
    ]);
    expect(decodeStomp('1.0', 'UNSUBSCRIBE\nid:s\n\n\0')).toMatchObject([{ id: 's' }]);
    expect(codeOf(...decodeStomp('1.0', 'UNSUBSCRIBE\n\n\0'))).toBe('header-missing');
  });
});

describe('ACK and NACK', () => {
  it('line 48: contain the acknowledgement id in 1.2', () => {
    expect(decodeStomp('1.2', 'ACK\nid:a\ntransaction:t\n\n\0')).toEqual([
      { kind: 'ack', id: 'a', subscription: undefined, transaction: 't', receipt: undefined },
    ]);
    expect(codeOf(...decodeStomp('1.2', 'ACK\nmessage-id:m\nsubscription:s\n\n\0'))).toBe(
      'header-missing',
    );
  });

  it('line 49: contain message id and subscription in 1.1', () => {
    expect(decodeStomp('1.1', 'NACK\nmessage-id:m\nsubscription:s\n\n\0')).toMatchObject([
      { kind: 'nack', id: 'm', subscription: 's' },
    ]);
    expect(codeOf(...decodeStomp('1.1', 'NACK\nmessage-id:m\n\n\0'))).toBe('header-missing');
    for (const requeue of [true, false])
      expect(decodeStomp('1.2', `NACK\nid:a\nrequeue:${requeue}\n\n\0`)).toMatchObject([
        { requeue },
      ]);
    for (const requeue of ['no', ''])
      expect(decodeStomp('1.2', `NACK\nid:a\nrequeue:${requeue}\n\n\0`)).toMatchObject([
        { kind: 'nack', refusal: { code: 'header-refused' } },
      ]);
    expect(codeOf(...decodeStomp('1.1', 'ACK\nsubscription:s\n\n\0'))).toBe('header-missing');
  });

  it('lines 50, 54: contain the message id in 1.0, which has no NACK', () => {
    expect(decodeStomp('1.0', 'ACK\nmessage-id: m\n\n\0')).toMatchObject([
      { kind: 'ack', id: 'm' },
    ]);
    expect(codeOf(...decodeStomp('1.0', 'ACK\n\n\0'))).toBe('header-missing');
    expect(codeOf(...decodeStomp('1.0', 'NACK\nmessage-id:m\n\n\0'))).toBe('command-unknown');
  });
});

it.each(['BEGIN', 'COMMIT', 'ABORT'])('line 58: %s needs a transaction', (command) => {
  expect(codeOf(...decodeStomp('1.2', `${command}\n\n\0`))).toBe('header-missing');
});

describe('a malformed frame', () => {
  it('is the last frame that is decoded', () => {
    const decoder = stompDecoder('1.2');
    const items = [
      ...decoder.push(
        Buffer.from('BEGIN\ntransaction:t\n\n\0broken\n\n\0BEGIN\ntransaction:u\n\n\0'),
      ),
    ];
    expect(items.map(({ kind }) => kind)).toEqual(['begin', 'malformed']);
    expect([...decoder.push(Buffer.from('BEGIN\ntransaction:u\n\n\0'))]).toEqual([]);
  });

  it('line 66: contains the requested receipt, if it was read', () => {
    expect(decodeStomp('1.2', 'SEND\nreceipt:r\\c1\n\nhi\0')).toMatchObject([
      { kind: 'malformed', receipt: 'r:1' },
    ]);
    expect(decodeStomp('1.2', 'SEND\nreceipt:r1\nbroken\n\nhi\0')).toMatchObject([
      { kind: 'malformed', receipt: 'r1' },
    ]);
    expect(decodeStomp('1.2', 'SEND\nreceipt:r1\ncontent-length:1\n\nhi\0')).toMatchObject([
      { kind: 'malformed', receipt: 'r1' },
    ]);
    expect(decodeStomp('1.0', 'SEND\nreceipt: r1\nbroken\n\nhi\0')).toMatchObject([
      { kind: 'malformed', receipt: 'r1' },
    ]);
    expect(
      decodeStomp('1.2', 'BEGIN\nreceipt:r1\ntransaction:t\n\n\0SEND\nbroken\n\n\0')[1],
    ).toMatchObject({ kind: 'malformed', receipt: undefined });
  });

  it('does not repeat text of the client', () => {
    for (const text of [
      'secret\n\n\0',
      'SEND\nsecret\n\n\0',
      'SEND\nsecret:\\x\n\n\0',
      'SUBSCRIBE\nid:1\ndestination:/\nack:secret\n\n\0',
    ]) {
      expect(JSON.stringify(decodeStomp('1.2', text))).not.toContain('secret');
    }
  });
});

describe('a line end', () => {
  it.each(versions)('lines 2, 75: is a heart-beat in %s', (version) => {
    expect(decodeStomp(version, '\n')).toEqual([{ kind: 'heartbeat' }]);
    expect(decodeStomp(version, '\r\n')).toEqual([{ kind: 'heartbeat' }]);
  });

  it('line 2: is a heart-beat before CONNECT too', () => {
    expect(decodeFirst('\n\n')).toEqual([{ kind: 'heartbeat' }]);
  });
});

it('decodes lazily, so that a frame can be processed before the next is parsed', () => {
  const frames = stompDecoder('1.2')
    .push(Buffer.from('BEGIN\ntransaction:t\n\n\0broken\n\n\0'))
    [Symbol.iterator]();
  expect(frames.next().value).toMatchObject({ kind: 'begin' });
  expect(frames.next().value).toMatchObject({ kind: 'malformed' });
  expect(frames.next().done).toBe(true);
});

it('decodes the next chunk when the rest of the previous one was not used', () => {
  const decoder = stompDecoder('1.2');
  for (const frame of decoder.push(Buffer.from('DISCONNECT\n\n\0BEGIN\n\n\0'))) {
    expect(frame).toMatchObject({ kind: 'disconnect' });
    break;
  }
  expect([...decoder.push(Buffer.from('BEGIN\ntransaction:t\n\n\0'))]).toMatchObject([
    { kind: 'begin' },
  ]);
});
