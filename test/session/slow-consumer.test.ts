// Readers that are behind: which messages give way, and how the subscriber is told.
import { describe, expect, it } from 'vitest';
import type { MessageFrame } from '../../src/message/frame.js';
import { noHeaders } from '../../src/message/message.js';
import { Activity } from '../../src/session/activity.js';
import { Flusher } from '../../src/session/flusher.js';
import { Outbox } from '../../src/session/outbox.js';
import { compileSlowConsumers, type SlowConsumerOptions } from '../../src/session/slow-consumer.js';
import { jsonCodec } from '../../src/wire/json/codec.js';
import { FakeConnection } from '../fake-connection.js';
import { manualClock } from '../manual-clock.js';

/** A reader that keeps nothing up: what is written stays in the connection until it drains. */
function behind(options: Partial<SlowConsumerOptions>, size = 1500) {
  const clock = manualClock();
  const activity = new Activity(clock);
  const connection = new FakeConnection();
  const events: string[] = [];
  const outbox = new Outbox(
    connection,
    {
      clock,
      activity,
      flusher: new Flusher(clock, activity),
      limits: { size, age: 10_000 },
      treatmentOf: compileSlowConsumers({ policy: 'close', rules: [], ...options }, '/'),
    },
    {
      overflowed: () => void events.push('overflowed'),
      dropped: ({ message }) => void events.push(`dropped ${text(message.body)}`),
      intercept: undefined,
    },
  );
  connection.listen({
    data: () => {},
    ended: () => {},
    drained: () => outbox.drained(),
    ponged: () => {},
    closed: () => {},
  });
  outbox.speak(jsonCodec.encoder('1'));
  connection.stalled = true;
  const send = (...frames: MessageFrame[]) => {
    for (const frame of frames) {
      outbox.send(frame);
      clock.turn();
    }
  };
  /** The payloads that were written, with the number of those dropped before them. */
  const written = () =>
    connection.written
      .splice(0)
      .flatMap((octets) => text(octets).trimEnd().split('\n'))
      .map((line) => JSON.parse(line) as Record<string, string>)
      .map((frame) => [frame['payload'] ?? frame['type'], frame['dropped']].join(' ').trimEnd());
  return { outbox, connection, clock, events, send, written };
}

const text = (octets: Uint8Array) => Buffer.from(octets).toString();

let count = 0;
function message(body: string, given: Partial<MessageFrame> = {}, key?: string): MessageFrame {
  const headers = key === undefined ? noHeaders : new Map([['symbol', key]]);
  return {
    kind: 'message',
    subscription: 's',
    messageId: `m${++count}`,
    message: { destination: '/topic/x', headers, body: Buffer.from(body.padEnd(300, '.')) },
    ...given,
  };
}

/** Cut to what tells it apart. */
const short = (texts: string[]) => texts.map((each) => each.replace(/\.+/, ''));

describe('a reader that is behind', () => {
  it('is sent nothing until it has caught up, and then all in order', () => {
    const { connection, send, written, events } = behind({ policy: 'drop-oldest' });
    send(message('1'), message('2'), message('3'));
    expect(short(written())).toEqual(['1']);
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['2', '3']);
    send(message('4'));
    expect(short(written())).toEqual(['4']);
    expect(events).toEqual([]);
  });

  it('loses the oldest messages, and is told how many', () => {
    const { connection, send, written, events } = behind({ policy: 'drop-oldest' });
    send(...['1', '2', '3', '4', '5'].map((each) => message(each)));
    connection.stalled = false;
    connection.drain();
    expect(short(events)).toEqual(['dropped 2', 'dropped 3']);
    expect(short(written())).toEqual(['1', '4 2', '5']);
  });

  it('loses the newest, and is told with the next that arrives', () => {
    const { connection, send, written, events } = behind({ policy: 'drop-newest' });
    send(...['1', '2', '3', '4', '5'].map((each) => message(each)));
    connection.stalled = false;
    connection.drain();
    expect(short(events)).toEqual(['dropped 4', 'dropped 5']);
    // Told by the next that leaves, whenever it was published.
    expect(short(written())).toEqual(['1', '2 2', '3']);
    send(message('6'));
    expect(short(written())).toEqual(['6']);
  });

  it('gets the newest of each key, in the place of the first', () => {
    const rules = [{ destination: '/topic/*', policy: 'conflate', key: 'symbol' }] as const;
    const { connection, send, written } = behind({ rules }, 10_000);
    send(message('first'));
    send(message('a1', {}, 'a'), message('b1', {}, 'b'), message('a2', {}, 'a'));
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['first', 'a2 1', 'b1']);
  });

  it('hears nothing more of a subscription that has ended, nor what it lost', () => {
    const { outbox, connection, send, written, events } = behind({ policy: 'drop-oldest' });
    send(...['1', '2', '3', '4', '5'].map((each) => message(each)));
    send(message('kept', { subscription: 'other' }));
    outbox.forget('s');
    send(message('6'));
    connection.stalled = false;
    connection.drain();
    expect(short(events)).toEqual(['dropped 2', 'dropped 3', 'dropped 4']);
    expect(short(written())).toEqual(['1', 'kept', '6']);
  });

  it('gets the messages of a queue though their subscription has ended', () => {
    const { outbox, connection, send, written } = behind({ policy: 'drop-oldest' });
    send(message('1'), message('of a topic'), message('of a queue', { marks: {} }));
    outbox.forget('s');
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['1', 'of a queue']);
  });

  it('is told what it lost of a thousand subscriptions at the most', () => {
    const { connection, send, written } = behind({ policy: 'drop-newest' }, 300);
    send(message('1'));
    for (let i = 0; i <= 1000; i++) send(message('lost', { subscription: `s${i}` }));
    connection.stalled = false;
    connection.drain();
    written();
    send(message('2', { subscription: 's0' }), message('3', { subscription: 's1' }));
    expect(short(written())).toEqual(['2', '3 1']);
  });

  it('loses nothing that asks for acknowledgement, nor receipts', () => {
    const { outbox, connection, send, written } = behind({ policy: 'drop-oldest' });
    const queued = { marks: { ack: '1' } };
    send(message('1'), message('2', queued), message('3'), message('4', queued));
    outbox.send({ kind: 'receipt', receipt: 'r' });
    connection.stalled = false;
    connection.drain();
    expect(short(written())).toEqual(['1', '2 1', '4', 'receipt']);
  });

  it('is closed where nothing may give way', () => {
    const { send, events } = behind({ policy: 'drop-newest' });
    const queued = { marks: { ack: '1' } };
    send(...['1', '2', '3', '4', '5'].map((each) => message(each, queued)));
    expect(events).toEqual(['overflowed']);
  });

  it('is closed where its rule says so, though others drop', () => {
    const rules = [
      { destination: '/topic/x', policy: 'close' },
      { destination: '/topic/**', policy: 'drop-oldest' },
    ] as const;
    const { send, events } = behind({ rules });
    send(...['1', '2', '3', '4'].map((each) => message(each)));
    expect(events).toEqual(['overflowed']);
  });

  it('and never reads is closed by age, whatever gives way', () => {
    const { clock, send, events } = behind({ policy: 'drop-newest' });
    send(message('1'), message('2'));
    clock.advance(10_000);
    expect(events).toEqual(['overflowed']);
  });

  it('gets all that waits when the server ends the session', () => {
    const { outbox, send, written } = behind({ policy: 'drop-oldest' });
    send(message('1'), message('2'), message('3'));
    outbox.finish();
    expect(short(written())).toEqual(['1', '2', '3']);
  });

  it('has room again when half of it is free', async () => {
    const { outbox, connection, send } = behind({ policy: 'drop-oldest' });
    send(message('1'), message('2'), message('3'));
    let room = false;
    const waiting = outbox.room().then(() => (room = true));
    await Promise.resolve();
    expect(room).toBe(false);
    connection.stalled = false;
    connection.drain();
    await waiting;
  });
});

describe('the rules', () => {
  it('cost nothing where all close', () => {
    expect(compileSlowConsumers({ policy: 'close', rules: [] }, '/')).toBeUndefined();
    const rules = [{ destination: '/topic/x', policy: 'close' }] as const;
    expect(compileSlowConsumers({ policy: 'close', rules }, '/')).toBeUndefined();
  });
});
