// WebSocket handlers that receive messages in parts: the order, failures, timeouts, and sessions that end before a message.
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { testServer, type TestServer, type TestServerOptions } from 'signalbox/testing';
import {
  WebSocketHandler,
  type MessageParts,
  type WebSocketPartsOptions,
  type WebSocketSession,
} from '../../src/index.js';
import { gate } from '../gate.js';

let app: TestServer;

afterEach(() => app.close());

/** Calls of the handler and errors that it has received, in order. */
let calls: unknown[];

/** Serves a handler of `/upload`, which keeps its calls. */
async function serve(
  message: (parts: MessageParts, session: WebSocketSession) => unknown,
  options: TestServerOptions = {},
  handler: Partial<WebSocketPartsOptions> = {},
): Promise<TestServer> {
  calls = [];
  @WebSocketHandler('/upload', { maxPartBytes: 1024, ...handler })
  class Upload {
    async message(session: WebSocketSession, parts: MessageParts) {
      await message(parts, session);
    }
    error(_session: WebSocketSession, error: unknown) {
      calls.push(error);
    }
    close(_session: WebSocketSession, code: number) {
      calls.push(`close ${code}`);
    }
  }
  app = await testServer({ controllers: [Upload], ...options });
  return app;
}

async function readAll(parts: MessageParts): Promise<void> {
  for await (const part of parts) calls.push(part);
  calls.push('end');
}

/** Parts that a test adds one after the other; without a part, the message ends. */
function pipe() {
  let resolve: (part: string | undefined) => void;
  const next = () => new Promise<string | undefined>((given) => (resolve = given));
  let part = next();
  return {
    async add(given?: string) {
      const add = resolve;
      part = next();
      add(given);
      for (let i = 0; i < 5; i++) await nextTurn();
    },
    async *[Symbol.asyncIterator]() {
      for (let given = await part; given !== undefined; given = await part) yield given;
    },
  };
}

describe('a message in parts', () => {
  it('is read as text or as bytes, without empty parts', async () => {
    const server = await serve((parts) => {
      calls.push(parts.binary);
      return readAll(parts);
    });
    const ann = await server.connectWebSocket('/upload');
    await ann.sendParts(['a', '', 'é😀']);
    await ann.sendParts([Uint8Array.of(1), Uint8Array.of(255)]);
    await ann.send('whole');
    await ann.sendParts([]);
    const expected = [
      [false, 'a', 'é😀', 'end'],
      [true, Buffer.of(1), Buffer.of(255), 'end'],
      [false, 'whole', 'end'],
      [false, 'end'],
    ];
    expect(calls).toEqual(expected.flat());
  });

  it('is divided as over a socket when a part is larger than the limit', async () => {
    const server = await serve(readAll, {}, { maxMessageBytes: 2500 });
    const ann = await server.connectWebSocket('/upload');
    await ann.send('x'.repeat(1022));
    await ann.send('é'.repeat(511));
    await ann.send(Buffer.alloc(2500));
    await ann.sendParts(['x'.repeat(1022), 'y']);
    const expected = [
      [1021, 1],
      [510, 1],
      [1024, 1024, 452],
      [1021, 1, 1],
    ];
    const sizes = calls.map((call) => (call === 'end' ? call : (call as string).length));
    expect(sizes).toEqual(expected.flatMap((each) => [...each, 'end']));
    expect(await ann.send(Buffer.alloc(2501))).toBe(false);
    expect(ann.closed).toEqual({ code: 1009, reason: 'frame-too-large' });
  });

  it('is read while it arrives', async () => {
    const server = await serve(readAll);
    const ann = await server.connectWebSocket('/upload');
    const source = pipe();
    const sending = ann.sendParts(source);
    await source.add('a');
    expect(calls).toEqual(['a']);
    await source.add('b');
    expect(calls).toEqual(['a', 'b']);
    await source.add();
    expect(await sending).toBe(true);
    expect(calls).toEqual(['a', 'b', 'end']);
  });

  it('waits until the handler of the message before has returned', async () => {
    const first = gate();
    const server = await serve(async (parts) => {
      await readAll(parts);
      await first.opened;
      calls.push('returned');
    });
    const ann = await server.connectWebSocket('/upload');
    const sending = [ann.sendParts(['a'])];
    await nextTurn();
    sending.push(ann.send('b'));
    await nextTurn();
    expect(calls).toEqual(['a', 'end']);
    first.open();
    await Promise.all(sending);
    expect(calls).toEqual(['a', 'end', 'returned', 'b', 'end', 'returned']);
  });

  it('is complete also when the handler reads later', async () => {
    const taken = gate();
    const server = await serve(
      async (parts) => {
        await taken.opened;
        for await (const part of parts) calls.push((part as string).length);
      },
      { limits: { maxWaitingBytes: 4096, maxFrameBytes: 1024 } },
      { maxMessageBytes: 1024 * 1024 },
    );
    const ann = await server.connectWebSocket('/upload');
    const sending = ann.sendParts(Array.from({ length: 1000 }, () => 'x'.repeat(1000)));
    for (let i = 0; i < 20; i++) await nextTurn();
    expect(calls).toEqual([]);
    taken.open();
    expect(await sending).toBe(true);
    expect(calls).toHaveLength(1000);
  });

  it.each([
    ['returns without reading', () => {}],
    [
      'stops to read',
      async (parts: MessageParts) => {
        for await (const part of parts) {
          calls.push(part);
          return;
        }
      },
    ],
  ])(
    'is dropped from the place where the handler %s, and the next one is handled',
    async (_name, read) => {
      let count = 0;
      const server = await serve((parts) => (++count === 1 ? read(parts) : readAll(parts)));
      const ann = await server.connectWebSocket('/upload');
      expect(await ann.sendParts(['a', 'b', 'c'])).toBe(true);
      await ann.sendParts(['next']);
      expect(calls.slice(-2)).toEqual(['next', 'end']);
      expect(calls).not.toContain('b');
    },
  );

  it('can be read once', async () => {
    const server = await serve(async (parts) => {
      await readAll(parts);
      await readAll(parts);
    });
    const ann = await server.connectWebSocket('/upload');
    expect(await ann.sendParts(['a'])).toBe(false);
    expect(ann.closed?.code).toBe(1011);
    expect(calls[2]).toEqual(new TypeError('The parts of a message can be read only once.'));
  });

  it('is joined for a handler of whole messages', async () => {
    @WebSocketHandler('/whole')
    class Whole {
      message(session: WebSocketSession, data: string | Uint8Array) {
        session.send(data);
      }
    }
    app = await testServer({ controllers: [Whole] });
    const ann = await app.connectWebSocket('/whole');
    expect(await ann.sendParts(['a', 'b'])).toBe(true);
    await ann.sendParts([Uint8Array.of(1), Uint8Array.of(2)]);
    expect(ann.messages).toEqual(['ab', Buffer.of(1, 2)]);
  });
});

describe('the limits of a message in parts', () => {
  it('are its bytes, and a part above the limit is divided', async () => {
    const server = await serve(readAll, {}, { maxMessageBytes: 2000 });
    const ends = [];
    for (const sizes of [[1024, 976], [1025], [1000, 1000, 1]]) {
      const ann = await server.connectWebSocket('/upload');
      ends.push([await ann.sendParts(sizes.map((size) => 'x'.repeat(size))), ann.closed?.code]);
    }
    expect(ends).toEqual([
      [true, undefined],
      [true, undefined],
      [false, 1009],
    ]);
  });

  it('are handlerTimeout for each part that the handler does not take', async () => {
    const hanging = new Promise<void>(() => {});
    const server = await serve(() => hanging, { handlerTimeout: 5000 });
    const ann = await server.connectWebSocket('/upload');
    const sending = ann.sendParts(['a']);
    await nextTurn();
    await server.clock.advance(5000);
    expect(await sending).toBe(false);
    expect(ann.closed).toEqual({ code: 1011, reason: 'handler-timeout' });
    expect(calls).toEqual([expect.objectContaining({ code: 'handler-timeout' }), 'close 1011']);
  });

  it('are not the time that the client takes between two parts', async () => {
    const server = await serve(readAll, { handlerTimeout: 5000 });
    const ann = await server.connectWebSocket('/upload');
    const source = pipe();
    const sending = ann.sendParts(source);
    await source.add('a');
    await server.clock.advance(60_000);
    await source.add('b');
    await server.clock.advance(60_000);
    await source.add();
    expect(await sending).toBe(true);
    expect(calls).toEqual(['a', 'b', 'end']);
  });

  it('are handlerTimeout after the last part; a later failure is only logged', async () => {
    const late = gate();
    const server = await serve(
      async (parts) => {
        await readAll(parts);
        await late.opened;
        throw new Error('late');
      },
      { handlerTimeout: 5000 },
    );
    const ann = await server.connectWebSocket('/upload');
    const sending = ann.sendParts(['a']);
    await nextTurn();
    await server.clock.advance(5000);
    expect(await sending).toBe(false);
    expect(ann.closed?.reason).toBe('handler-timeout');
    late.open();
    await nextTurn();
    const timeout = expect.objectContaining({ code: 'handler-timeout' }) as unknown;
    expect(calls).toEqual(['a', 'end', timeout, 'close 1011']);
    expect(server.log.map(({ text }) => text)).toEqual([
      expect.stringContaining('1011 handler-timeout'),
      'Upload.message of session session-1 failed after the end of the session.',
    ]);
  });
});

describe('a handler that fails while it reads', () => {
  it('ends its session at once, with one log line', async () => {
    const boom = new Error('disk full');
    const server = await serve(async (parts) => {
      for await (const part of parts) if (part === 'b') throw boom;
    });
    const ann = await server.connectWebSocket('/upload');
    const source = pipe();
    const sending = ann.sendParts(source);
    await source.add('a');
    await source.add('b');
    expect(ann.closed).toEqual({ code: 1011, reason: 'handler-failed' });
    await source.add('c');
    expect(await sending).toBe(false);
    expect(calls).toEqual([boom, 'close 1011']);
    expect(server.log.map(({ text, cause }) => [text, cause])).toEqual([
      [`Session ${ann.session} was closed with 1011 handler-failed: Upload.message failed.`, boom],
    ]);
  });
});

describe('a session that ends in the middle of a message', () => {
  const incomplete = expect.objectContaining({ code: 'message-incomplete' }) as unknown;

  async function readUntilEnd(parts: MessageParts): Promise<void> {
    try {
      await readAll(parts);
    } catch (error) {
      calls.push(error);
      throw error;
    } finally {
      await nextTurn();
      calls.push('returned');
    }
  }

  it.each([
    ['closes', 1000],
    ['vanishes', 1006],
  ] as const)(
    'ends the reading with an error when the client %s, before close is called',
    async (how, code) => {
      const server = await serve(readUntilEnd);
      const ann = await server.connectWebSocket('/upload');
      const source = pipe();
      void ann.sendParts(source);
      await source.add('a');
      await (how === 'closes' ? ann.close() : ann.vanish());
      await source.add('late');
      expect(calls).toEqual(['a', incomplete, 'returned', `close ${code}`]);
      expect(server.log).toEqual([]);
    },
  );

  it('ends a pipeline of streams, without a log line', async () => {
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        calls.push(chunk.toString());
        done();
      },
    });
    const server = await serve(async (parts) => pipeline(parts, sink));
    const ann = await server.connectWebSocket('/upload');
    const source = pipe();
    void ann.sendParts(source);
    await source.add('a');
    await ann.vanish();
    await source.add('late');
    expect(calls).toEqual(['a', 'close 1006']);
    expect(sink.errored).toEqual(incomplete);
    expect(server.log).toEqual([]);
  });

  it('ends the reading when the server closes', async () => {
    const server = await serve(readUntilEnd);
    const ann = await server.connectWebSocket('/upload');
    const source = pipe();
    void ann.sendParts(source);
    await source.add('a');
    await server.server.close();
    expect(calls).toEqual(['a', incomplete, 'returned', 'close 1001']);
    expect(ann.closed).toEqual({ code: 1001, reason: 'server-stopping' });
  });

  it('logs another error of the handler', async () => {
    const server = await serve(async (parts) => {
      await readAll(parts).catch(() => {});
      throw new Error('clean-up failed');
    });
    const ann = await server.connectWebSocket('/upload');
    const source = pipe();
    void ann.sendParts(source);
    await source.add('a');
    await ann.vanish();
    await source.add();
    expect(server.log).toMatchObject([
      {
        level: 'error',
        text: 'Upload.message of session session-1 failed after the end of the session.',
      },
    ]);
    expect(calls).toEqual(['a', 'close 1006']);
  });

  it('waits for the handler at most for handlerTimeout', async () => {
    const server = await serve(
      async (parts) => {
        await readAll(parts).catch(() => {});
        await new Promise(() => {});
      },
      { handlerTimeout: 5000 },
    );
    const ann = await server.connectWebSocket('/upload');
    const source = pipe();
    void ann.sendParts(source);
    await source.add('a');
    await ann.vanish();
    expect(calls).toEqual(['a']);
    await server.clock.advance(5000);
    expect(calls).toEqual(['a', 'close 1006']);
    expect(server.log).toMatchObject([
      { text: 'Upload.message of session session-1 failed after the end of the session.' },
    ]);
  });
});
