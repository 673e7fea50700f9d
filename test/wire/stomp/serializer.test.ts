// Raw frames to octets.
import { describe, expect, it } from 'vitest';
import { dialects, type Version } from '../../../src/wire/stomp/dialect.js';
import { serialize } from '../../../src/wire/stomp/serializer.js';

function written(
  version: Version,
  command: string,
  headers: Record<string, string>,
  body = '',
): string {
  return serialize(
    { command, headers: new Map(Object.entries(headers)), body: Buffer.from(body) },
    dialects[version],
  ).toString();
}

describe('serialize', () => {
  it('line 14: measures a body in octets and says nothing of an absent one', () => {
    expect(written('1.2', 'SEND', { destination: '/a' }, 'né\0')).toBe(
      'SEND\ncontent-length:4\ndestination:/a\n\nné\0\0',
    );
    expect(written('1.2', 'ACK', { id: '1' })).toBe('ACK\nid:1\n\n\0');
  });

  it('measures the body itself, whatever the headers say', () => {
    expect(written('1.2', 'SEND', { 'content-length': '99' }, 'a')).toBe(
      'SEND\ncontent-length:1\n\na\0',
    );
    expect(written('1.2', 'SEND', { 'content-length': '99' })).toBe('SEND\n\n\0');
  });

  it('line 7: escapes as the version does', () => {
    expect(written('1.2', 'SEND', { 'a:b': '\r\n\\' })).toBe('SEND\na\\cb:\\r\\n\\\\\n\n\0');
    expect(written('1.1', 'SEND', { 'a:b': '\r\n\\' })).toBe('SEND\na\\cb:\\n\\\\\n\n\0');
    expect(written('1.0', 'SEND', { 'a:b': '\r\n\\', c: 'd\\:' })).toBe('SEND\nc:d\\:\n\n\0');
  });

  it.each(['CONNECT', 'STOMP', 'CONNECTED'])('line 8: never escapes %s', (command) => {
    expect(written('1.2', command, { passcode: 'a:b\\c', 'x:y': 'z', broken: 'a\nb' })).toBe(
      `${command}\npasscode:a:b\\c\n\n\0`,
    );
  });

  it('writes text that is no Unicode as octets that are UTF-8', () => {
    expect(written('1.2', 'SEND', { a: '\ud800' })).toBe('SEND\na:\ufffd\n\n\0');
  });
});
