// Retained messages: the last message of each chosen destination, delivered first to later subscriptions.
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../../../src/message/kept-message.js';
import type { RetainOptions } from '../../../../src/broker/embedded/topic/retained-messages.js';
import { message, publication } from '../../publication.js';
import { brokerWith } from '../started-broker.js';

const keeping = (retain: Partial<RetainOptions>) => brokerWith({}, { retain });
const prices = { destinations: ['/topic/price/**'] };

describe('a retained message', () => {
  it('is the last message of its destination and is delivered first, with a mark', () => {
    const { publish, consumer } = keeping(prices);
    publish('/topic/price/a', '1', '2');
    publish('/topic/other', 'gone');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/a');
    ann.subscribe('o', '/topic/other');
    publish('/topic/price/a', '3');
    expect(ann.deliveries.map(({ text, retained }) => [text, retained])).toEqual([
      ['2', true],
      ['3', false],
    ]);
  });

  it('is delivered to a pattern from all destinations that match', () => {
    const { publish, consumer } = keeping(prices);
    publish('/topic/price/a', 'a');
    publish('/topic/price/b/c', 'c');
    publish('/topic/price/b', 'b');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    expect(ann.takeTexts()).toEqual(['a', 'b']);
  });

  it('is acknowledged like other messages', () => {
    const { publish, consumer } = keeping(prices);
    publish('/topic/price/a', '1');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/a', 'client', { 'prefetch-count': '1' });
    publish('/topic/price/a', '2');
    expect(ann.deliveries).toMatchObject([{ text: '1', retained: true }]);
    ann.settle('ack', '1');
    expect(ann.takeTexts()).toEqual(['1', '2']);
  });

  it('is removed by an empty message', () => {
    const { publish, consumer } = keeping(prices);
    publish('/topic/price/a', '1', '');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/a');
    expect(ann.takeTexts()).toEqual([]);
  });

  it('is kept for the header `retain:true` if the option allows it', () => {
    for (const options of [{ byHeader: true }, { byHeader: false }, prices]) {
      const { subject, consumer } = keeping(options);
      void subject.publish(publication('/topic/x', 'kept', { retain: 'true' }));
      void subject.publish(publication('/topic/x', 'not', { retain: 'false' }));
      const ann = consumer();
      ann.subscribe('x', '/topic/x');
      expect(ann.takeTexts()).toEqual('byHeader' in options && options.byHeader ? ['kept'] : []);
    }
  });

  it('waits for room, and is left out when it was replaced or the subscription has ended', async () => {
    const { publish, consumer } = keeping(prices);
    for (const name of ['a', 'b', 'c', 'd']) publish(`/topic/price/${name}`, `${name}1`);
    const [ann, bob] = [consumer(), consumer()];
    for (const each of [ann, bob]) {
      each.fill();
      each.subscribe('p', '/topic/price/*');
    }
    publish('/topic/price/b', 'b2');
    expect(ann.takeTexts()).toEqual(['a1', 'b2']);
    void bob.connection.unsubscribe('p');
    await ann.drain();
    await bob.drain();
    expect(ann.deliveries.map(({ text, retained }) => [text, retained])).toEqual([
      ['c1', true],
      ['d1', true],
    ]);
    expect(bob.takeTexts()).toEqual(['a1', 'b2']);
  });

  it('is not delivered after the broker has stopped', async () => {
    const { subject, publish, consumer } = keeping(prices);
    for (const name of ['a', 'b']) publish(`/topic/price/${name}`, name);
    const ann = consumer();
    ann.fill();
    ann.subscribe('p', '/topic/price/*');
    void subject.stop();
    await ann.drain();
    expect(ann.takeTexts()).toEqual(['a']);
  });

  it('is kept up to the limit of all of them; a larger one drops no other', () => {
    const limit = sizeOf(message('/topic/price/a', 'a'));
    const { publish, consumer } = keeping({ ...prices, maxBytes: limit });
    publish('/topic/price/a', 'a');
    publish('/topic/price/b', 'too large');
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    expect(ann.takeTexts()).toEqual(['a']);
  });

  it('is logged when its delivery fails', async () => {
    const { subject, publish, errors } = keeping(prices);
    publish('/topic/price/a', 'a');
    const connection = subject.connect({
      id: 'ann',
      busy: false,
      gone: false,
      deliver() {
        throw new Error('no');
      },
      room: () => Promise.resolve(),
      fail: () => {},
    });
    void connection.subscribe({
      id: 'p',
      destination: '/topic/price/a',
      ack: 'auto',
      headers: new Map(),
    });
    expect(errors).toEqual(['A delivery to the subscriber ann failed.']);
  });

  it.each([
    ['too many', { ...prices, maxMessages: 2 }],
    ['too large together', { ...prices, maxBytes: 2 * sizeOf(message('/topic/price/a', 'a')) }],
  ])('is dropped when they are %s, the oldest first', (_, retain) => {
    const { publish, consumer } = keeping(retain);
    for (const name of ['a', 'b', 'a', 'c']) publish(`/topic/price/${name}`, name);
    const ann = consumer();
    ann.subscribe('p', '/topic/price/*');
    expect(ann.takeTexts()).toEqual(['a', 'c']);
  });
});
