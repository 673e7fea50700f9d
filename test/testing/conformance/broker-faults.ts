// Brokers with a fault in the deliveries of their topics or of their queues: duplicates, another order, deliveries after the end.
import type { BrokerSubject } from 'signalbox/testing/conformance';
import type { BrokerConnection, Subscriber, Subscription } from '../../../src/broker/broker.js';
import { replacing } from '../../replace.js';

type Deliver = Subscriber['deliver'];

/** The faulty version of one connection; all parts default to the correct one. */
export interface BrokerFault {
  /** Called for each delivery instead of `deliver`. */
  readonly deliver?: (deliver: Deliver) => Deliver;
  /** Called for each UNSUBSCRIBE instead of `end`, which ends the subscription. `deliver` repeats its last delivery. */
  readonly unsubscribe?: (end: () => void, repeat: () => void) => void;
  /** Called instead of `close` when the connection closes. */
  readonly close?: (close: () => void) => void;
  /** Never answers SEND. */
  readonly unanswered?: boolean;
}

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

export const brokerFaults: Readonly<Record<string, BrokerFault>> = {
  'delivers twice at once': { deliver: twice((action) => action()) },
  'delivers a second time in a later microtask': {
    deliver: twice((action) => queueMicrotask(() => attempt(action))),
  },
  'delivers a second time in the next turn': { deliver: twice(nextTurn) },
  'delivers a second time 30 ms later': { deliver: twice(later) },
  'reverses pairs of deliveries': { deliver: inPairs },
  'delays every second delivery': { deliver: unevenly },
  'ignores UNSUBSCRIBE': { unsubscribe: () => {} },
  'ends subscriptions 30 ms late': { unsubscribe: later },
  'repeats a delivery 30 ms after UNSUBSCRIBE': {
    unsubscribe: (end, repeat) => {
      end();
      later(repeat);
    },
  },
  'ignores the close of a connection': { close: () => {} },
};

/** @param affects the destinations with the fault. Default: all */
export function brokerWithFault(
  { broker, ...subject }: BrokerSubject,
  { deliver = (correct) => correct, unsubscribe = (end) => end(), close, unanswered }: BrokerFault,
  affects?: 'topics' | 'queues',
): BrokerSubject {
  const isAffected = ({ destination }: Subscription) =>
    affects === undefined || destination.startsWith('/queue/') === (affects === 'queues');

  function connect(
    subscriber: Subscriber,
    connectInner: (subscriber: Subscriber) => BrokerConnection,
  ): BrokerConnection {
    const live = new Map<string, Subscription>();
    const last = new Map<string, () => void>();
    const correct: Deliver = (...delivery) => {
      last.set(delivery[0].id, () => void subscriber.deliver(...delivery));
      return subscriber.deliver(...delivery);
    };
    const faulty = deliver(correct);
    const inner = connectInner(
      replacing(subscriber, {
        deliver: (...delivery) => (isAffected(delivery[0]) ? faulty : correct)(...delivery),
      }),
    );
    return replacing(inner, {
      subscribe(subscription) {
        live.set(subscription.id, subscription);
        return inner.subscribe(subscription);
      },
      unsubscribe(id) {
        const subscription = live.get(id);
        if (subscription === undefined || !isAffected(subscription)) return inner.unsubscribe(id);
        live.delete(id);
        unsubscribe(
          () => void inner.unsubscribe(id),
          () => last.get(id)?.(),
        );
      },
      send(publication) {
        const answered = inner.send(publication);
        return unanswered === true ? new Promise(() => {}) : answered;
      },
      close() {
        if (close === undefined || ![...live.values()].some(isAffected)) return inner.close();
        close(() => void inner.close());
      },
    });
  }

  return {
    ...subject,
    broker() {
      const inner = broker();
      return replacing(inner, {
        connect: (subscriber) => connect(subscriber, (given) => inner.connect(given)),
      });
    },
  };
}
