// The journal logs why the store failed, once until a write succeeds.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Journal } from '../../../../src/broker/embedded/store/journal.js';
import type {
  StoreChange,
  StoredMessage,
} from '../../../../src/broker/embedded/store/message-store.js';
import { silentLogger } from '../../../../src/message/logger.js';
import { message } from '../../publication.js';
import { refusal } from '../started-broker.js';
import { memoryStore } from './memory-store.js';

const store = memoryStore();
const full = new Error('ENOSPC: no space left on device');
let logged: unknown[][];
let journal: Journal;

beforeEach(() => {
  logged = [];
  journal = new Journal(store, {
    ...silentLogger,
    error: (...line) => void logged.push(line),
  });
});

const put = (destination = '/queue/jobs'): StoreChange => {
  const sequence = journal.nextSequence();
  return { kind: 'put', stored: { sequence, id: 'id', message: message(destination, 'text') } };
};

async function fail(...changes: StoreChange[]): Promise<void> {
  store.fail(full);
  await expect(journal.write(changes)).rejects.toEqual(refusal('store-failed'));
}

describe('a failed write', () => {
  it('is logged with its reason and the destination of its message', async () => {
    await fail(put());
    expect(logged).toEqual([
      [
        "A message for '/queue/jobs' could not be stored. Failures are not logged again until a write succeeds.",
        full,
      ],
    ]);
  });

  it('is logged with the number of its messages', async () => {
    await fail(put(), put('/queue/other'), { kind: 'remove', sequence: 1 });
    expect(logged).toEqual([
      [
        "2 messages could not be stored; the first is for '/queue/jobs'. Failures are not logged again until a write succeeds.",
        full,
      ],
    ]);
  });

  it('is logged on one line when the destination contains a line end', async () => {
    await fail(put('/queue/a\nb'));
    expect(logged[0]![0]).toContain(String.raw`'/queue/a\u{a}b'`);
  });

  it('is logged again only after a write has succeeded', async () => {
    await fail(put());
    await fail(put());
    // A write without changes does not reach the store.
    await journal.write([]);
    await fail(put());
    expect(logged).toHaveLength(1);
    await journal.write([put()]);
    await fail(put());
    expect(logged).toHaveLength(2);
  });

  it('does not give the reason to the client', async () => {
    store.fail(full);
    await expect(journal.write([put()])).rejects.toMatchObject({
      message: 'The message could not be stored.',
      cause: full,
    });
  });
});

describe('a store that returns other values than messages in order', () => {
  const stored = (sequence: number): StoredMessage => ({
    sequence,
    id: 'id',
    message: message('/queue/jobs', 'text'),
  });

  it.each<[unknown, string]>([
    [undefined, 'open() of the store must return a list of messages.'],
    [{}, 'open() of the store must return a list of messages.'],
    [[null], 'Item 0 that open() of the store returned is not a StoredMessage.'],
    [[stored(1), 5], 'Item 1 that open() of the store returned is not a StoredMessage.'],
    [
      [{ ...stored(1), message: { destination: '/queue/jobs', headers: {}, body: 'x' } }],
      'Item 0 that open() of the store returned is not a StoredMessage.',
    ],
    [
      [stored(2), stored(1)],
      'The messages that open() of the store returned must have ascending sequences; item 1 has 1 after 2.',
    ],
  ])('is refused: %j', async (value, text) => {
    const garbage = { ...store, open: async () => value as readonly StoredMessage[] };
    await expect(new Journal(garbage, silentLogger).open()).rejects.toMatchObject({
      code: 'store-failed',
      message: text,
    });
  });
});

describe('a journal that is closed', () => {
  it('closes a store that has not opened yet when it has opened', async () => {
    let finish: (stored: StoredMessage[]) => void;
    const closed = vi.fn<() => Promise<void>>(async () => {});
    const opening = new Promise<StoredMessage[]>((resolve) => (finish = resolve));
    const late = new Journal({ ...store, open: () => opening, close: closed }, silentLogger);
    const opened = late.open();
    await late.close();
    expect(closed).not.toHaveBeenCalled();
    finish!([{ sequence: 1, id: 'id', message: message('/queue/jobs', 'text') }]);
    expect(await opened).toEqual([]);
    expect(closed).toHaveBeenCalledTimes(1);
  });
});
