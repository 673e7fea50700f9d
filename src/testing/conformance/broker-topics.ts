// What a broker promises of topics: every subscription gets every publication, in one order.
import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict';
import type { Checks } from './conformance-case.js';
import { messageOf, publicationOf } from './listener.js';
import { hears, onStage, type BrokerSubject } from './stage.js';

const many = Array.from({ length: 300 }, (_, i) => `m${i}`);

export const topicChecks: Checks<BrokerSubject> = {
  'publishes to every subscription of a topic': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.topic('news'));
    await bob.subscribe(stage.topic('news'));
    await stage.publish(stage.topic('news'), 'one', 'two');
    await hears(stage, ann, ['one', 'two']);
    await hears(stage, bob, ['one', 'two']);
  }),

  'publishes to nobody where nobody subscribed': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.topic('news'));
    await stage.publish(stage.topic('news/more'), 'one');
    await stage.publish(stage.topic('new'), 'two');
    await hears(stage, ann, []);
  }),

  'publishes what a client sends, to the client too': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.topic('news'));
    await bob.subscribe(stage.topic('news'));
    await ann.send(stage.topic('news'), 'one');
    await hears(stage, ann, ['one']);
    await hears(stage, bob, ['one']);
  }),

  'delivers the headers and octets that were published': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.topic('news'));
    await stage.publish(stage.topic('news'), 'h\u00e9\0');
    await hears(stage, ann, ['h\u00e9\0']);
    const { message, subscription } = ann.deliveries[0]!;
    equal(subscription, 's-1');
    equal(message.destination, stage.topic('news'));
    equal(message.headers.get('content-type'), 'text/plain');
  }),

  'delivers once for each subscription that matches': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.topic('news'), { id: 'a' });
    await ann.subscribe(stage.topic('news'), { id: 'b' });
    await stage.publish(stage.topic('news'), 'one');
    await hears(stage, ann, ['one', 'one']);
    deepEqual(ann.deliveries.map(({ subscription }) => subscription).toSorted(), ['a', 'b']);
  }),

  'serves patterns of one segment and of all that follow': onStage(async (stage) => {
    const [one, all] = [stage.join(), stage.join()];
    await one.subscribe(stage.topic('price/*'));
    await all.subscribe(stage.topic('price/**'));
    await stage.publish(stage.topic('price/a'), 'a');
    await stage.publish(stage.topic('price/a/b'), 'ab');
    await stage.publish(stage.topic('prices'), 'no');
    await hears(stage, one, ['a']);
    await hears(stage, all, ['a', 'ab']);
  }),

  'gives each publication an id of its own': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.topic('news'));
    await stage.publish(stage.topic('news'), 'one', 'two');
    await hears(stage, ann, ['one', 'two']);
    const [first, second] = ann.deliveries.map(({ messageId }) => messageId);
    notEqual(first, '');
    notEqual(first, second);
  }),

  'keeps the order of a publisher': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await bob.subscribe(stage.topic('news'));
    await Promise.all(many.map((text) => ann.send(stage.topic('news'), text)));
    await hears(stage, bob, many);
  }),

  'keeps the order for all while a delivery publishes': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.topic('news'));
    await bob.subscribe(stage.topic('news'));
    const answers: Promise<void>[] = [];
    ann.onDelivery = (message) => {
      ann.onDelivery = undefined;
      answers.push(ann.send(message.destination, 'answer'));
    };
    await stage.publish(stage.topic('news'), 'question');
    await hears(stage, ann, ['question', 'answer']);
    await hears(stage, bob, ['question', 'answer']);
    await Promise.all(answers);
  }),

  'delivers nothing that was published before a subscription': onStage(async (stage) => {
    const ann = stage.join();
    await stage.publish(stage.topic('news'), 'early');
    await ann.subscribe(stage.topic('news'));
    await stage.publish(stage.topic('news'), 'late');
    await hears(stage, ann, ['late']);
  }),

  'delivers nothing after UNSUBSCRIBE': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.topic('news'));
    await bob.subscribe(stage.topic('news'));
    await stage.publish(stage.topic('news'), 'one');
    await hears(stage, ann, ['one']);
    await ann.unsubscribe();
    await stage.publish(stage.topic('news'), 'two');
    await hears(stage, bob, ['one', 'two']);
    await hears(stage, ann, ['one']);
  }),

  'delivers nothing to a connection that was closed': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.topic('news'));
    await bob.subscribe(stage.topic('news'));
    await ann.leave();
    await stage.publish(stage.topic('news'), 'one');
    await hears(stage, bob, ['one']);
    await hears(stage, ann, []);
  }),

  'gives an id free again when its subscription has ended': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.topic('news'));
    await ann.unsubscribe();
    await ann.subscribe(stage.topic('sport'));
    await stage.publish(stage.topic('news'), 'one');
    await stage.publish(stage.topic('sport'), 'two');
    await hears(stage, ann, ['two']);
  }),

  'keeps the ids of its connections apart': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.topic('news'));
    await bob.subscribe(stage.topic('news'));
    await ann.unsubscribe();
    await stage.publish(stage.topic('news'), 'one');
    await hears(stage, bob, ['one']);
  }),

  'refuses a second subscription of one id': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.topic('news'));
    await rejects(ann.subscribe(stage.topic('sport')), { code: 'subscription-exists' });
    await stage.publish(stage.topic('sport'), 'no');
    await stage.publish(stage.topic('news'), 'one');
    await hears(stage, ann, ['one']);
  }),

  'refuses to end a subscription that never was': onStage(async (stage) => {
    await rejects(stage.join().unsubscribe('unknown'), { code: 'subscription-unknown' });
  }),

  'serves the others when a delivery throws': onStage(async (stage) => {
    const [ann, bob] = [stage.join(), stage.join()];
    await ann.subscribe(stage.topic('news'));
    await bob.subscribe(stage.topic('news'));
    ann.onDelivery = () => {
      throw new Error('A subscriber that fails on purpose.');
    };
    await stage.publish(stage.topic('news'), 'one', 'two');
    await hears(stage, bob, ['one', 'two']);
  }),

  'changes nothing of a message that it was given': onStage(async (stage) => {
    const ann = stage.join();
    await ann.subscribe(stage.topic('news'));
    const message = messageOf(stage.topic('news'), 'one', { extra: 'x' });
    const before = new Map(message.headers);
    await ann.commit([{ kind: 'send', publication: publicationOf(message) }]);
    await hears(stage, ann, ['one']);
    deepEqual(message.headers, before);
    equal(ann.deliveries[0]!.message.headers.get('extra'), 'x');
  }),
};
