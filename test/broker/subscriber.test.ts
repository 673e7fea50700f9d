// The subscriptions of a session: their bookkeeping, and deliveries as frames.
import { describe, expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import { fakeSubscriber, subscribeFrame } from './fake-subscriber.js';
import { publication } from './publication.js';

const topic = (destination: string) => ({ kind: 'broker', destination }) as const;
const own = (queue: string) => ({ kind: 'session', session: 's1', queue }) as const;

describe('a subscriber', () => {
  it('subscribes and unsubscribes at the broker', async () => {
    const { subject, calls } = fakeSubscriber();
    await subject.subscribe(subscribeFrame('1', '/topic/x'), topic('/topic/x'));
    expect(subject.has('1')).toBe(true);
    expect(await subject.unsubscribe('1', undefined)).toMatchObject({
      id: '1',
      requested: '/topic/x',
    });
    expect(subject.has('1')).toBe(false);
    expect(calls).toEqual(['subscribe 1 /topic/x', 'unsubscribe 1', 'forget 1']);
  });

  it('drops waiting messages also when the broker refuses UNSUBSCRIBE', async () => {
    const { subject, calls, state } = fakeSubscriber();
    await subject.subscribe(subscribeFrame('1', '/topic/x'), topic('/topic/x'));
    state.refusesUnsubscribe = new MessagingError('not-supported');
    await expect(subject.unsubscribe('1', undefined)).rejects.toThrow(state.refusesUnsubscribe);
    expect([calls.at(-1), subject.has('1')]).toEqual(['forget 1', false]);
  });

  it('refuses an id twice, also while the broker has not answered the first', async () => {
    let agree = () => {};
    const { subject } = fakeSubscriber(() => new Promise((resolve) => (agree = resolve)));
    const first = subject.subscribe(subscribeFrame('1', '/topic/x'), topic('/topic/x'));
    await expect(
      subject.subscribe(subscribeFrame('1', '/topic/y'), topic('/topic/y')),
    ).rejects.toThrow(new MessagingError('subscription-exists'));
    expect(() => subject.open(subscribeFrame('1', '/app/x'))).toThrow(
      new MessagingError('subscription-exists'),
    );
    agree();
    await first;
    expect(subject.size).toBe(1);
  });

  it('does not keep a subscription that the broker refused', async () => {
    const { subject } = fakeSubscriber(() => Promise.reject(new MessagingError('not-supported')));
    await expect(
      subject.subscribe(subscribeFrame('1', '/topic/x'), topic('/topic/x')),
    ).rejects.toThrow(new MessagingError('not-supported'));
    expect(subject.has('1')).toBe(false);
  });

  it('ends a subscription by its destination (STOMP 1.0)', async () => {
    const { subject } = fakeSubscriber();
    await subject.subscribe(subscribeFrame('\0/topic/x', '/topic/x'), topic('/topic/x'));
    expect(await subject.unsubscribe(undefined, '/topic/x')).toMatchObject({ id: '\0/topic/x' });
  });

  it('accepts a second UNSUBSCRIBE, and refuses an id that never existed', async () => {
    const { subject } = fakeSubscriber();
    subject.end(subject.open(subscribeFrame('reply', '/app/x')));
    expect(await subject.unsubscribe('reply', undefined)).toBeUndefined();
    await expect(subject.unsubscribe('never', undefined)).rejects.toThrow(
      new MessagingError('subscription-unknown'),
    );
  });

  it('remembers an ended id that was refused afterwards', async () => {
    const { subject } = fakeSubscriber(() => Promise.reject(new MessagingError('queue-limit')));
    subject.end(subject.open(subscribeFrame('1', '/app/x')));
    await expect(
      subject.subscribe(subscribeFrame('1', '/queue/x'), topic('/queue/x')),
    ).rejects.toThrow(new MessagingError('queue-limit'));
    expect(await subject.unsubscribe('1', undefined)).toBeUndefined();
  });

  it('counts the bytes of its live subscriptions, with their headers', async () => {
    const { subject } = fakeSubscriber();
    const headers = new Map([['ab', 'cde']]);
    await subject.subscribe(subscribeFrame('1', '/topic/x', { headers }), topic('/topic/x'));
    expect(subject.bytes).toBe(256 + 1 + 8 + 64 + 5);
    const answered = subject.open(subscribeFrame('22', '/app/x'));
    expect(subject.bytes).toBe(334 + 256 + 2 + 6);
    subject.end(answered);
    subject.end(answered);
    await subject.unsubscribe('1', undefined);
    expect(subject.bytes).toBe(0);
  });

  it('does not count a subscription that the broker refuses', async () => {
    const { subject } = fakeSubscriber(() => {
      throw new MessagingError('pattern-limit');
    });
    const subscribed = subject.subscribe(subscribeFrame('1', '/topic/x'), topic('/topic/x'));
    await expect(subscribed).rejects.toThrow(MessagingError);
    expect(subject.bytes).toBe(0);
  });

  it('does not remember long ids', async () => {
    const { subject } = fakeSubscriber();
    const id = 'x'.repeat(257);
    subject.end(subject.open(subscribeFrame(id, '/app/x')));
    await expect(subject.unsubscribe(id, undefined)).rejects.toThrow(MessagingError);
  });

  it('remembers a limited number of ended ids', async () => {
    const { subject } = fakeSubscriber();
    for (let i = 0; i < 200; i++) subject.end(subject.open(subscribeFrame(`${i}`, '/app/x')));
    expect(await subject.unsubscribe('199', undefined)).toBeUndefined();
    await expect(subject.unsubscribe('0', undefined)).rejects.toThrow(MessagingError);
  });

  it('aborts the stream of a subscription that ends', async () => {
    const { subject } = fakeSubscriber();
    const { stream: first } = subject.open(subscribeFrame('1', '/app/ticks'));
    const { stream: second } = subject.open(subscribeFrame('2', '/app/ticks'));
    await subject.unsubscribe('1', undefined);
    expect([first.signal.aborted, second.signal.aborted]).toEqual([true, false]);
    subject.stopStreams();
    expect(second.signal.aborted).toBe(true);
  });

  it('does not end a later subscription with the same id', async () => {
    const { subject } = fakeSubscriber();
    const before = subject.open(subscribeFrame('1', '/app/ticks'));
    await subject.unsubscribe('1', undefined);
    const after = subject.open(subscribeFrame('1', '/app/ticks'));
    expect(subject.end(before)).toBe(false);
    expect([subject.has('1'), after.stream.signal.aborted]).toEqual([true, false]);
  });

  it('makes one frame for all subscribers with the same subscription id', () => {
    const { make, sent } = fakeSubscriber();
    const published = publication('/topic/x');
    const { kind: _, ...subscription } = subscribeFrame('sub-0', '/topic/x');
    make().deliver(subscription, published);
    make().deliver({ ...subscription }, published);
    make().deliver({ ...subscription, id: 'other' }, published);
    expect(sent[1]).toBe(sent[0]);
    expect(sent[2]).toMatchObject({ subscription: 'other', message: published.message });
  });

  it('reports each delivery to the hook', () => {
    const seen: unknown[] = [];
    const { subject } = fakeSubscriber(undefined, (published, session, id) => {
      seen.push([published.id, session, id]);
      return () => seen.push('end');
    });
    const published = publication('/topic/x');
    subject.deliver(subscribeFrame('1', '/topic/x'), published);
    expect(seen).toEqual([[published.id, 's1', '1'], 'end']);
  });

  it('closes its connection to the broker', async () => {
    const { subject, calls } = fakeSubscriber();
    await subject.close();
    expect(calls).toEqual(['close']);
  });
});

describe('a session queue', () => {
  it('is served without the broker, once for each subscription', async () => {
    const { subject, calls, texts } = fakeSubscriber();
    await subject.subscribe(subscribeFrame('1', '/user/queue/x'), own('/queue/x'));
    await subject.subscribe(subscribeFrame('2', '/user/queue/x'), own('/queue/x'));
    await subject.subscribe(subscribeFrame('3', '/user/queue/y'), own('/queue/y'));
    void subject.receive('/queue/x', publication('/user/queue/x', 'x'));
    expect(texts()).toEqual(['x', 'x']);
    expect([subject.reads('/queue/x'), subject.reads('/queue/z')]).toEqual([true, false]);
    expect(calls).toEqual([]);
  });

  it('delivers no message after UNSUBSCRIBE', async () => {
    const { subject, calls, texts } = fakeSubscriber();
    await subject.subscribe(subscribeFrame('1', '/user/queue/x'), own('/queue/x'));
    await subject.unsubscribe('1', undefined);
    void subject.receive('/queue/x', publication('/user/queue/x'));
    expect([texts(), subject.reads('/queue/x'), calls]).toEqual([[], false, ['forget 1']]);
  });

  it('delivers a message again that was not accepted', async () => {
    const { subject, sent, texts, ackOf } = fakeSubscriber();
    const frame = subscribeFrame('1', '/user/queue/x', { ack: 'client-individual' });
    await subject.subscribe(frame, own('/queue/x'));
    void subject.receive('/queue/x', publication('/user/queue/x', 'a'));
    void subject.settle({ kind: 'nack', id: ackOf(0) });
    expect(texts()).toEqual(['a', 'a']);
    expect(sent[1]).toMatchObject({ marks: { redelivered: 1 } });
    void subject.settle({ kind: 'ack', id: ackOf(1) });
    // A late acknowledgement of a delivery that was settled is accepted.
    void subject.settle({ kind: 'ack', id: ackOf(0) });
    expect(texts()).toHaveLength(2);
  });

  it('rejects the acknowledgement of an unknown delivery', () => {
    const { subject } = fakeSubscriber();
    expect(() => subject.settle({ kind: 'ack', id: 'own-1' })).toThrow(
      new MessagingError('acknowledgement-unknown'),
    );
  });

  it('passes the acknowledgements of the broker on to the broker', () => {
    const { subject, calls } = fakeSubscriber();
    void subject.settle({ kind: 'ack', id: '1' });
    expect(calls).toEqual(['ack 1']);
  });

  it('delivers no message to an ended subscription with acknowledgement', async () => {
    const { subject, texts } = fakeSubscriber();
    const frame = subscribeFrame('1', '/user/queue/x', { ack: 'client' });
    await subject.subscribe(frame, own('/queue/x'));
    void subject.receive('/queue/x', publication('/user/queue/x', 'a'));
    await subject.unsubscribe('1', undefined);
    await subject.subscribe(
      subscribeFrame('2', '/user/queue/x', { ack: 'client' }),
      own('/queue/x'),
    );
    void subject.receive('/queue/x', publication('/user/queue/x', 'b'));
    expect(texts()).toEqual(['a', 'b']);
  });

  it('delivers no message after the end of the session', async () => {
    const { subject, texts } = fakeSubscriber();
    await subject.subscribe(subscribeFrame('1', '/user/queue/x'), own('/queue/x'));
    await subject.close();
    void subject.receive('/queue/x', publication('/user/queue/x'));
    expect(texts()).toEqual([]);
  });

  it('cannot be durable', async () => {
    const { subject } = fakeSubscriber();
    const headers = new Map([['durable-subscription-name', 'd']]);
    await expect(
      subject.subscribe(subscribeFrame('1', '/user/queue/x', { headers }), own('/queue/x')),
    ).rejects.toMatchObject({ code: 'destination-invalid' });
    expect(subject.has('1')).toBe(false);
  });
});

describe('a commit', () => {
  const address = topic('/topic/x');

  it('passes steps to the broker, and settles session queues afterwards', async () => {
    const { subject, calls, texts, ackOf } = fakeSubscriber();
    const frame = subscribeFrame('1', '/user/queue/x', { ack: 'client-individual' });
    await subject.subscribe(frame, own('/queue/x'));
    void subject.receive('/queue/x', publication('/user/queue/x', 'a'));
    await subject.commit([
      { kind: 'send', address, publication: publication('/topic/x') },
      { kind: 'settle', settlement: { kind: 'nack', id: ackOf(0) } },
      { kind: 'settle', settlement: { kind: 'ack', id: '7' } },
    ]);
    expect(calls).toEqual(['commit send settle']);
    expect(texts()).toEqual(['a', 'a']);
  });

  it('does nothing when an acknowledgement is unknown', async () => {
    const { subject, calls } = fakeSubscriber();
    await expect(
      subject.commit([
        { kind: 'send', address, publication: publication('/topic/x') },
        { kind: 'settle', settlement: { kind: 'ack', id: 'own-1' } },
      ]),
    ).rejects.toThrow(new MessagingError('acknowledgement-unknown'));
    expect(calls).toEqual([]);
  });

  it('settles nothing when the broker refuses', async () => {
    const { subject, texts, ackOf, state } = fakeSubscriber();
    const frame = subscribeFrame('1', '/user/queue/x', { ack: 'client-individual' });
    await subject.subscribe(frame, own('/queue/x'));
    void subject.receive('/queue/x', publication('/user/queue/x', 'a'));
    state.refusesCommit = new MessagingError('queue-full');
    await expect(
      subject.commit([{ kind: 'settle', settlement: { kind: 'nack', id: ackOf(0) } }]),
    ).rejects.toThrow(state.refusesCommit);
    expect(texts()).toEqual(['a']);
  });
});
