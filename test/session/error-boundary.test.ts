// The error boundary of a session: an exception of a codec, an interceptor or a transport ends that session only.
import { describe, expect, it } from 'vitest';
import { noHeartbeat } from '../../src/session/heartbeat.js';
import type { OutboundInterceptor } from '../../src/session/interceptor.js';
import { compileSlowConsumers } from '../../src/session/slow-consumer.js';
import type { WireCodec } from '../../src/wire/codec.js';
import { stompCodec } from '../../src/wire/stomp/codec.js';
import { FakeConnection } from './fake-connection.js';
import { sendText, testSession, settle, type TestSessionOptions } from './test-session.js';

const boom = new Error('boom');
const fail = (): never => {
  throw boom;
};

/** Breaks the contract of a function that must return its result. */
const failLater = (): never => Promise.reject(boom) as never;

class FaultyConnection extends FakeConnection {
  constructor(private readonly faults: { readonly [K in keyof FakeConnection]?: () => never }) {
    super();
    Object.assign(this, this.faults);
  }
}

/** Only the session with id `s1` uses the interceptor. */
const forFirst =
  (interceptor: OutboundInterceptor): OutboundInterceptor =>
  (frame, session) =>
    session.id === 's1' ? interceptor(frame, session) : frame;

/** Returns a codec whose parts fail for the first session. */
function faultyCodec(
  part: 'begins' | 'decoder' | 'push' | 'encoder' | 'encode',
  fault = fail,
): WireCodec {
  let sessions = 0;
  return {
    ...stompCodec,
    begins: (byte) => (part === 'begins' && ++sessions === 1 ? fault() : stompCodec.begins(byte)),
    decoder(limits, messages) {
      const first = ++sessions === 1;
      if (first && part === 'decoder') return fault();
      const decoder = stompCodec.decoder(limits, messages);
      if (!first || part !== 'push') return decoder;
      return { version: '1.2', push: (chunk) => (chunk[0] === 83 ? fault() : decoder.push(chunk)) };
    },
    encoder(version) {
      const first = sessions === 1;
      if (first && part === 'encoder') return fault();
      const encoder = stompCodec.encoder(version);
      return first && part === 'encode' ? { encode: fault } : encoder;
    },
  };
}

interface Fault {
  readonly name: string;
  readonly activity: string;
  readonly options?: TestSessionOptions;
  readonly connection?: () => FakeConnection;
}

const faults: readonly Fault[] = [
  ...(['begins', 'decoder', 'push'] as const).map((part) => ({
    name: `codec: ${part} returns a promise`,
    activity: 'Decoding',
    options: { codecs: [faultyCodec(part, failLater)] },
  })),
  {
    name: 'codec: encoder returns a promise',
    activity: 'Choosing an encoder',
    options: { codecs: [faultyCodec('encoder', failLater)] },
  },
  {
    name: 'codec: encode returns a promise',
    activity: 'Sending a frame',
    options: { codecs: [faultyCodec('encode', failLater)] },
  },
  {
    name: 'transport: write returns a promise',
    activity: 'Writing to the connection',
    connection: () => new FaultyConnection({ write: failLater }),
  },
  ...(['begins', 'decoder', 'push'] as const).map((part) => ({
    name: `codec: ${part}`,
    activity: 'Decoding',
    options: { codecs: [faultyCodec(part)] },
  })),
  {
    name: 'codec: encoder',
    activity: 'Choosing an encoder',
    options: { codecs: [faultyCodec('encoder')] },
  },
  {
    name: 'codec: encode',
    activity: 'Sending a frame',
    options: { codecs: [faultyCodec('encode')] },
  },
  {
    name: 'outbound interceptor: throws',
    activity: 'Sending a frame',
    options: { outbox: { interceptors: [forFirst(fail)] } },
  },
  {
    name: 'outbound interceptor: returns a malformed frame',
    activity: 'Sending a frame',
    options: {
      outbox: {
        interceptors: [
          forFirst((frame) => ({ ...frame, kind: 'message', message: undefined }) as never),
        ],
      },
    },
  },
  {
    name: 'transport: write',
    activity: 'Writing to the connection',
    connection: () => new FaultyConnection({ write: fail }),
  },
  {
    name: 'transport: framing',
    activity: 'Sending a frame',
    connection: () =>
      Object.assign(new FakeConnection(), { framing: { frame: fail } }) as FakeConnection,
  },
  {
    name: 'the owner',
    activity: 'Processing a frame',
    options: {
      process: (_frame, { id }) => (id === 's1' ? Promise.reject(boom) : Promise.resolve('done')),
    },
  },
];

describe.each(faults)('an exception of $name', ({ activity, options, connection }) => {
  it('ends its session with 1011 and one log line; other sessions continue', async () => {
    const { clock, isIdle, logged, open } = testSession(options);
    const faulty = open(connection?.());
    const healthy = open();
    for (const { connect, receive } of [faulty, healthy]) {
      await connect();
      receive(sendText('1'));
    }
    await settle();
    await clock.advance(0);
    expect(faulty.connection.closedWith).toEqual({ code: 1011, reason: 'session-failed' });
    expect(logged.map(({ text }) => text)).toEqual([
      `Session s1 was closed with 1011 session-failed: ${activity} failed.`,
    ]);
    expect(logged[0]!.cause).toBeInstanceOf(Error);
    expect(healthy.connection.text()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    expect(healthy.connection.closedWith).toBeUndefined();
    faulty.connection.listener!.closed(1006, '');
    await settle();
    expect(faulty.events.slice(-2)).toEqual(['lost 1011 session-failed', 'finished']);
    expect(await isIdle()).toBe(true);
  });
});

describe('an exception while frames are queued', () => {
  it('of the encoder: frames that were encoded before are written', async () => {
    const { open } = testSession({
      outbox: {
        interceptors: [
          (frame) => (frame.kind === 'receipt' && frame.receipt === '2' ? fail() : frame),
        ],
      },
    });
    const { connect, connection, receive } = open();
    await connect();
    receive(sendText('1') + sendText('2') + sendText('3'));
    await settle();
    expect(connection.text()).toEqual(['RECEIPT\nreceipt-id:1\n\n\0']);
    expect(connection.closedWith?.code).toBe(1011);
  });

  it('of the transport while the server closes the session: logged once', async () => {
    const { logged, open } = testSession();
    const { connect, connection, session } = open(new FaultyConnection({ write: fail }));
    await connect();
    session.send({ kind: 'receipt', receipt: '1' });
    session.close(1008, 'policy');
    expect(connection.closedWith).toEqual({ code: 1011, reason: 'session-failed' });
    expect(logged).toHaveLength(1);
  });

  it.each(['has caught up', 'is closed'])(
    'of the encoder for frames that were held back for a slow reader, when it %s',
    async (end) => {
      let sent = 0;
      const { clock, logged, open } = testSession({
        outbox: { dropRules: compileSlowConsumers({ policy: 'drop-oldest', rules: [] }, '/') },
      });
      const { connect, connection, session } = open();
      session.outbox.setEncoder({
        encode: (frame) => (++sent > 4 ? fail() : stompCodec.encoder('1.2').encode(frame)),
      });
      await connect();
      connection.stalled = true;
      for (const receipt of ['1', '2', '3', '4']) {
        session.send({ kind: 'receipt', receipt });
        await clock.advance(0);
      }
      // Frames are encoded once to measure them, and again when they are written.
      connection.stalled = false;
      if (end === 'is closed') session.close();
      else connection.drain();
      expect(connection.closedWith?.code).toBe(1011);
      expect(logged).toHaveLength(1);
      // No further held frame is encoded.
      expect(sent).toBe(5);
    },
  );
});

describe('an exception of the transport', () => {
  it('in bufferedBytes when the outbox timeout expires', async () => {
    const { clock, logged, open } = testSession();
    const { connect, connection, session } = open();
    await connect();
    connection.stalled = true;
    session.send({ kind: 'receipt', receipt: '1' });
    await clock.advance(0);
    Object.defineProperty(connection, 'bufferedBytes', { get: fail });
    await clock.advance(10_000);
    expect(connection.closedWith?.code).toBe(1011);
    expect(logged).toHaveLength(1);
  });

  it('in bufferedBytes when the connection has drained', async () => {
    const { logged, open } = testSession();
    const { connect, connection } = open();
    await connect();
    Object.defineProperty(connection, 'bufferedBytes', { get: fail });
    connection.listener!.drained();
    expect(connection.closedWith?.code).toBe(1011);
    expect(logged).toHaveLength(1);
  });

  it('in write: no held frame is written afterwards', async () => {
    const { open } = testSession({
      outbox: { dropRules: compileSlowConsumers({ policy: 'drop-oldest', rules: [] }, '/') },
    });
    const { connect, connection, session } = open();
    await connect();
    connection.stalled = true;
    for (let i = 0; i < 30; i++) {
      session.send({ kind: 'receipt', receipt: String(i) });
      if (i === 0) session.outbox.flush(0);
    }
    let writes = 0;
    connection.write = () => {
      writes++;
      fail();
    };
    connection.drain();
    expect([writes, connection.closedWith?.code]).toEqual([1, 1011]);
  });

  it.each([fail, failLater])('in ping', async (fault) => {
    const { clock, open } = testSession();
    const { connection, session } = open(new FaultyConnection({ ping: fault }));
    session.accept(undefined, noHeartbeat);
    await clock.advance(25_000);
    expect(connection.closedWith?.code).toBe(1011);
    expect(clock.timers).toHaveLength(0);
  });

  it.each([
    ['pause', fail],
    ['resume', fail],
    ['pause', failLater],
    ['resume', failLater],
  ] as const)('in %s', async (method, fault) => {
    const waiting: (() => void)[] = [];
    const { open } = testSession({
      process: () => new Promise((resolve) => waiting.push(() => resolve('done'))),
    });
    const { connect, connection, receive } = open(new FaultyConnection({ [method]: fault }));
    await connect();
    receive([1, 2, 3, 4, 5].map(String).map(sendText).join(''));
    for (let i = 0; i < 2; i++) {
      waiting.shift()?.();
      await settle();
    }
    expect(connection.closedWith?.code).toBe(1011);
  });

  it.each([fail, failLater])('in close: the connection is terminated', async (fault) => {
    const { logged, open } = testSession();
    const { events, session } = open(new FaultyConnection({ close: fault }));
    session.close();
    expect(events).toEqual(['lost 1000 ']);
    expect(logged.map(({ text }) => text)).toEqual([
      'Closing the connection of session s1 failed.',
    ]);
  });

  it.each([fail, failLater])(
    'in close and terminate: is logged, and the connection counts as lost',
    async (fault) => {
      const { logged, open } = testSession();
      const { events, session } = open(new FaultyConnection({ close: fault, terminate: fault }));
      session.close();
      await settle();
      expect(logged).toHaveLength(2);
      expect(events).toEqual(['lost 1000 ', 'finished']);
    },
  );

  it('in pause: the log names the activity', async () => {
    const { logged, open } = testSession({ process: () => new Promise(() => {}) });
    const { connect, receive } = open(new FaultyConnection({ pause: fail }));
    await connect();
    receive([1, 2, 3, 4, 5].map(String).map(sendText).join(''));
    expect(logged.map(({ text }) => text).join()).toContain('Pausing failed');
  });
});
