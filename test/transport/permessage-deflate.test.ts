// permessage-deflate with the clients of `ws`: negotiation, compression, shared messages, and the limit of inflation.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, type PerMessageDeflateOptions as ClientOptions } from 'ws';
import { EncodedFrame } from '../../src/message/encoded-frame.js';
import { createClientReader } from '../../src/transport/forwarded.js';
import { createOriginCheck } from '../../src/transport/origin.js';
import {
  acceptsDeflated,
  resolvePerMessageDeflate,
} from '../../src/transport/permessage-deflate.js';
import type { Connection } from '../../src/transport/transport.js';
import { webSocketTransport } from '../../src/transport/websocket.js';
import { EventLog, turns } from './event-log.js';
import { openEndpointsOf, type Endpoints } from './http-session/endpoints.js';

const maxMessageBytes = 50_000;

let endpoints: Endpoints;
let accepted: EventLog[];

beforeEach(async () => {
  accepted = [];
  const accept = (connection: Connection) => void accepted.push(new EventLog(connection));
  endpoints = await openEndpointsOf({ '/ws': { accept, maxMessageBytes } }, (path) =>
    webSocketTransport({
      path,
      subprotocol: () => undefined,
      origin: createOriginCheck({}),
      client: createClientReader(),
      deflate: { threshold: 1000, level: 1 },
    }),
  );
});

afterEach(async () => {
  for (const { connection } of accepted) connection.terminate();
  await endpoints.close();
});

/** A client that offers permessage-deflate, unless the offer is false. */
async function open(perMessageDeflate: boolean | ClientOptions = { threshold: 0 }) {
  const socket = new WebSocket(`ws://127.0.0.1:${endpoints.port}/ws`, { perMessageDeflate });
  const received: string[] = [];
  socket.on('message', (data: Buffer, binary) =>
    received.push(`${binary ? 'binary' : 'text'} ${data.toString()}`),
  );
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  await once(socket, 'open');
  const log = accepted.at(-1)!;
  const { connection } = log;
  /** Writes messages; resolves with the received messages. */
  const receive = async (...encoded: readonly EncodedFrame[]) => {
    for (const each of encoded) connection.write(each.framedBy(connection.framing));
    const pong = once(socket, 'pong');
    socket.ping();
    await pong;
    return received;
  };
  const { _socket: raw } = socket as unknown as { readonly _socket: Socket };
  return { closed, connection, log, raw, receive, socket };
}

const encoded = (text: string, binary = false) => new EncodedFrame(Buffer.from(text), binary);
const repeated = 'signalbox '.repeat(1000);

/** A compressed text message of a client in one frame, with a mask of zeros. */
function compressedMessage(payload: Buffer): Buffer {
  const head = Buffer.alloc(14);
  head[0] = 0xc1;
  head[1] = 0xff;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

describe('messages of the server', () => {
  it.each([false, true])('are compressed and arrive unchanged: binary %s', async (binary) => {
    const { connection, receive } = await open();
    const message = encoded(repeated, binary);
    expect(message.framedBy(connection.framing).length).toBeLessThan(repeated.length / 10);
    const expected = `${binary ? 'binary' : 'text'} ${repeated}`;
    expect(await receive(message, encoded('small'), message)).toEqual([
      expected,
      'text small',
      expected,
    ]);
  });

  it.each([
    ['below the threshold', Buffer.alloc(999, 'x')],
    ['that do not become smaller', randomBytes(2000)],
  ])('%s are not compressed', async (_, bytes) => {
    const { connection, receive } = await open();
    const message = new EncodedFrame(bytes, true);
    expect(message.framedBy(connection.framing)[0]).toBe(0x82);
    expect(await receive(message)).toEqual([`binary ${bytes.toString()}`]);
  });

  it('are compressed once for all clients', async () => {
    const clients = [await open(), await open(), await open({ clientNoContextTakeover: true })];
    const message = encoded(repeated);
    const [first, ...others] = clients.map(({ connection }) =>
      message.framedBy(connection.framing),
    );
    for (const other of others) expect(other).toBe(first);
    for (const { receive } of clients) expect(await receive(message)).toEqual([`text ${repeated}`]);
  });

  it.each([
    ['do not offer it', false],
    ['ask for a smaller window', { serverMaxWindowBits: 10 }],
  ] as const)('are plain for clients that %s', async (_, offer) => {
    const compressing = await open();
    const plain = await open(offer);
    const message = encoded(repeated);
    expect(message.framedBy(plain.connection.framing)[0]).toBe(0x81);
    for (const { receive } of [compressing, plain])
      expect(await receive(message)).toEqual([`text ${repeated}`]);
  });
});

describe('messages of a client', () => {
  it.each([
    ['each on its own', { threshold: 0, clientNoContextTakeover: true }],
    ['with reference to earlier ones', { threshold: 0 }],
  ])('are inflated, in their order: compressed %s', async (_, offer) => {
    const { log, socket } = await open(offer);
    const messages = ['first', repeated, 'second', repeated, 'third'];
    for (const message of messages) socket.send(message);
    await log.until('data third');
    expect(log.entries).toEqual(messages.map((message) => `data ${message}`));
  });

  it('are inflated when they arrive in fragments', async () => {
    const { log, socket } = await open();
    socket.send(repeated, { fin: false });
    socket.send('end', { fin: true });
    await log.until(`data ${repeated}end`);
  });

  it('close with 1009 when they would become larger than the limit', async () => {
    const { closed, log, raw } = await open();
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    const bomb = deflateRawSync(Buffer.alloc(40_000_000), options).subarray(0, -4);
    expect(bomb.length).toBeLessThan(maxMessageBytes);
    raw.write(compressedMessage(bomb));
    expect((await closed)[0]).toBe(1009);
    await log.until('closed 1009 frame-too-large');
    expect(log.entries).toEqual(['ended 1009', 'closed 1009 frame-too-large']);
  });

  describe('that arrive while the connection is paused', () => {
    /** Sends messages in one read, and pauses at the first one. */
    async function sendWhilePaused() {
      const client = await open();
      const payload = deflateRawSync('x'.repeat(1000), { finishFlush: constants.Z_SYNC_FLUSH });
      const { log, connection, raw } = client;
      const data = log.data.bind(log);
      log.data = (chunk) => {
        data(chunk);
        if (log.entries.length === 1) connection.pause();
      };
      raw.write(Buffer.concat(Array(100).fill(compressedMessage(payload.subarray(0, -4)))));
      await log.when((entries) => entries.length > 0);
      await turns(20);
      return client;
    }

    it('are inflated after it', async () => {
      const { log, connection, receive } = await sendWhilePaused();
      expect(log.entries).toHaveLength(1);
      connection.resume();
      await log.when((entries) => entries.length === 100);
      expect(await receive(encoded('x'))).toEqual(['text x']);
    });

    it('are read by a close, which completes', async () => {
      const { connection, closed, log } = await sendWhilePaused();
      connection.close(3000, 'done');
      expect((await closed)[0]).toBe(3000);
      await log.until('closed 3000 done');
    });

    it('are dropped when the connection is terminated', async () => {
      const { connection, log } = await sendWhilePaused();
      connection.terminate();
      await log.until('closed 1006 ');
      expect(log.entries).toHaveLength(2);
    });
  });

  it('may have as many bytes as the limit', async () => {
    const { log, socket } = await open();
    const largest = 'x'.repeat(maxMessageBytes);
    socket.send(largest);
    await log.until(`data ${largest}`);
  });

  it('close with 1007 when they cannot be inflated', async () => {
    const { closed, log, raw } = await open();
    raw.write(compressedMessage(Buffer.from('not deflated')));
    expect((await closed)[0]).toBe(1007);
    await log.until('closed 1007 ');
  });
});

describe('acceptsDeflated', () => {
  it.each([
    [undefined, true],
    ['permessage-deflate', true],
    ['permessage-deflate; client_max_window_bits', true],
    ['permessage-deflate; server_max_window_bits=15', true],
    ['permessage-deflate; server_max_window_bits = "9"', false],
    ['permessage-deflate; server_max_window_bits=10, permessage-deflate', false],
  ])('of %j is %s', (offers, accepts) => {
    expect(acceptsDeflated(offers)).toBe(accepts);
  });
});

describe('resolvePerMessageDeflate', () => {
  it.each([
    [undefined, undefined],
    [false, undefined],
    [true, { threshold: 1024, level: 1 }],
    [{}, { threshold: 1024, level: 1 }],
    [{ level: 9 }, { threshold: 1024, level: 9 }],
  ])('adds the defaults to %j', (given, options) => {
    expect(resolvePerMessageDeflate(given)).toEqual(options);
  });

  it.each([
    [{ level: 10 }, 'level'],
    [{ level: 0 }, 'level'],
    [{ threshold: -1 }, 'threshold'],
    [{ treshold: 1 }, 'treshold'],
    ['yes', 'perMessageDeflate'],
    [null, 'perMessageDeflate'],
  ])('rejects %j', (given, name) => {
    expect(() => resolvePerMessageDeflate(given as never)).toThrow(
      expect.objectContaining({
        code: 'option-invalid',
        message: expect.stringContaining(name) as string,
      }) as Error,
    );
  });
});
