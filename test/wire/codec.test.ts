// The choice of a codec: by subprotocol, otherwise by the first byte.
import { describe, expect, it } from 'vitest';
import { chooseCodec, chooseSubprotocol, type WireCodec } from '../../src/wire/codec.js';
import { stompCodec } from '../../src/wire/stomp/codec.js';

const other: WireCodec = {
  ...stompCodec,
  name: 'other',
  subprotocols: ['v1.other'],
  begins: (firstByte) => firstByte === 0x7b,
};
const codecs = [stompCodec, other];

describe('chooseCodec', () => {
  it('chooses by the negotiated subprotocol', () => {
    expect(chooseCodec(codecs, 'v1.other', 0x43)).toBe(other);
    expect(chooseCodec(codecs, 'v11.stomp', 0x7b)).toBe(stompCodec);
    expect(chooseCodec(codecs, 'v9.none', 0x43)).toBeUndefined();
  });

  it('chooses by the first byte without a subprotocol', () => {
    expect(chooseCodec(codecs, undefined, 'C'.charCodeAt(0))).toBe(stompCodec);
    expect(chooseCodec(codecs, undefined, '{'.charCodeAt(0))).toBe(other);
    expect(chooseCodec(codecs, undefined, 0)).toBeUndefined();
  });
});

describe('chooseSubprotocol', () => {
  it('chooses the first supported subprotocol that is offered, the highest version of STOMP first', () => {
    expect(chooseSubprotocol(codecs, new Set(['v10.stomp', 'v12.stomp', 'v1.other']))).toBe(
      'v12.stomp',
    );
    expect(chooseSubprotocol(codecs, new Set(['v1.other', 'foo']))).toBe('v1.other');
    expect(chooseSubprotocol(codecs, new Set(['foo']))).toBeUndefined();
  });
});
