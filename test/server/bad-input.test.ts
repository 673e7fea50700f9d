// Bad input: each gets its documented answer, harms nobody else, and leaves nothing behind.
import { describe, expect, it } from 'vitest';
import {
  createServer,
  errorTable,
  memoryTransport,
  silentLogger,
  type ErrorCode,
} from '../../src/index.js';
import { countingClock } from '../counting-clock.js';
import { connect, frameText, open } from '../stomp-client.js';

const connected = frameText('CONNECT', { 'accept-version': '1.2', host: 'x' });
const octets = (...parts: (string | number[])[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`h${i}`, 'x']));

interface Case {
  readonly name: string;
  readonly input: string | Uint8Array;
  readonly code: ErrorCode;
  readonly receipt?: string;
}

const cases: readonly Case[] = [
  { name: 'an unknown command', input: frameText('JUMP'), code: 'command-unknown' },
  {
    name: 'a command in lower case',
    input: frameText('send', { destination: '/topic/x' }),
    code: 'command-unknown',
  },
  {
    name: 'a command of the server',
    input: frameText('MESSAGE', { destination: '/topic/x' }),
    code: 'command-unknown',
  },
  { name: 'a header without a colon', input: 'SEND\nnonsense\n\n\0', code: 'header-malformed' },
  {
    name: 'an illegal escape',
    input: 'SEND\ndestination:/topic/x\na:\\t\n\n\0',
    code: 'escape-illegal',
  },
  {
    name: 'a backslash at the end of a header',
    input: 'SEND\ndestination:/topic/x\na:\\\n\n\0',
    code: 'escape-illegal',
  },
  {
    name: 'invalid UTF-8 in a header',
    input: octets('SEND\ndestination:/topic/x\na:', [0xff], '\n\n\0'),
    code: 'text-invalid',
  },
  {
    name: 'invalid UTF-8 in a command',
    input: octets([0xc3, 0x28], '\n\n\0'),
    code: 'text-invalid',
  },
  {
    name: 'a body on SUBSCRIBE',
    input: frameText('SUBSCRIBE', { id: '1', destination: '/topic/y', receipt: 'r' }, 'x'),
    code: 'body-unexpected',
    receipt: 'r',
  },
  {
    name: 'SEND without destination',
    input: frameText('SEND', { receipt: 'r' }),
    code: 'header-missing',
    receipt: 'r',
  },
  {
    name: 'SUBSCRIBE without destination',
    input: frameText('SUBSCRIBE', { id: '1' }),
    code: 'header-missing',
  },
  {
    name: 'SUBSCRIBE without id',
    input: frameText('SUBSCRIBE', { destination: '/topic/y' }),
    code: 'header-missing',
  },
  { name: 'UNSUBSCRIBE without id', input: frameText('UNSUBSCRIBE'), code: 'header-missing' },
  {
    name: 'an impossible ack mode',
    input: frameText('SUBSCRIBE', { id: '1', destination: '/topic/y', ack: 'never' }),
    code: 'header-invalid',
  },
  {
    name: 'a content-length that is no number',
    input: frameText('SEND', { destination: '/topic/x', 'content-length': 'ten' }),
    code: 'content-length-invalid',
  },
  {
    name: 'a negative content-length',
    input: frameText('SEND', { destination: '/topic/x', 'content-length': '-1' }),
    code: 'content-length-invalid',
  },
  {
    name: 'a content-length that is too short',
    input: frameText('SEND', { destination: '/topic/x', 'content-length': '1' }, 'long'),
    code: 'content-length-invalid',
  },
  {
    name: 'a content-length beyond the limit',
    input: 'SEND\ndestination:/topic/x\ncontent-length:999999999\n\n',
    code: 'frame-too-large',
  },
  {
    name: 'a body beyond the limit',
    input: `SEND\ndestination:/topic/x\n\n${'x'.repeat(70_000)}`,
    code: 'frame-too-large',
  },
  {
    name: 'too many headers',
    input: frameText('SEND', { destination: '/topic/x', ...many(64) }),
    code: 'frame-too-large',
  },
  {
    name: 'a header line that is too long',
    input: frameText('SEND', { destination: '/topic/x', a: 'x'.repeat(9000) }),
    code: 'frame-too-large',
  },
  { name: 'a second CONNECT', input: connected, code: 'already-connected' },
  {
    name: 'an unknown subscription',
    input: frameText('UNSUBSCRIBE', { id: 'never', receipt: 'r' }),
    code: 'subscription-unknown',
    receipt: 'r',
  },
  {
    name: 'a destination that nothing serves',
    input: frameText('SEND', { destination: '/app/none', receipt: 'r' }),
    code: 'no-route',
    receipt: 'r',
  },
  {
    name: 'a wildcard in an own queue',
    input: frameText('SUBSCRIBE', { id: '1', destination: '/user/**' }),
    code: 'destination-invalid',
  },
  {
    name: 'a malformed pattern',
    input: frameText('SUBSCRIBE', { id: '1', destination: '/topic/{' }),
    code: 'destination-invalid',
  },
  {
    name: 'an expression in a pattern',
    input: frameText('SUBSCRIBE', { id: '1', destination: '/topic/{a:(a+)+}' }),
    code: 'destination-invalid',
  },
  {
    name: 'an ACK of nothing',
    input: frameText('ACK', { id: '1' }),
    code: 'acknowledgement-unknown',
  },
];

async function scene() {
  const clock = countingClock();
  const transport = memoryTransport();
  const server = await createServer({ transports: [transport], clock, logger: silentLogger });
  await server.start();
  const bystander = await connect(transport);
  await bystander.subscribe('b', '/topic/x');
  return { clock, transport, server, bystander };
}

describe.each(cases)('$name', ({ input, code, receipt }) => {
  it(`is ${code}`, async () => {
    const { clock, transport, server, bystander } = await scene();
    const client = await connect(transport);
    client.say('SEND', { destination: '/topic/x' }, 'accepted before');
    client.connection.send(input);
    client.say('SEND', { destination: '/topic/x' }, 'never read');

    const error = await client.next('ERROR');
    expect(error.headers['code']).toBe(code);
    expect(error.headers['receipt-id']).toBe(receipt);
    expect(JSON.stringify(error)).not.toMatch(/ {4}at |node_modules|\.ts:/);
    const closes = (errorTable[code] as { closes?: number }).closes ?? 1002;
    expect((await client.connection.closed).code).toBe(closes);

    const late = await connect(transport);
    late.say('SEND', { destination: '/topic/x' }, 'after');
    expect((await bystander.next('MESSAGE')).body).toBe('accepted before');
    expect((await bystander.next('MESSAGE')).body).toBe('after');
    await server.idle();
    expect(bystander.heard).toEqual([]);
    expect(server.sessions.size).toBe(2);
    await server.close();
    expect(clock.timers).toBe(0);
  });
});

describe('before CONNECT', () => {
  it.each<[string, string | Uint8Array, ErrorCode]>([
    [
      'a heart-beat pair that is none',
      frameText('CONNECT', { 'accept-version': '1.2', 'heart-beat': 'abc' }),
      'header-invalid',
    ],
    [
      'a negative heart-beat',
      frameText('CONNECT', { 'accept-version': '1.2', 'heart-beat': '-1,0' }),
      'header-invalid',
    ],
    [
      'half a heart-beat pair',
      frameText('CONNECT', { 'accept-version': '1.2', 'heart-beat': '5' }),
      'header-invalid',
    ],
    [
      'versions that we do not speak',
      frameText('CONNECT', { 'accept-version': '2.0,0.9' }),
      'version-unsupported',
    ],
    [
      'another frame',
      frameText('SUBSCRIBE', { id: '1', destination: '/topic/x' }),
      'not-connected',
    ],
  ])('%s', async (_, input, code) => {
    const { transport, server, clock } = await scene();
    const client = open(transport);
    client.connection.send(input);
    expect((await client.next('ERROR')).headers['code']).toBe(code);
    await client.connection.closed;
    await server.close();
    expect(clock.timers).toBe(0);
  });

  it('a first octet of no protocol closes without a word', async () => {
    const { transport, server } = await scene();
    const client = open(transport);
    client.connection.send(Uint8Array.of(0x16, 3, 1));
    expect(await client.connection.closed).toEqual({ code: 1002, reason: 'protocol-unknown' });
    await server.close();
  });

  it('a heart-beat beyond what timers hold is clamped', async () => {
    const { transport, server } = await scene();
    const client = open(transport);
    client.say('CONNECT', { 'accept-version': '1.2', host: 'x', 'heart-beat': '0,4294967296' });
    expect((await client.next('CONNECTED')).headers['heart-beat']).toBe('2147483647,0');
    await server.close();
  });

  it('a client that leaves in the middle of a frame leaves nothing', async () => {
    const { transport, server, clock } = await scene();
    const client = await connect(transport);
    client.connection.send('SEND\ndestination:/to');
    client.connection.vanish();
    await client.connection.closed;
    await server.idle();
    expect(server.sessions.size).toBe(1);
    await server.close();
    expect(clock.timers).toBe(0);
  });
});
