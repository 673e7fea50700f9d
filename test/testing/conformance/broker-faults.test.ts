// Faults of brokers that only sentinels reveal: the suite finds each of them in topics and in queues.
import { brokerConformance, type ConformanceCase } from 'signalbox/testing/conformance';
import { expect, it } from 'vitest';
import { withTimeout } from '../../../src/testing/conformance/waiting.js';
import { brokerFaults, brokerWithFault } from './broker-faults.js';
import { embedded } from './implementations.js';

const parts = ['topics', 'queues'] as const;

/** The case that is made for a fault, in topics and in queues. Other cases may fail too. */
const cases = {
  'delivers twice at once': [
    'delivers nothing twice, not even later',
    'delivers no message of a queue twice, not even later',
  ],
  'delivers a second time in a later microtask': [
    'delivers nothing twice, not even later',
    'delivers no message of a queue twice, not even later',
  ],
  'delivers a second time in the next turn': [
    'delivers nothing twice, not even later',
    'delivers no message of a queue twice, not even later',
  ],
  'delivers a second time 30 ms later': [
    'delivers nothing twice, not even later',
    'delivers no message of a queue twice, not even later',
  ],
  'reverses pairs of deliveries': [
    'keeps the order of a publisher',
    'keeps messages of a queue without subscribers, in order',
  ],
  'delays every second delivery': [
    'keeps the order of a publisher',
    'keeps messages of a queue without subscribers, in order',
  ],
  'ignores UNSUBSCRIBE': [
    'delivers nothing after UNSUBSCRIBE, not even later',
    'delivers no message of a queue after UNSUBSCRIBE, not even later',
  ],
  'ends subscriptions 30 ms late': [
    'delivers nothing after UNSUBSCRIBE, not even later',
    'delivers no message of a queue after UNSUBSCRIBE, not even later',
  ],
  'repeats a delivery 30 ms after UNSUBSCRIBE': [
    'delivers nothing after UNSUBSCRIBE, not even later',
    'delivers no message of a queue after UNSUBSCRIBE, not even later',
  ],
  'ignores the close of a connection': [
    'delivers nothing after the connection was closed, not even later',
    'delivers unacknowledged messages of a closed connection again, in order and marked',
  ],
} as const satisfies Record<keyof typeof brokerFaults, readonly [string, string]>;

async function failing(suite: readonly ConformanceCase[]): Promise<readonly string[]> {
  const results = await Promise.allSettled(suite.map((each) => each.run()));
  return suite.filter((_, i) => results[i]!.status === 'rejected').map(({ name }) => name);
}

it.concurrent.each(parts)('a broker without a fault in its %s passes', async (part) => {
  expect(await failing(brokerConformance(brokerWithFault(embedded, {}, part)))).toEqual([]);
});

it.concurrent.each(
  Object.entries(cases).flatMap(([fault, expected]) =>
    parts.map((part, i) => [fault, part, expected[i]!] as const),
  ),
)('a broker that %s in its %s fails', async (fault, part, expected) => {
  const subject = brokerWithFault(embedded, brokerFaults[fault]!, part);
  const failed = await withTimeout(1000, () => failing(brokerConformance(subject)));
  expect(failed).toContain(expected);
});
