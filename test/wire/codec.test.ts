// The choice of a codec: by subprotocol, else by the first octet.
import { describe, expect, it } from 'vitest';
import { chooseCodec, chooseSubprotocol, type WireCodec } from '../../src/wire/codec.js';
import { stompCodec } from '../../src/wire/stomp/codec.js';

const other: WireCodec = {
  ...stompCodec,
  name: 'other',
  subprotocols: ['v1.other'],
  begins: (octet) => octet === 0x7b,
};
const codecs = [stompCodec, other];

describe('a codec is chosen', () => {
  it('by the subprotocol that was agreed', () => {
    expect(chooseCodec(codecs, 'v1.other', 0x43)).toBe(other);
    expect(chooseCodec(codecs, 'v11.stomp', 0x7b)).toBe(stompCodec);
    expect(chooseCodec(codecs, 'v9.none', 0x43)).toBeUndefined();
  });

  it('by the first octet where none was agreed', () => {
    expect(chooseCodec(codecs, undefined, 'C'.charCodeAt(0))).toBe(stompCodec);
    expect(chooseCodec(codecs, undefined, '{'.charCodeAt(0))).toBe(other);
    expect(chooseCodec(codecs, undefined, 0)).toBeUndefined();
  });
});

describe('a subprotocol is answered', () => {
  it('as the first of ours that was offered, the highest version of STOMP first', () => {
    expect(chooseSubprotocol(codecs, new Set(['v10.stomp', 'v12.stomp', 'v1.other']))).toBe(
      'v12.stomp',
    );
    expect(chooseSubprotocol(codecs, new Set(['v1.other', 'foo']))).toBe('v1.other');
    expect(chooseSubprotocol(codecs, new Set(['foo']))).toBeUndefined();
  });
});
