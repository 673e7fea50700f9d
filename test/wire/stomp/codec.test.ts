// STOMP as the server chooses it: by subprotocol, and by the first octet.
import { expect, it } from 'vitest';
import { chooseCodec, chooseSubprotocol } from '../../../src/wire/codec.js';
import { stompCodec } from '../../../src/wire/stomp/codec.js';

it('line 72: prefers the highest version of those that were offered', () => {
  expect(stompCodec.subprotocols).toEqual(['v12.stomp', 'v11.stomp', 'v10.stomp']);
  expect(chooseSubprotocol([stompCodec], new Set(['v10.stomp', 'v11.stomp']))).toBe('v11.stomp');
});

it.each(['CONNECT', 'STOMP', '\n', '\r\n', 'BEGIN'])(
  'line 72: knows a client that offered none by %j',
  (said) => {
    expect(chooseCodec([stompCodec], undefined, Buffer.from(said)[0]!)).toBe(stompCodec);
  },
);

it.each(['{', '[', 'connect', '\0'])('does not begin with %j', (said) => {
  expect(chooseCodec([stompCodec], undefined, Buffer.from(said)[0]!)).toBeUndefined();
});

it('has no encoder for a version that it does not know', () => {
  expect(() => stompCodec.encoder('1.3')).toThrow(
    expect.objectContaining({ code: 'version-unsupported' }),
  );
});
