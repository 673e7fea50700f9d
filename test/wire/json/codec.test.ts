// The choice of the JSON codec.
import { expect, it } from 'vitest';
import { chooseCodec, chooseSubprotocol } from '../../../src/wire/codec.js';
import { jsonCodec } from '../../../src/wire/json/codec.js';
import { stompCodec } from '../../../src/wire/stomp/codec.js';

const codecs = [stompCodec, jsonCodec];

it('is chosen by its subprotocol or an opening brace', () => {
  expect(chooseSubprotocol(codecs, new Set(['v1.json.signalbox']))).toBe('v1.json.signalbox');
  expect(chooseCodec(codecs, 'v1.json.signalbox', 0x20)).toBe(jsonCodec);
  expect(chooseCodec(codecs, undefined, 0x7b)).toBe(jsonCodec);
  expect(chooseCodec(codecs, undefined, 0x5b)).toBeUndefined();
});
