// The messages that a client sends in requests: those after a message that is too large are ignored.
import { expect, it } from 'vitest';
import { Inbound } from '../../../src/transport/http-session/inbound.js';
import type { ConnectionListener } from '../../../src/transport/transport.js';

it('a message above the limit ends the input, also while its session is not closed yet', async () => {
  const received: string[] = [];
  const listener: ConnectionListener = {
    data: (chunk) => void received.push(Buffer.from(chunk).toString()),
    ended: (code, reason) => void received.push(`${code} ${reason}`),
    drained() {},
    ponged() {},
    closed() {},
  };
  const inbound = new Inbound(3, () => listener);

  const all = await inbound.receive(['abc', 'abcd', 'abcde', 'x'].map((text) => Buffer.from(text)));

  expect(all).toBe(true);
  expect(received).toEqual(['abc', '1009 frame-too-large']);
});
