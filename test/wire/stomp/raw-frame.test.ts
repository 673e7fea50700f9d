// The bytes of raw frames.
import { describe, expect, it } from 'vitest';
import { dialects, type Version } from '../../../src/wire/stomp/dialect.js';
import { serialize } from '../../../src/wire/stomp/raw-frame.js';

function serialized(
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
  it('line 14: writes the length of a body in bytes, and no length without a body', () => {
    expect(serialized('1.2', 'SEND', { destination: '/a' }, 'né\0')).toBe(
      'SEND\ncontent-length:4\ndestination:/a\n\nné\0\0',
    );
    expect(serialized('1.2', 'ACK', { id: '1' })).toBe('ACK\nid:1\n\n\0');
  });

  it('ignores a content-length header', () => {
    expect(serialized('1.2', 'SEND', { 'content-length': '99' }, 'a')).toBe(
      'SEND\ncontent-length:1\n\na\0',
    );
    expect(serialized('1.2', 'SEND', { 'content-length': '99' })).toBe('SEND\n\n\0');
  });

  it('line 7: uses the escapes of the version', () => {
    expect(serialized('1.2', 'SEND', { 'a:b': '\r\n\\' })).toBe('SEND\na\\cb:\\r\\n\\\\\n\n\0');
    expect(serialized('1.1', 'SEND', { 'a:b': '\r\n\\' })).toBe('SEND\na\\cb:\\n\\\\\n\n\0');
    expect(serialized('1.0', 'SEND', { 'a:b': '\r\n\\', c: 'd\\:' })).toBe('SEND\nc:d\\:\n\n\0');
  });

  it.each(['CONNECT', 'STOMP', 'CONNECTED'])('line 8: never escapes %s', (command) => {
    expect(serialized('1.2', command, { passcode: 'a:b\\c', 'x:y': 'z', broken: 'a\nb' })).toBe(
      `${command}\npasscode:a:b\\c\n\n\0`,
    );
  });

  it('writes half surrogate pairs as replacement characters', () => {
    expect(serialized('1.2', 'SEND', { a: '\ud800' })).toBe('SEND\na:\ufffd\n\n\0');
  });
});
