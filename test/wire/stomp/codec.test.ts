// The choice of the STOMP codec: by subprotocol, and by the first byte.
import { expect, it } from 'vitest';
import { chooseCodec, chooseSubprotocol } from '../../../src/wire/codec.js';
import { stompCodec } from '../../../src/wire/stomp/codec.js';

it('line 72: prefers the highest version that is offered', () => {
  expect(stompCodec.subprotocols).toEqual(['v12.stomp', 'v11.stomp', 'v10.stomp']);
  expect(chooseSubprotocol([stompCodec], new Set(['v10.stomp', 'v11.stomp']))).toBe('v11.stomp');
});

it.each(['CONNECT', 'STOMP', '\n', '\r\n', 'BEGIN'])(
  'line 72: is chosen without a subprotocol for %j',
  (text) => {
    expect(chooseCodec([stompCodec], undefined, Buffer.from(text)[0]!)).toBe(stompCodec);
  },
);

it.each(['{', '[', 'connect', '\0'])('is not chosen for %j', (text) => {
  expect(chooseCodec([stompCodec], undefined, Buffer.from(text)[0]!)).toBeUndefined();
});

it('has no encoder for an unknown version', () => {
  expect(() => stompCodec.encoder('1.3')).toThrow(
    expect.objectContaining({ code: 'version-unsupported' }),
  );
});
