// WebSocket messages in parts over real sockets: all fragmentations, wrong frames, limits, back-pressure, and the end of a connection.
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createClientReader } from '../../src/transport/forwarded.js';
import { FrameDivider } from '../../src/transport/message-parts.js';
import { createOriginCheck } from '../../src/transport/origin.js';
import type { Connection } from '../../src/transport/transport.js';
import { webSocketTransport } from '../../src/transport/websocket.js';
import { ClosingLog, turn, turns } from './event-log.js';
import { openEndpointsOf, type Endpoints } from './http-session/endpoints.js';

const maxPartBytes = 1024;
const maxMessageBytes = 1024 * 1024;

interface Message {
  readonly binary: boolean;
  readonly parts: Buffer[];
}

/** Keeps the parts of each message. */
class PartLog extends ClosingLog {
  readonly messages: Message[] = [];
  bytes = 0;
  #current: Message | undefined;

  override data(chunk: Uint8Array, binary = false, more = false): void {
    this.#current ??= { binary, parts: [] };
    this.#current.parts.push(Buffer.from(chunk));
    this.bytes += chunk.length;
    if (!more) {
      this.messages.push(this.#current);
      this.#current = undefined;
    }
    this.add('part');
  }

  /** Parts of the message that has not ended. */
  get begun(): number | undefined {
    return this.#current?.parts.length;
  }
}

let endpoints: Endpoints;
let accepted: PartLog[];
let port: number;

beforeEach(async () => {
  accepted = [];
  const accept = (connection: Connection) => void accepted.push(new PartLog(connection));
  endpoints = await openEndpointsOf({ '/ws': { accept, maxMessageBytes } }, (path) =>
    webSocketTransport({
      path,
      subprotocol: () => undefined,
      origin: createOriginCheck({}),
      client: createClientReader(),
      maxPartBytes,
    }),
  );
  ({ port } = endpoints);
});

afterEach(async () => {
  for (const { connection } of accepted) connection.terminate();
  await endpoints.close();
});

async function open(): Promise<{ socket: WebSocket; log: PartLog; closed: Promise<number> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  return { socket, log: accepted.at(-1)!, closed };
}

/** Resolves when the server has read everything that the client has sent. */
async function roundTrip(socket: WebSocket): Promise<void> {
  const pong = once(socket, 'pong');
  socket.ping();
  await pong;
}

const request =
  'GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A connection that sends frames which no client library sends. */
async function openRaw(
  early: readonly Uint8Array[] = [],
): Promise<{ socket: Socket; log: PartLog }> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Buffer.concat([Buffer.from(request), ...early]));
  await once(socket, 'data');
  return { socket, log: accepted.at(-1)! };
}

/** A masked frame. @param first its first byte */
function frame(first: number, payload: string | Uint8Array = '', mask = randomBytes(4)): Buffer {
  const bytes = Buffer.from(payload as string);
  const { length } = bytes;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, mask, bytes.map((byte, i) => byte ^ mask[i % 4]!)]);
}

const [text, binary, continued, final] = [0x01, 0x02, 0x00, 0x80];
const ping = frame(0x89, 'ping');

/** The close code that the server sends. */
async function closeCode(socket: Socket, frames: readonly Uint8Array[]): Promise<number> {
  socket.write(Buffer.concat(frames));
  const received: Buffer[] = [];
  for await (const chunk of socket) received.push(chunk as Buffer);
  const bytes = Buffer.concat(received);
  return bytes.readUInt16BE(bytes.lastIndexOf(0x88) + 2);
}

describe('a message', () => {
  it.each([0, 1, 125, 126, 1020, 1021, 1022, 1024, 1025, 65_535, 65_536, 200_000])(
    'of %d bytes in one frame arrives in parts up to the limit',
    async (size) => {
      const { socket, log } = await open();
      const bytes = randomBytes(size);
      socket.send(bytes);
      socket.send('é'.repeat(size / 2));
      await roundTrip(socket);
      const [first, second] = log.messages;
      expect(first!.binary).toBe(true);
      expect(Buffer.concat(first!.parts).equals(bytes)).toBe(true);
      expect(first!.parts.map(({ length }) => length)).toEqual([
        ...Array<number>(Math.max(Math.ceil(size / maxPartBytes) - 1, 0)).fill(maxPartBytes),
        size === 0 ? 0 : ((size - 1) % maxPartBytes) + 1,
      ]);
      expect(second!.binary).toBe(false);
      // Each part is valid by itself.
      expect(second!.parts.map(String).join('')).toBe('é'.repeat(size / 2));
      expect(Math.max(...second!.parts.map(({ length }) => length))).toBeLessThanOrEqual(1024);
    },
  );

  it('keeps its fragments apart, with pings between them, and the next message follows', async () => {
    const { socket, log } = await openRaw();
    socket.write(
      Buffer.concat([
        frame(binary, 'a'),
        ping,
        frame(continued),
        frame(continued, 'bc'),
        frame(final | continued),
        frame(final | text, 'next'),
      ]),
    );
    await log.when(() => log.messages.length === 2);
    expect(log.messages.map(({ parts }) => parts.map(String))).toEqual([['a', 'bc', ''], ['next']]);
  });

  it('is divided between characters, wherever its fragments end', async () => {
    const { socket, log } = await openRaw();
    const bytes = Buffer.from('aé€😀\ufeff');
    socket.write(
      Buffer.concat([
        frame(text),
        ...[...bytes].map((byte) => frame(continued, Uint8Array.of(byte))),
        frame(final | continued),
      ]),
    );
    await log.when(() => log.messages.length === 1);
    expect(log.messages[0]!.parts.map(String)).toEqual(['a', 'é', '€', '😀', '\ufeff', '']);
  });

  it('arrives equal in any fragments and any reads, also early ones', async () => {
    const sent: Buffer[] = [];
    const frames: Buffer[] = [];
    for (let i = 0; i < 30; i++) {
      const bytes = randomBytes(randomInt(5000));
      sent.push(bytes);
      let first = binary;
      let at = 0;
      do {
        const size = randomInt(2000);
        const ends = at + size >= bytes.length;
        frames.push(frame(first | (ends ? final : 0), bytes.subarray(at, at + size)));
        if (randomInt(3) === 0) frames.push(ping);
        first = continued;
        at += size;
      } while (at < bytes.length);
    }
    const all = Buffer.concat(frames);
    const { socket, log } = await openRaw([all.subarray(0, 3000)]);
    socket.setNoDelay();
    for (let at = 3000; at < all.length;) {
      const size = 1 + randomInt(3000);
      socket.write(all.subarray(at, at + size));
      at += size;
      await turn();
    }
    await log.when(() => log.messages.length === sent.length);
    expect(log.messages.map(({ parts }) => Buffer.concat(parts).toString('hex'))).toEqual(
      sent.map((bytes) => bytes.toString('hex')),
    );
  });

  it('is divided equally however the reads divide its frames', () => {
    const frames = Buffer.concat([
      frame(text, 'x'.repeat(3000)),
      ping,
      frame(final | continued, 'y'.repeat(70_000)),
      frame(final | binary),
    ]);
    const divide = (reads: readonly Uint8Array[]) => {
      const divider = new FrameDivider({ maxPartBytes, maxMessageBytes });
      return Buffer.concat(reads.map((read) => divider.push(read))).toString('hex');
    };
    const whole = divide([frames]);
    expect(divide(Array.from(frames, (byte) => Uint8Array.of(byte)))).toBe(whole);
    for (let size = 2; size < 20; size++)
      expect(
        divide(
          Array.from({ length: Math.ceil(frames.length / size) }, (_, i) =>
            frames.subarray(i * size, (i + 1) * size),
          ),
        ),
      ).toBe(whole);
  });
});

describe('a wrong frame closes the connection', () => {
  it.each<readonly [string, number, readonly Uint8Array[]]>([
    ['a continuation without a message', 1002, [frame(continued, 'x')]],
    ['a last continuation without a message', 1002, [frame(final | continued, 'x')]],
    ['a message within a message', 1002, [frame(text, 'x'), frame(final | text, 'y')]],
    ['binary within text', 1002, [frame(text, 'x'), frame(final | binary, 'y')]],
    ['a reserved opcode', 1002, [frame(final | 0x03, 'x')]],
    ['a reserved opcode within a message', 1002, [frame(text, 'x'), frame(final | 0x07, 'y')]],
    ['a reserved bit', 1002, [frame(final | 0x40 | text, 'x')]],
    ['a reserved bit of a fragment', 1002, [frame(text, 'x'), frame(0x20 | continued, 'y')]],
    ['a frame without a mask', 1002, [Buffer.of(0x82, 1, 0)]],
    ['a fragmented ping', 1002, [frame(0x09, 'x')]],
    ['a ping of 126 bytes', 1002, [frame(0x89, 'x'.repeat(126))]],
    ['a length above 2^53', 1009, [Buffer.of(0x82, 0xff, ...Array<number>(12).fill(0xff))]],
    ['a frame above the limit', 1009, [frame(final | binary, Buffer.alloc(maxMessageBytes + 1))]],
    [
      'fragments above the limit together',
      1009,
      [frame(binary, Buffer.alloc(maxMessageBytes)), frame(final | continued, 'x')],
    ],
    ['text that is not UTF-8', 1007, [frame(final | text, Uint8Array.of(0xff))]],
    ['text that ends within a character', 1007, [frame(final | text, Uint8Array.of(0xe2, 0x82))]],
    [
      'a fragment that is not UTF-8',
      1007,
      [frame(text, Uint8Array.of(0xe2)), frame(continued, 'x')],
    ],
    ['a surrogate', 1007, [frame(text, Uint8Array.of(0xed, 0xa0, 0x80)), frame(continued, 'x')]],
  ])('%s', async (_name, code, frames) => {
    const { socket, log } = await openRaw();
    socket.write(frame(final | text, 'before'));
    expect(await closeCode(socket, frames)).toBe(code);
    expect(log.messages.map(({ parts }) => parts.map(String))).toEqual([['before']]);
  });

  it('and a message up to the limit does not', async () => {
    const { socket, log } = await open();
    socket.send(Buffer.alloc(maxMessageBytes));
    await roundTrip(socket);
    expect(log.bytes).toBe(maxMessageBytes);
    expect(log.messages).toHaveLength(1);
  });
});

describe('a connection', () => {
  it('is not read while it is paused in the middle of a message', async () => {
    const { socket, log } = await open();
    await roundTrip(socket);
    log.connection.pause();
    socket.send(Buffer.alloc(maxMessageBytes));
    await turns(50);
    // At most the read that was in progress.
    expect(log.bytes).toBeLessThan(200_000);
    log.connection.resume();
    await log.when(() => log.messages.length === 1);
    expect(log.bytes).toBe(maxMessageBytes);
  });

  it('can be paused after each part', async () => {
    const { socket, log } = await open();
    socket.send(Buffer.alloc(100_000));
    while (log.messages.length === 0) {
      await turn();
      log.connection.pause();
      await turn();
      log.connection.resume();
    }
    expect(log.bytes).toBe(100_000);
  });

  it('that ends in the middle of a message reports the end, and no end of the message', async () => {
    const { socket, log } = await open();
    socket.send('begun', { fin: false });
    await roundTrip(socket);
    expect(log.begun).toBe(1);
    socket.close(3001, 'enough');
    await log.until('closed 3001 enough');
    const lost = await open();
    lost.socket.send('begun', { fin: false });
    await roundTrip(lost.socket);
    lost.socket.terminate();
    await lost.log.until('closed 1006 ');
    expect([log.messages, lost.log.messages]).toEqual([[], []]);
  });

  it('is closed and terminated by the server, and has pings', async () => {
    const { socket, log, closed } = await open();
    log.connection.ping();
    await log.until('ponged');
    log.connection.close(4000, 'bye');
    expect(await closed).toBe(4000);
    await log.until('closed 4000 bye');
    const other = await open();
    other.log.connection.terminate();
    expect(await other.closed).toBe(1006);
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });
});
