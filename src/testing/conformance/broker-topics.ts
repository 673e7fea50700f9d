// The checks of a broker's topics: every subscription receives every publication, once and in one order.
import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict';
import { withBroker, type BrokerSubject } from './broker-harness.js';
import type { Checks } from './conformance-case.js';
import { messageOf, publicationOf } from './test-subscriber.js';

const many = Array.from({ length: 300 }, (_, i) => `m${i}`);

export const topicChecks: Checks<BrokerSubject> = {
  'delivers a publication to every subscription of its topic': withBroker(async (harness) => {
    const news = harness.topic('news');
    const [ann, bob] = [harness.connect(), harness.connect()];
    await ann.subscribe(news);
    await bob.subscribe(news);
    await harness.publish(news, 'one', 'two');
    await harness.expectTexts(ann, ['one', 'two'], news);
    await harness.expectTexts(bob, ['one', 'two'], news);
  }),

  'delivers no message to subscriptions of other topics': withBroker(async (harness) => {
    const ann = harness.connect();
    await ann.subscribe(harness.topic('news'));
    await harness.publish(harness.topic('news/more'), 'one');
    await harness.publish(harness.topic('new'), 'two');
    await harness.expectTexts(ann, [], harness.topic('news'));
  }),

  'delivers a message to its sender too': withBroker(async (harness) => {
    const news = harness.topic('news');
    const [ann, bob] = [harness.connect(), harness.connect()];
    await ann.subscribe(news);
    await bob.subscribe(news);
    await ann.send(news, 'one');
    await harness.expectTexts(ann, ['one'], news);
    await harness.expectTexts(bob, ['one'], news);
  }),

  'delivers destination, headers and body as they were published': withBroker(async (harness) => {
    const news = harness.topic('news');
    const ann = harness.connect();
    await ann.subscribe(news);
    await harness.publish(news, 'h\u00e9\0');
    await harness.expectTexts(ann, ['h\u00e9\0'], news);
    const { message, subscription } = ann.deliveries[0]!;
    equal(subscription, 's-1');
    equal(message.destination, news);
    equal(message.headers.get('content-type'), 'text/plain');
  }),

  'delivers once for each subscription that matches': withBroker(async (harness) => {
    const news = harness.topic('news');
    const ann = harness.connect();
    await ann.subscribe(news, { id: 'a' });
    await ann.subscribe(news, { id: 'b' });
    await harness.publish(news, 'one');
    await harness.expectTexts(ann, ['one', 'one'], news);
    deepEqual(ann.deliveries.map(({ subscription }) => subscription).toSorted(), ['a', 'b']);
  }),

  'supports patterns for one segment and for all further segments': withBroker(async (harness) => {
    const price = harness.topic('price/a');
    const [one, all] = [harness.connect(), harness.connect()];
    await one.subscribe(harness.topic('price/*'));
    await all.subscribe(harness.topic('price/**'));
    await harness.publish(price, 'a');
    await harness.publish(harness.topic('price/a/b'), 'ab');
    await harness.publish(harness.topic('prices'), 'no');
    await harness.expectTexts(one, ['a'], price);
    await harness.expectTexts(all, ['a', 'ab'], price);
  }),

  'delivers two publications with different ids': withBroker(async (harness) => {
    const news = harness.topic('news');
    const ann = harness.connect();
    await ann.subscribe(news);
    await harness.publish(news, 'one', 'two');
    await harness.expectTexts(ann, ['one', 'two'], news);
    const [first, second] = ann.deliveries.map(({ messageId }) => messageId);
    notEqual(first, '');
    notEqual(first, second);
  }),

  'keeps the order of a publisher': withBroker(async (harness) => {
    const news = harness.topic('news');
    const [ann, bob] = [harness.connect(), harness.connect()];
    await bob.subscribe(news);
    await Promise.all(many.map((text) => ann.send(news, text)));
    await harness.expectTexts(bob, many, news);
  }),

  'keeps one order for all subscribers while a delivery publishes': withBroker(async (harness) => {
    const news = harness.topic('news');
    const [ann, bob] = [harness.connect(), harness.connect()];
    await ann.subscribe(news);
    await bob.subscribe(news);
    const answers: Promise<void>[] = [];
    ann.onDelivery = (message) => {
      ann.onDelivery = undefined;
      answers.push(ann.send(message.destination, 'answer'));
    };
    await harness.publish(news, 'question');
    await ann.receive(1);
    await Promise.all(answers);
    await harness.expectTexts(ann, ['question', 'answer'], news);
    await harness.expectTexts(bob, ['question', 'answer'], news);
  }),

  'delivers no message twice, even after a delay': withBroker(async (harness) => {
    const news = harness.topic('news');
    const ann = harness.connect();
    await ann.subscribe(news);
    await harness.publish(news, 'one', 'two');
    await harness.expectTexts(ann, ['one', 'two'], news, { late: true });
  }),

  'delivers no message from before the subscription': withBroker(async (harness) => {
    const news = harness.topic('news');
    const ann = harness.connect();
    await harness.publish(news, 'early');
    await ann.subscribe(news);
    await harness.publish(news, 'late');
    await harness.expectTexts(ann, ['late'], news);
  }),

  'delivers no message after UNSUBSCRIBE, even after a delay': withBroker(async (harness) => {
    const news = harness.topic('news');
    const ann = harness.connect();
    await ann.subscribe(news, { id: 'ended' });
    await harness.publish(news, 'one');
    await harness.expectTexts(ann, ['one'], news);
    await ann.unsubscribe('ended');
    // The second subscription receives the sentinels on the same connection.
    await ann.subscribe(news, { id: 'second' });
    await harness.publish(news, 'two');
    await harness.expectTexts(ann, ['one', 'two'], news, { late: true });
    deepEqual(
      ann.deliveries.map(({ subscription }) => subscription),
      ['ended', 'second'],
    );
  }),

  'delivers no message after the connection was closed, even after a delay': withBroker(
    async (harness) => {
      const news = harness.topic('news');
      const [ann, bob] = [harness.connect(), harness.connect()];
      await ann.subscribe(news);
      await bob.subscribe(news);
      await ann.close();
      await harness.publish(news, 'one');
      await harness.expectTexts(bob, ['one'], news, { late: true });
      deepEqual(ann.texts, []);
    },
  ),

  'frees the id of a subscription that has ended': withBroker(async (harness) => {
    const ann = harness.connect();
    await ann.subscribe(harness.topic('news'));
    await ann.unsubscribe();
    await ann.subscribe(harness.topic('sport'));
    await harness.publish(harness.topic('news'), 'one');
    await harness.publish(harness.topic('sport'), 'two');
    await harness.expectTexts(ann, ['two'], harness.topic('sport'));
  }),

  'keeps the subscription ids of two connections apart': withBroker(async (harness) => {
    const news = harness.topic('news');
    const [ann, bob] = [harness.connect(), harness.connect()];
    await ann.subscribe(news);
    await bob.subscribe(news);
    await ann.unsubscribe();
    await harness.publish(news, 'one');
    await harness.expectTexts(bob, ['one'], news);
    deepEqual(ann.texts, []);
  }),

  'rejects a second subscription with the same id': withBroker(async (harness) => {
    const ann = harness.connect();
    await ann.subscribe(harness.topic('news'));
    await rejects(ann.subscribe(harness.topic('sport')), { code: 'subscription-exists' });
    await harness.publish(harness.topic('sport'), 'no');
    await harness.publish(harness.topic('news'), 'one');
    await harness.expectTexts(ann, ['one'], harness.topic('news'));
  }),

  'rejects UNSUBSCRIBE of an unknown subscription': withBroker(async (harness) => {
    await rejects(harness.connect().unsubscribe('unknown'), { code: 'subscription-unknown' });
  }),

  'serves the other subscribers when a delivery throws': withBroker(async (harness) => {
    const news = harness.topic('news');
    const [ann, bob] = [harness.connect(), harness.connect()];
    await ann.subscribe(news);
    await bob.subscribe(news);
    ann.onDelivery = () => {
      throw new Error('A subscriber that fails on purpose.');
    };
    await harness.publish(news, 'one', 'two');
    await harness.expectTexts(bob, ['one', 'two'], news);
  }),

  'does not change a message': withBroker(async (harness) => {
    const news = harness.topic('news');
    const ann = harness.connect();
    await ann.subscribe(news);
    const message = messageOf(news, 'one', { extra: 'x' });
    const before = new Map(message.headers);
    await ann.commit([{ kind: 'send', publication: publicationOf(message) }]);
    await harness.expectTexts(ann, ['one'], news);
    deepEqual(message.headers, before);
    equal(ann.deliveries[0]!.message.headers.get('extra'), 'x');
  }),
};
