// Subscriptions that ask for features of other brokers.
import { expect, it } from 'vitest';
import { brokerWith, refusal } from './started-broker.js';

it.each([
  ['selector', 'region = 1'],
  ['activemq.subscriptionName', 'news'],
  ['activemq.subcriptionName', 'news'],
  ['durable-subscriber-name', 'news'],
  ['durable', 'true'],
  ['auto-delete', 'false'],
  ['x-queue-name', 'news'],
  ['no-local', 'true'],
  ['activemq.noLocal', 'true'],
  ['exclusive', 'true'],
  ['activemq.exclusive', 'true'],
  ['activemq.selector', 'region = 1'],
  ['activemq.retroactive', 'true'],
  ['x-stream-offset', 'first'],
  ['browser', 'true'],
  ['activemq.browser', 'true'],
  ['persistent', 'true'],
  [' selector', 'region = 1'],
  ['selector\t', 'region = 1'],
  ['durable', 'TRUE'],
  ['durable', ' true '],
])('the header %s:%s is refused, for topics and queues', (name, value) => {
  const ann = brokerWith().consumer();
  for (const destination of ['/topic/x', '/queue/x'])
    expect(() => ann.subscribe('1', destination, 'auto', { [name]: value })).toThrow(
      refusal('not-supported'),
    );
});

it.each([
  ['durable', 'false'],
  ['auto-delete', 'true'],
  ['no-local', 'false'],
  ['exclusive', 'false'],
  ['browser', 'false'],
  ['activemq.retroactive', 'false'],
  ['constructor', 'true'],
])('the header %s:%s changes nothing and is accepted', (name, value) => {
  const { publish, consumer } = brokerWith();
  const ann = consumer();
  ann.subscribe('1', '/topic/x', 'auto', { [name]: value });
  publish('/topic/x', 'one');
  expect(ann.takeTexts()).toEqual(['one']);
});

it.each([
  '/topic/>',
  '/topic/#',
  '/topic/a.>',
  '/topic/a.#',
  '/topic/#.b',
  '/topic/#/b',
  '/queue/>',
])('the destination %s is refused, because its wildcard has no meaning here', (destination) => {
  const ann = brokerWith().consumer();
  expect(() => ann.subscribe('1', destination)).toThrow(refusal('not-supported'));
});

it.each(['/topic/c#', '/topic/a>b', '/topic/#1'])(
  'the destination %s is accepted, because it is not a wildcard of another broker',
  (destination) => {
    const { publish, consumer } = brokerWith();
    const ann = consumer();
    ann.subscribe('1', destination);
    publish(destination, 'one');
    expect(ann.takeTexts()).toEqual(['one']);
  },
);
