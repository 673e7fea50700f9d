// Encoding of STOMP frames in each version.
import { describe, expect, it } from 'vitest';
import type { EncodedFrame } from '../../../src/message/encoded-frame.js';
import type { MessageFrame, ServerFrame } from '../../../src/message/frame.js';
import type { Message } from '../../../src/message/message.js';
import { stompCodec } from '../../../src/wire/stomp/codec.js';
import type { Version } from '../../../src/wire/stomp/dialect.js';

const versions = ['1.0', '1.1', '1.2'] as const;

function text({ bytes }: EncodedFrame): string {
  return Buffer.from(bytes).toString();
}

function encode(version: Version, frame: ServerFrame): string {
  return text(stompCodec.encoder(version).encode(frame));
}

function message(
  body: string | Uint8Array = '',
  headers: Record<string, string> = {},
  destination = '/topic/a',
): Message {
  return { destination, headers: new Map(Object.entries(headers)), body: Buffer.from(body) };
}

function delivery(of: Message, subscription = 's', more: Partial<MessageFrame> = {}): MessageFrame {
  return { kind: 'message', subscription, messageId: 'm-1', message: of, ...more };
}

describe('CONNECTED', () => {
  const frame = {
    kind: 'connected',
    session: 'id',
    server: 'signalbox/1',
    heartbeat: [0, 10_000],
  } as const;

  it.each(versions)(
    'lines 17, 23: contains version %s, session, server, heart-beat and user',
    (version) => {
      expect(encode(version, { ...frame, user: 'ann' })).toBe(
        `CONNECTED\nversion:${version}\nsession:id\nserver:signalbox/1\nheart-beat:0,10000\nuser-name:ann\n\n\0`,
      );
      expect(encode(version, frame)).not.toContain('user-name');
    },
  );

  it.each(['a:b', 'a\\b', String.raw`a\cb`])(
    'line 8: contains the user %j without escapes, as Spring writes it and stompjs reads it',
    (user) => {
      for (const version of versions)
        expect(encode(version, { ...frame, user })).toContain(`\nuser-name:${user}\n`);
    },
  );

  it.each(['a\nb', 'a\rb', 'a\0b'])(
    'line 8: omits the user %j, because CONNECTED has no escapes',
    (user) => {
      expect(encode('1.2', { ...frame, user })).toBe(encode('1.2', frame));
    },
  );
});

describe('MESSAGE', () => {
  it('line 10: contains all values of a repeated header in order, and none of a header that was removed', () => {
    const repeatedHeaders = new Map([
      ['tag', ['b', 'c:d']],
      ['removed', ['x']],
    ]);
    const sent = { ...message('', { tag: 'a', x: '1' }), repeatedHeaders };
    expect(encode('1.2', delivery(sent))).toContain('\ntag:a\ntag:b\ntag:c\\cd\nx:1\n\n');
    expect(encode('1.2', delivery(sent))).not.toContain('removed');
  });

  it('lines 14, 36, 42: contains subscription, message id, destination, headers and length', () => {
    const sent = message('né\0', { 'content-type': 'text/plain', x: '1' });
    expect(encode('1.2', delivery(sent))).toBe(
      'MESSAGE\nsubscription:s\nmessage-id:m-1\ndestination:/topic/a\ncontent-length:4\ncontent-type:text/plain\nx:1\n\nné\0\0',
    );
  });

  it('line 14: has no length without a body', () => {
    expect(encode('1.2', delivery(message()))).toBe(
      'MESSAGE\nsubscription:s\nmessage-id:m-1\ndestination:/topic/a\n\n\0',
    );
  });

  it('lines 7, 8: uses the escapes of the version', () => {
    const sent = message('', { 'a:b': 'c:d\\e', line: 'x\r\ny' }, '/a:\n');
    expect(encode('1.2', delivery(sent, 's:1'))).toBe(
      'MESSAGE\nsubscription:s\\c1\nmessage-id:m-1\ndestination:/a\\c\\n\na\\cb:c\\cd\\\\e\nline:x\\r\\ny\n\n\0',
    );
    expect(encode('1.1', delivery(sent, 's:1\r'))).toBe(
      'MESSAGE\nsubscription:s\\c1\nmessage-id:m-1\ndestination:/a\\c\\n\na\\cb:c\\cd\\\\e\nline:x\\ny\n\n\0',
    );
    expect(encode('1.0', delivery(sent, 's:1\r'))).toBe(
      'MESSAGE\nsubscription:s:1\nmessage-id:m-1\ndestination:/a:\n\n\0',
    );
  });

  it('is not broken by headers of the application', () => {
    const sent = message('', { 'content-length': '99', nul: '\0', 'x\n\n\0': 'y' });
    expect(encode('1.0', delivery(sent))).toBe(
      'MESSAGE\nsubscription:s\nmessage-id:m-1\ndestination:/topic/a\n\n\0',
    );
  });

  it('line 42: has no subscription for a 1.0 client that has set none', () => {
    expect(encode('1.0', delivery(message(), '\0/topic/a'))).toBe(
      'MESSAGE\nmessage-id:m-1\ndestination:/topic/a\n\n\0',
    );
  });

  it('line 51: contains the acknowledgement id in 1.2', () => {
    expect(encode('1.2', delivery(message(), 's', { marks: { ack: 'a:1' } }))).toContain(
      'message-id:m-1\nack:a\\c1\n',
    );
  });

  it.each(['1.0', '1.1'] as const)(
    'lines 49, 50: contains the acknowledgement id as the message id in %s, because ACK repeats that',
    (version) => {
      const frame = encode(version, delivery(message(), 's', { marks: { ack: 'a1' } }));
      expect(frame).toContain('message-id:a1\n');
      expect(frame).not.toContain('ack:');
    },
  );
});

describe('an encoded message', () => {
  const encoder = stompCodec.encoder('1.2');

  it('is one object for equal frames', () => {
    const sent = message('x');
    const frame = delivery(sent, 'a');
    const first = encoder.encode(frame);
    expect(encoder.encode(frame)).toBe(first);
    expect(encoder.encode(delivery(sent, 'a'))).toBe(first);
    expect(encoder.encode(delivery(sent, 'b'))).not.toBe(first);
    expect(encoder.encode(delivery(sent, 'a'))).toBe(first);
  });

  it('differs by message, message id and subscription', () => {
    const sent = message('x');
    const texts = [
      encoder.encode(delivery(sent, 'a')),
      encoder.encode(delivery(sent, 'a', { messageId: 'm-2' })),
      encoder.encode(delivery(message('y'), 'a')),
      encoder.encode(delivery(sent, 'b')),
    ].map(text);
    expect(new Set(texts).size).toBe(4);
  });

  it('contains the marks of its delivery', () => {
    const again = encode('1.2', delivery(message(), 's', { marks: { redelivered: 2 } }));
    expect(again).toContain('message-id:m-1\nredelivered:true\ndelivery-count:3\n');
    const kept = encode('1.2', delivery(message(), 's', { marks: { retained: true } }));
    expect(kept).toContain('message-id:m-1\nretained:true\n');
  });

  it('is not shared when the client must acknowledge it', () => {
    const frame = delivery(message('x'), 'a', { marks: { ack: '1' } });
    expect(encoder.encode(frame)).not.toBe(encoder.encode(frame));
    const plain = encoder.encode(delivery(frame.message, 'a'));
    expect(text(plain)).not.toContain('ack');
    expect(encoder.encode(delivery(frame.message, 'a'))).toBe(plain);
  });

  it('comes from a shared encoder; heart-beats are not shared', () => {
    expect(stompCodec.encoder('1.2')).toBe(encoder);
    const beat = encoder.encode({ kind: 'heartbeat' });
    expect(text(beat)).toBe('\n');
    expect(encoder.encode({ kind: 'heartbeat' })).not.toBe(beat);
  });
});

describe('a WebSocket message', () => {
  const binary = (of: Message) => stompCodec.encoder('1.2').encode(delivery(of)).binary;

  it('line 73: is text when the body is UTF-8', () => {
    expect(binary(message('né', { 'content-type': 'image/png' }))).toBe(false);
    expect(binary(message())).toBe(false);
  });

  it('line 73: is binary when the body is not UTF-8, or has the content type of bytes', () => {
    expect(binary(message(Buffer.from([0xff])))).toBe(true);
    expect(binary(message(Buffer.from([0xff]), { 'content-type': 'text/plain' }))).toBe(true);
    expect(binary(message('x', { 'content-type': 'application/octet-stream' }))).toBe(true);
    expect(binary(message('x', { 'content-type': ' Application/Octet-Stream; a=b' }))).toBe(true);
  });
});

it.each(versions)('line 64: RECEIPT contains the receipt in %s', (version) => {
  expect(encode(version, { kind: 'receipt', receipt: 'r1' })).toBe('RECEIPT\nreceipt-id:r1\n\n\0');
});

describe('ERROR', () => {
  const frame = {
    kind: 'error',
    code: 'header-missing',
    message: 'SEND needs: a',
    fatal: true,
  } as const;

  it('line 66: contains message, code and receipt', () => {
    expect(encode('1.2', { ...frame, receipt: 'r:1' })).toBe(
      'ERROR\nmessage:SEND needs\\c a\ncode:header-missing\nreceipt-id:r\\c1\n\n\0',
    );
    expect(encode('1.0', frame)).toBe('ERROR\nmessage:SEND needs: a\ncode:header-missing\n\n\0');
  });

  it('line 66: contains the details in its body', () => {
    expect(encode('1.2', { ...frame, detail: 'né' })).toMatch(
      /content-type:text\/plain\ncontent-length:3\n\nné\0$/,
    );
  });

  it('line 21: contains the supported versions', () => {
    expect(encode('1.0', { ...frame, code: 'version-unsupported' })).toContain(
      '\nversion:1.0,1.1,1.2\n',
    );
  });
});
