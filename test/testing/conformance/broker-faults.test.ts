// Faults of brokers that only sentinels reveal: the suite finds each of them in topics and in queues.
import { brokerConformance, type ConformanceCase } from 'signalbox/testing/conformance';
import { expect, it } from 'vitest';
import { withTimeout } from '../../../src/testing/conformance/waiting.js';
import { brokerWithFault, type BrokerFault } from './faulty-broker.js';
import { embedded } from './implementations.js';

/** Runs a late delivery, for which a subscriber that throws has no caller. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // The suite has a subscriber that throws on purpose.
  }
}

const later = (action: () => void) => void setTimeout(() => attempt(action), 30);

const nextTurn = (action: () => void) => void setImmediate(() => attempt(action));

/** Delivers a second time, at a later moment. */
const twice =
  (schedule: (action: () => void) => void): BrokerFault['deliver'] =>
  (deliver) =>
  (...delivery) => {
    const room = deliver(...delivery);
    schedule(() => void deliver(...delivery));
    return room;
  };

/** Reverses each pair of deliveries. A single one is delivered after a turn of the event loop, so that none is lost. */
const inPairs: BrokerFault['deliver'] = (deliver) => {
  let held: (() => void) | undefined;
  return (...delivery) => {
    if (held !== undefined) {
      deliver(...delivery);
      held();
      return true;
    }
    const release = () => {
      held = undefined;
      deliver(...delivery);
    };
    held = release;
    nextTurn(() => {
      if (held === release) release();
    });
    return true;
  };
};

/** Delays every second delivery. */
const unevenly: BrokerFault['deliver'] = (deliver) => {
  let count = 0;
  return (...delivery) => {
    const act = () => void deliver(...delivery);
    if (++count % 2 === 1) nextTurn(() => nextTurn(act));
    else nextTurn(act);
    return true;
  };
};

/** The cases that are made for a fault, in topics and in queues. Other cases may fail too. */
const duplicates = {
  topics: 'delivers no message twice, even after a delay',
  queues: 'delivers no message of a queue twice, even after a delay',
};
const disorder = {
  topics: 'keeps the order of a publisher',
  queues: 'keeps messages of a queue without subscribers, in order',
};
const lateDeliveries = {
  topics: 'delivers no message after UNSUBSCRIBE, even after a delay',
  queues: 'delivers no message of a queue after UNSUBSCRIBE, even after a delay',
};
const deliveriesAfterClose = {
  topics: 'delivers no message after the connection was closed, even after a delay',
  queues: 'delivers unacknowledged messages of a closed connection again, in order and marked',
};

const faults: Readonly<Record<string, BrokerFault & { readonly fails: typeof duplicates }>> = {
  'delivers twice at once': { deliver: twice((action) => action()), fails: duplicates },
  'delivers a second time in a later microtask': {
    deliver: twice((action) => queueMicrotask(() => attempt(action))),
    fails: duplicates,
  },
  'delivers a second time in the next turn': { deliver: twice(nextTurn), fails: duplicates },
  'delivers a second time 30 ms later': { deliver: twice(later), fails: duplicates },
  'reverses pairs of deliveries': { deliver: inPairs, fails: disorder },
  'delays every second delivery': { deliver: unevenly, fails: disorder },
  'ignores UNSUBSCRIBE': { unsubscribe: () => {}, fails: lateDeliveries },
  'ends subscriptions 30 ms late': { unsubscribe: later, fails: lateDeliveries },
  'repeats a delivery 30 ms after UNSUBSCRIBE': {
    unsubscribe(end, repeat) {
      end();
      later(repeat);
    },
    fails: lateDeliveries,
  },
  'ignores the close of a connection': { close: () => {}, fails: deliveriesAfterClose },
};

const parts = ['topics', 'queues'] as const;

async function failing(suite: readonly ConformanceCase[]): Promise<readonly string[]> {
  const results = await Promise.allSettled(suite.map((each) => each.run()));
  return suite.filter((_, i) => results[i]!.status === 'rejected').map(({ name }) => name);
}

it.concurrent.each(parts)('a broker without a fault in its %s passes', async (part) => {
  expect(await failing(brokerConformance(brokerWithFault(embedded, {}, part)))).toEqual([]);
});

it.concurrent.each(
  Object.entries(faults).flatMap(([name, fault]) =>
    parts.map((part) => [name, part, fault] as const),
  ),
)('a broker that %s in its %s fails', async (_, part, fault) => {
  const subject = brokerWithFault(embedded, fault, part);
  const failed = await withTimeout(1000, () => failing(brokerConformance(subject)));
  expect(failed).toContain(fault.fails[part]);
});
