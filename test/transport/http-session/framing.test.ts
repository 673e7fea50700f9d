// The framing of sessions over HTTP: shared bytes, messages that are not text, and lone surrogates.
import { describe, expect, it } from 'vitest';
import { EncodedFrame } from '../../../src/message/encoded-frame.js';
import { joinableFraming, parseMessages } from '../../../src/transport/http-session/framing.js';
import { bytesOf, textOf } from '../../../src/transport/http-session/text.js';
import { plainFraming } from '../../../src/transport/websocket-frame.js';

const encoded = (text: string) => new EncodedFrame(Buffer.from(text), false);
const bytes = new EncodedFrame(Uint8Array.of(0xff, 0), true);

describe('messages', () => {
  it('of a batch are joined without another encoding', () => {
    const batch = encoded('x').batch(joinableFraming).with(encoded('"y"'), joinableFraming);
    expect(String(batch.bytes())).toBe(',"x","\\"y\\""');
  });

  it('that are not text are refused, each time', () => {
    for (let i = 0; i < 2; i++) {
      expect(() => bytes.framedBy(joinableFraming)).toThrow(
        expect.objectContaining({ code: 'text-required' }),
      );
      expect(() => bytes.batch(joinableFraming)).toThrow(
        expect.objectContaining({ code: 'text-required' }),
      );
    }
    expect(bytes.framedBy(plainFraming)[0]).toBe(0x82);
  });

  it('with the content type of bytes are accepted when they are text', () => {
    const frame = new EncodedFrame(Buffer.from('text'), true);
    expect(String(frame.framedBy(joinableFraming))).toBe(',"text"');
  });
});

describe('text', () => {
  it.each([
    '',
    'plain',
    'é€😀',
    '\ud800',
    'a\udc00',
    '\udbff\ud800\udc00x\udfff',
    '\ud83d\ude00\ud83d',
    '\ufeff\u0000',
    'é\ud800€\udc00😀\udfffx',
    '\ud800'.repeat(10_000),
    'a\udc00'.repeat(10_000),
  ])('%j is equal after its bytes', (text) => {
    expect(textOf(bytesOf(text))).toBe(text);
  });

  it.each([
    [0xff],
    [0xc0, 0x80],
    [0xed, 0xa0],
    [0xed, 0xa0, 0x80, 0xff],
    [0xe2, 0x82],
    [0xed, 0xa0, 0xc0],
    [0xe1, 0xed, 0xa0, 0x80],
  ])('is not %o %o %o %o', (...wrong) => {
    expect(textOf(Uint8Array.from(wrong))).toBeUndefined();
  });
});

describe('messages of a client', () => {
  it('are an array of strings', () => {
    const parsed = (json: string) => parseMessages(Buffer.from(json));
    expect(parsed('["a","b"]')).toEqual(['a', 'b']);
    expect(parsed('[]')).toEqual([]);
    expect(['"a"', '', '[1]', '{}', '[', '["a"] x'].map(parsed)).toEqual(Array(6).fill(undefined));
    expect(parseMessages(Uint8Array.of(0xff))).toBeUndefined();
  });

  it('are equal in an array of any size', () => {
    const texts = ['', 'a', '"', '\\', '\\"', '\\\\"x', '],"', '\ud800', '€😀', '\n\u0000'];
    const json = JSON.stringify(Array.from({ length: 1000 }, () => texts).flat());
    expect([...parseMessages(Buffer.from(json))!]).toEqual(JSON.parse(json));
    expect([...parseMessages(Buffer.from(` [ ${' '.repeat(20_000)} ] `))!]).toEqual([]);
    expect(parseMessages(Buffer.from(`${json.slice(0, -1)},1]`))).toBeUndefined();
  });
});
