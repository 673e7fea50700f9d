// The inbox: decoding, the order of frames, concurrency, and pauses in reading.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonCodec } from '../../src/wire/json/codec.js';
import type { WireCodec } from '../../src/wire/codec.js';
import { stompCodec } from '../../src/wire/stomp/codec.js';
import { cases } from '../property.js';
import { frameText } from '../clients/stomp.js';
import {
  connectText,
  sendText,
  testSession,
  settle,
  type TestSessionOptions,
} from './test-session.js';

/** A connected session whose frames are in process until the test finishes them. */
async function gatedSession(options: TestSessionOptions = {}) {
  const running: { readonly name: string; finish(): void }[] = [];
  const started: string[] = [];
  const stage = testSession({
    ...options,
    process: (frame) =>
      new Promise((resolve) => {
        const name = ('receipt' in frame && frame.receipt) || frame.kind;
        started.push(name);
        running.push({ name, finish: () => resolve('done') });
      }),
  });
  const opened = stage.open();
  await opened.connect();
  const finish = async (name: string) => {
    running.find((frame) => frame.name === name)!.finish();
    await settle();
  };
  /** The receipts that were written, in their order. */
  const receipts = async () => {
    await stage.clock.advance(0);
    return [
      ...opened.connection
        .text()
        .join('')
        .matchAll(/receipt-id:(\w+)/g),
    ].map(([, id]) => id);
  };
  return { ...stage, ...opened, finish, receipts, started };
}

const exclusive = (receipt: string) => frameText('BEGIN', { transaction: 't', receipt });

const { limits } = testSession().parts;

describe('decoding', () => {
  it('joins the parts of a frame', async () => {
    const { receive, started } = await gatedSession();
    const text = sendText('1');
    receive(text.slice(0, 9));
    expect(started).toEqual([]);
    receive(text.slice(9));
    expect(started).toEqual(['1']);
  });

  it('ignores everything after DISCONNECT', async () => {
    const { finish, receive, session, started } = await gatedSession();
    receive(frameText('DISCONNECT') + sendText('1'));
    receive(sendText('2'));
    await finish('disconnect');
    expect(started).toEqual(['disconnect']);
    expect(session.busy).toBe(false);
  });

  it('ignores everything after a malformed frame, and closes after the frames before it', async () => {
    const { connection, finish, receive, started } = await gatedSession();
    receive(`${sendText('1')}NONSENSE\n\n\0${sendText('2')}`);
    receive(sendText('3'));
    expect(connection.closedWith).toBeUndefined();
    await finish('1');
    expect(started).toEqual(['1']);
    expect(connection.closedWith).toEqual({ code: 1002, reason: 'command-unknown' });
  });

  it.each([
    ['malformed', `${connectText}SEND\nreceipt:r\n\n\0`],
    ['sent before CONNECT', sendText('r')],
  ])('names the receipt of a frame that is %s in the ERROR frame', async (_, text) => {
    const { open } = testSession();
    const { connection, receive } = open();
    receive(text);
    await settle();
    expect(connection.text().join('')).toMatch(/^ERROR\n(?:.*\n)*receipt-id:r\n/);
  });

  it('explains the mistake in the ERROR frame', async () => {
    const { open } = testSession();
    const { connection, receive } = open();
    receive(frameText('CONNECT', { 'accept-version': '9', host: 'x' }));
    await settle();
    expect(connection.text().join('')).toContain('\n\nSupported are STOMP 1.0, 1.1 and 1.2.');
  });

  it('closes a client of an unknown protocol with 1002', async () => {
    const { open } = testSession();
    const { connection, receive } = open();
    receive('');
    expect(connection.closedWith).toBeUndefined();
    receive('?');
    expect(connection.closedWith).toEqual({ code: 1002, reason: 'protocol-unknown' });
  });

  it('chooses the protocol by the first byte, and names it with its version', async () => {
    const { open } = testSession({ codecs: [stompCodec, jsonCodec] });
    const [stomp, json] = [open(), open()];
    expect(stomp.session.protocol).toBe('');
    stomp.receive(connectText);
    json.receive('{"type":"ping"}');
    expect([stomp.session.protocol, json.session.protocol]).toEqual(['stomp 1.2', 'json 1']);
  });

  it('answers a heart-beat while a frame is in process', async () => {
    const { clock, open } = testSession({
      codecs: [jsonCodec],
      process: () => new Promise(() => {}),
    });
    const { connection, receive, session } = open();
    receive('{"type":"send","destination":"/x"}');
    await settle();
    receive('{"type":"ping"}');
    await clock.advance(0);
    expect(session.busy).toBe(true);
    expect(connection.text()).toEqual(['{"type":"pong"}\n']);
  });
});

describe('a heart-beat that asks for an answer', () => {
  it('is answered before CONNECT', async () => {
    const { clock, open } = testSession({ codecs: [jsonCodec] });
    const { connection, receive } = open();
    receive('{"type":"ping"}');
    await clock.advance(0);
    expect(connection.text()).toEqual(['{"type":"pong"}\n']);
  });
});

describe('a receipt', () => {
  it('is sent only for frames that ask for one', async () => {
    const { clock, connection, finish, receive } = await gatedSession();
    receive(frameText('SEND', { destination: '/x' }));
    await finish('send');
    await clock.advance(0);
    expect([connection.written, connection.closedWith]).toEqual([[], undefined]);
  });
});

describe('the order of frames', () => {
  it('is kept: one frame at a time', async () => {
    const { finish, receive, receipts, started } = await gatedSession();
    receive(sendText('1') + sendText('2'));
    expect(started).toEqual(['1']);
    await finish('1');
    expect([started, await receipts()]).toEqual([['1', '2'], ['1']]);
  });

  it('is kept by receipts when frames overlap', async () => {
    const { finish, receive, receipts, started } = await gatedSession({ concurrency: 2 });
    receive(sendText('1') + sendText('2') + sendText('3'));
    expect(started).toEqual(['1', '2']);
    await finish('2');
    expect([started, await receipts()]).toEqual([['1', '2'], []]);
    await finish('1');
    expect([started, await receipts()]).toEqual([
      ['1', '2', '3'],
      ['1', '2'],
    ]);
  });

  it.each([
    ['BEGIN', exclusive('other')],
    ['SUBSCRIBE', frameText('SUBSCRIBE', { id: 's', destination: '/x', receipt: 'other' })],
  ])('is kept around a frame that must not overlap: %s', async (_, other) => {
    const { finish, receive, started } = await gatedSession({ concurrency: 3 });
    receive(sendText('1') + sendText('2') + other + sendText('3'));
    expect(started).toEqual(['1', '2']);
    await finish('1');
    await finish('2');
    expect(started).toEqual(['1', '2', 'other']);
    await finish('other');
    expect(started).toEqual(['1', '2', 'other', '3']);
  });

  it('keeps the server busy until the last frame is completed', async () => {
    const { finish, isIdle, receive, receipts } = await gatedSession();
    receive(sendText('1') + sendText('2'));
    await finish('1');
    await receipts();
    expect(await isIdle()).toBe(false);
    await finish('2');
    await receipts();
    expect(await isIdle()).toBe(true);
  });

  it('is kept for SEND frames of a transaction', async () => {
    const { receive, started } = await gatedSession({ concurrency: 3 });
    const held = (receipt: string) =>
      frameText('SEND', { destination: '/x', transaction: 't', receipt });
    receive(held('1') + held('2'));
    expect(started).toEqual(['1']);
  });

  it('is kept for any delays and any concurrency', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(4), { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        async (delays, concurrency) => {
          const started: string[] = [];
          let running = 0;
          const { clock, open } = testSession({
            concurrency,
            outbox: { limits: { maxBytes: 1_000_000, timeout: 10_000 } },
            async process(frame) {
              const receipt = 'receipt' in frame ? frame.receipt! : '';
              started.push(receipt);
              expect(++running).toBeLessThanOrEqual(concurrency);
              for (let i = 0; i < delays[Number(receipt)]!; i++) await Promise.resolve();
              running--;
              return 'done';
            },
          });
          const { connect, connection, receive, session } = open();
          await connect();
          const ids = delays.map((_, at) => String(at));
          receive(ids.map((id, at) => (at % 3 > 0 ? sendText(id) : exclusive(id))).join(''));
          while (session.busy) await Promise.resolve();
          await clock.advance(0);
          const text = connection.text().join('');
          expect(started).toEqual(ids);
          expect([...text.matchAll(/receipt-id:(\d+)/g)].map(([, id]) => id)).toEqual(ids);
        },
      ),
      // A case needs a whole session.
      { ...cases, numRuns: Math.ceil(cases.numRuns! / 5) },
    );
  });
});

describe('reading', () => {
  it('pauses when too many frames wait, and resumes at half of them', async () => {
    const { connection, finish, receive } = await gatedSession();
    receive([1, 2, 3, 4].map(String).map(sendText).join(''));
    expect(connection.paused).toBe(false);
    receive(sendText('5'));
    expect(connection.paused).toBe(true);
    await finish('1');
    expect(connection.paused).toBe(true);
    await finish('2');
    expect(connection.paused).toBe(false);
  });

  it('pauses again after it has resumed', async () => {
    const { connection, finish, receive } = await gatedSession();
    receive([1, 2, 3, 4, 5].map(String).map(sendText).join(''));
    await finish('1');
    await finish('2');
    receive(sendText('6') + sendText('7'));
    expect(connection.paused).toBe(true);
  });

  it('is not paused after DISCONNECT', async () => {
    const { connection, receive } = await gatedSession();
    receive([1, 2, 3, 4].map(String).map(sendText).join('') + frameText('DISCONNECT'));
    expect(connection.paused).toBe(false);
  });

  it('discards the rest of a chunk when processing closes the session', async () => {
    const { open } = testSession({
      async process(_frame, session) {
        session.close();
        return 'done';
      },
    });
    const { connect, events, receive } = open();
    await connect();
    receive(sendText('1') + sendText('2'));
    await settle();
    expect(events).toEqual(['send']);
  });

  it('is not paused for a session that was closed', async () => {
    const { connection, receive, session } = await gatedSession();
    session.close();
    receive([1, 2, 3, 4, 5].map(String).map(sendText).join(''));
    expect(connection.paused).toBe(false);
  });

  it('closes with 4502 when it is paused and no frame is completed for `stallTimeout`', async () => {
    const { clock, connection, finish, receive } = await gatedSession({ stallTimeout: 500 });
    receive([1, 2, 3, 4, 5, 6, 7].map(String).map(sendText).join(''));
    for (const name of ['1', '2', '3']) {
      await clock.advance(499);
      await finish(name);
    }
    expect([connection.paused, connection.closedWith]).toEqual([true, undefined]);
    await clock.advance(499);
    expect(connection.closedWith).toBeUndefined();
    await clock.advance(126);
    expect(connection.closedWith).toEqual({ code: 4502, reason: 'reading-stalled' });
  });

  it('closes with 4502 when one frame waits and none is completed for `stallTimeout`', async () => {
    const { clock, connection, receive } = await gatedSession({ stallTimeout: 500 });
    receive(sendText('1'));
    await clock.advance(1000);
    receive(sendText('2'));
    await clock.advance(499);
    expect([connection.paused, connection.closedWith]).toEqual([false, undefined]);
    await clock.advance(1);
    expect(connection.closedWith).toEqual({ code: 4502, reason: 'reading-stalled' });
  });

  it('closes with 4502 when the client has closed its side and its last frame is not completed', async () => {
    const { clock, connection, receive } = await gatedSession({ stallTimeout: 500 });
    receive(sendText('1'));
    connection.listener!.ended(1000, '');
    await clock.advance(500);
    expect(connection.closedWith).toEqual({ code: 4502, reason: 'reading-stalled' });
  });

  it('does not close while no frame waits, for any time', async () => {
    const { clock, connection, finish, receive } = await gatedSession({ stallTimeout: 500 });
    receive(sendText('1') + sendText('2'));
    await finish('1');
    await clock.advance(1_000_000);
    expect(connection.closedWith).toBeUndefined();
    await finish('2');
    await clock.advance(500);
    receive(sendText('3'));
    await clock.advance(500);
    expect(connection.closedWith).toBeUndefined();
  });

  it('does not close with 4502 while CONNECT is processed, which has its own timeout', async () => {
    const { clock, open } = testSession({
      authenticated: new Promise(() => {}),
      connectTimeout: 2000,
      stallTimeout: 500,
    });
    const { connection, receive } = open();
    receive(connectText + sendText('1'));
    await clock.advance(1999);
    expect(connection.closedWith).toBeUndefined();
    await clock.advance(1);
    expect(connection.closedWith).toEqual({ code: 4501, reason: 'connect-timeout' });
  });

  it('does not close while part of a frame is processed within `stallTimeout`', async () => {
    const { clock, connection, receive, session } = await gatedSession({ stallTimeout: 500 });
    receive([1, 2, 3, 4, 5, 6, 7].map(String).map(sendText).join(''));
    for (let i = 0; i < 3; i++) {
      await clock.advance(499);
      session.progressed();
    }
    await clock.advance(499);
    expect(connection.closedWith).toBeUndefined();
  });

  it('may stay paused for any time when `stallTimeout` is 0', async () => {
    const { clock, connection, receive } = await gatedSession({ stallTimeout: 0 });
    receive([1, 2, 3, 4, 5, 6, 7].map(String).map(sendText).join(''));
    await clock.advance(1_000_000);
    expect([connection.paused, connection.closedWith]).toEqual([true, undefined]);
  });
});

describe('a frame that is never completed', () => {
  it('does not keep a session whose connection is lost for longer than `stallTimeout`', async () => {
    const { clock, connection, events, heldBytes, isIdle, logged, receive, started } =
      await gatedSession({ stallTimeout: 500 });
    receive(sendText('1') + sendText('2'));
    connection.listener!.closed(1006, '');
    await clock.advance(499);
    expect([events.at(-1), await isIdle()]).toEqual(['lost 1006 ', false]);
    await clock.advance(1);
    expect([events.at(-1), await isIdle()]).toEqual(['finished', true]);
    expect([started, heldBytes.used, clock.timers]).toEqual([['1'], 0, []]);
    expect(logged.map(({ text }) => text)).toEqual([
      'Session s1 has ended, and its frames were not completed within 500 milliseconds.',
    ]);
  });

  it('keeps a lost session while its other frames are completed', async () => {
    const { clock, connection, events, finish, receive } = await gatedSession({
      stallTimeout: 500,
    });
    receive(['1', '2', '3'].map(sendText).join(''));
    connection.listener!.closed(1006, '');
    for (const name of ['1', '2']) {
      await clock.advance(499);
      await finish(name);
    }
    expect(events.at(-1)).toBe('send');
    // Frame 3 starts in a later turn.
    await clock.advance(0);
    await finish('3');
    expect([events.at(-1), clock.timers]).toEqual(['finished', []]);
  });

  it('does not keep a session that was closed because of it', async () => {
    const { clock, connection, events, isIdle, finish, receive } = await gatedSession({
      stallTimeout: 500,
    });
    receive(sendText('1') + sendText('2'));
    await clock.advance(500);
    connection.listener!.closed(1006, '');
    await settle();
    expect(events.slice(-2)).toEqual(['lost 4502 reading-stalled', 'finished']);
    expect(await isIdle()).toBe(true);
    // It may be completed later.
    await finish('1');
    expect([events.at(-1), await isIdle(), clock.timers]).toEqual(['finished', true, []]);
  });

  it('does not keep a session that never connected and is lost', async () => {
    const { clock, isIdle, open } = testSession({ authenticated: new Promise(() => {}) });
    const { connection, events, receive } = open();
    receive(connectText);
    connection.listener!.closed(1006, '');
    await settle();
    expect([events, await isIdle(), clock.timers]).toEqual([
      ['connect', 'lost 1006 ', 'finished'],
      true,
      [],
    ]);
  });
});

/** A SEND frame with a body of this many bytes. */
function largeText(receipt: string, bytes: number): string {
  return frameText('SEND', { destination: '/x', receipt }, 'x'.repeat(bytes));
}

/** Bytes that a waiting chunk counts in addition to its own. */
const overhead = 128;

describe('the memory of waiting frames', () => {
  it('pauses reading beyond `maxWaitingBytes`, until no frame waits', async () => {
    const { connection, finish, heldBytes, receive } = await gatedSession({
      limits: { ...limits, maxWaitingBytes: 1400 },
    });
    receive(largeText('1', 700));
    expect(heldBytes.used).toBe(0);
    receive(largeText('2', 700));
    expect(connection.paused).toBe(false);
    receive(largeText('3', 700));
    expect(connection.paused).toBe(true);
    expect(heldBytes.used).toBe(2 * (largeText('2', 700).length + overhead));
    await finish('1');
    expect(connection.paused).toBe(true);
    await finish('2');
    expect([connection.paused, heldBytes.used]).toEqual([false, 0]);
  });

  it('includes the memory that a chunk needs in addition to its bytes', async () => {
    const { connection, receive } = await gatedSession({
      limits: { ...limits, maxWaitingFrames: 64 },
    });
    receive(sendText('1'));
    let received = 0;
    for (; !connection.paused; received++) receive(sendText('2'));
    const each = sendText('2').length + overhead;
    expect(received).toBe(Math.floor(limits.maxWaitingBytes / each) + 1);
  });

  it('includes the whole read that a small frame keeps, once for each read', async () => {
    const { connection, heldBytes, receive } = await gatedSession();
    receive(sendText('1'));
    const frame = sendText('2');
    const read = Buffer.from(new ArrayBuffer(65_536));
    read.write(frame + frame);
    connection.listener!.data(read.subarray(0, frame.length));
    expect([connection.paused, heldBytes.used]).toEqual([true, 65_536 + overhead]);
    connection.listener!.data(read.subarray(frame.length, 2 * frame.length));
    expect(heldBytes.used).toBe(65_536 + 2 * overhead);
  });

  it('pauses reading while any frame waits, when the account has used its share', async () => {
    const { connection, finish, receive } = await gatedSession({ maxHeldBytes: 100 });
    receive(sendText('1'));
    expect(connection.paused).toBe(false);
    receive(largeText('2', 100));
    expect(connection.paused).toBe(true);
    await finish('1');
    expect(connection.paused).toBe(false);
  });

  it('counts together with the bytes that the transport holds', async () => {
    const { connection, heldBytes, receive } = await gatedSession({ maxHeldBytes: 100 });
    expect(connection.listener!.held(50)).toBe(true);
    expect([connection.listener!.held(50), heldBytes.used]).toEqual([false, 100]);
    receive(sendText('1'));
    receive(sendText('2'));
    expect(connection.paused).toBe(true);
    const { used } = heldBytes;
    connection.listener!.held(-100);
    expect(heldBytes.used).toBe(used - 100);
  });

  it('is released when the session is closed', async () => {
    const { heldBytes, receive, session } = await gatedSession();
    receive(largeText('1', 700) + largeText('2', 700));
    expect(heldBytes.used).toBeGreaterThan(700);
    session.close();
    expect(heldBytes.used).toBe(0);
  });

  it('consists of bytes while too many frames wait', async () => {
    let decoded = 0;
    const counting: WireCodec = {
      ...stompCodec,
      decoder(...given) {
        const decoder = stompCodec.decoder(...given);
        return {
          get version() {
            return decoder.version;
          },
          *push(chunk) {
            for (const item of decoder.push(chunk)) {
              decoded++;
              yield item;
            }
          },
        };
      },
    };
    const { receive, session, started } = await gatedSession({ codecs: [counting] });
    receive(sendText('1').repeat(100));
    // CONNECT, the frame in process, and four that wait.
    expect([decoded, started]).toEqual([6, ['1']]);
    session.close();
    expect(decoded).toBe(6);
  });

  it('is kept after the connection is lost, until the frames are processed', async () => {
    const { connection, finish, receive, started } = await gatedSession();
    receive(['1', '2', '3', '4', '5', '6', '7'].map(sendText).join(''));
    connection.terminate();
    for (const receipt of ['1', '2', '3', '4', '5', '6', '7']) await finish(receipt);
    expect(started).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  });
});

describe('before CONNECT is accepted', () => {
  /** A session whose CONNECT is in process until the test accepts it. */
  function pendingSession() {
    let accept = () => {};
    const authenticated = new Promise<void>((resolve) => (accept = resolve));
    const stage = testSession({
      authenticated,
      codecs: [stompCodec, jsonCodec],
      limits: { ...limits, maxWaitingFrames: 64, maxWaitingBytes: 100_000 },
    });
    return { ...stage, ...stage.open(), accept };
  }

  it('reading pauses when waiting frames need more than 4,096 bytes', async () => {
    const { accept, connection, events, receive } = pendingSession();
    receive(connectText);
    let received = 0;
    for (; !connection.paused && received < 70; received++) receive(largeText('1', 900));
    expect(received).toBe(4);
    accept();
    await settle();
    expect([connection.paused, events]).toEqual([
      false,
      ['connect', 'send', 'send', 'send', 'send'],
    ]);
  });

  it('one read of 64 KB waits, counts, and pauses reading; its frames begin after CONNECT', async () => {
    const { accept, connection, events, heldBytes, isIdle, receive } = pendingSession();
    const read = connectText + largeText('1', 900).repeat(64);
    receive(read);
    await settle();
    expect([connection.paused, heldBytes.used, events]).toEqual([
      true,
      read.length + overhead,
      ['connect'],
    ]);
    accept();
    while (!(await isIdle())) await settle();
    expect(events).toEqual(['connect', ...Array<string>(64).fill('send')]);
    expect([connection.paused, heldBytes.used]).toEqual([false, 0]);
  });

  it('no frame behind a refused CONNECT is processed', async () => {
    const { accept, connection, events, heldBytes, receive, session } = pendingSession();
    receive(connectText + largeText('1', 900).repeat(64));
    session.closeWith('access-refused');
    expect(heldBytes.used).toBe(0);
    accept();
    connection.terminate();
    await settle();
    expect(events).toEqual(['connect', 'lost 1008 access-refused', 'finished']);
  });

  it('an incomplete frame behind it has at most the bytes of one frame', async () => {
    const { accept, connection, events, receive } = pendingSession();
    receive(`${connectText}SEND\ndestination:/x\n\n`);
    for (let received = 0; !connection.paused && received < 70; received++)
      receive('x'.repeat(100));
    accept();
    await settle();
    expect(events).toEqual(['connect']);
    expect(connection.closedWith).toEqual({ code: 1009, reason: 'frame-too-large' });
  });

  it('a heart-beat behind a few frames is answered', async () => {
    const { clock, connection, receive } = pendingSession();
    receive('{"type":"connect"}');
    receive('{"type":"send","destination":"/x"}');
    receive('{"type":"ping"}');
    await clock.advance(0);
    expect(connection.text()).toEqual(['{"type":"pong"}\n']);
  });

  it('frames are discarded when the connection is lost', async () => {
    const { accept, connection, events, heldBytes, receive } = pendingSession();
    receive(connectText + sendText('1') + sendText('2'));
    expect(heldBytes.used).toBeGreaterThan(0);
    connection.terminate();
    expect(heldBytes.used).toBe(0);
    accept();
    await settle();
    expect(events).toEqual(['connect', 'lost 1006 ', 'finished']);
  });
});

describe('a connection that delivers bytes while it resumes', () => {
  it('keeps the order of the frames', async () => {
    const { connection, finish, receive, started } = await gatedSession();
    for (const receipt of ['1', '2', '3', '4', '5']) receive(sendText(receipt));
    expect(connection.paused).toBe(true);
    connection.resume = () => {
      connection.paused = false;
      receive(sendText('6'));
    };
    for (const receipt of ['1', '2', '3', '4', '5']) {
      expect(started.at(-1)).toBe(receipt);
      await finish(receipt);
    }
    expect(started).toEqual(['1', '2', '3', '4', '5', '6']);
  });
});
