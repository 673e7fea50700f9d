// Brokers with a fault in the deliveries of their topics or of their queues: duplicates, another order, deliveries after the end.
import type { BrokerSubject } from 'signalbox/testing/conformance';
import type { BrokerConnection, Subscriber, Subscription } from '../../../src/broker/broker.js';
import { replacing } from '../../replace.js';

type Deliver = Subscriber['deliver'];

/** The faulty version of one connection; all parts default to the correct one. */
interface Fault {
  /** Called for each delivery instead of `deliver`. */
  readonly deliver?: (deliver: Deliver) => Deliver;
  /** Called for each UNSUBSCRIBE instead of `end`, which ends the subscription. `deliver` repeats its last delivery. */
  readonly unsubscribe?: (end: () => void, repeat: () => void) => void;
  /** Called instead of `close` when the connection closes. */
  readonly close?: (close: () => void) => void;
}

/** Runs a late delivery, for which a subscriber that throws has no caller. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // The suite has a subscriber that throws on purpose.
  }
}

const later = (milliseconds: number, action: () => void) =>
  void setTimeout(() => attempt(action), milliseconds);

const nextTurn = (action: () => void) => void setImmediate(() => attempt(action));

/** Delivers a second time, at a later moment. */
const twice =
  (schedule: (action: () => void) => void): Fault['deliver'] =>
  (deliver) =>
  (...delivery) => {
    const room = deliver(...delivery);
    schedule(() => void deliver(...delivery));
    return room;
  };

/** Reverses each pair of deliveries. A single one is delivered after a turn of the event loop, so that none is lost. */
const inPairs: Fault['deliver'] = (deliver) => {
  let held: (() => void) | undefined;
  return (...delivery) => {
    const release = () => {
      held = undefined;
      deliver(...delivery);
    };
    if (held !== undefined) {
      deliver(...delivery);
      held();
    } else {
      held = release;
      nextTurn(() => {
        if (held === release) release();
      });
    }
    return true;
  };
};

/** Delays every second delivery. */
const unevenly: Fault['deliver'] = (deliver) => {
  let count = 0;
  return (...delivery) => {
    const act = () => void deliver(...delivery);
    if (++count % 2 === 1) nextTurn(() => nextTurn(act));
    else nextTurn(act);
    return true;
  };
};

export const brokerFaults: Readonly<Record<string, Fault>> = {
  'delivers twice at once': { deliver: twice((action) => action()) },
  'delivers a second time in a later microtask': {
    deliver: twice((action) => queueMicrotask(() => attempt(action))),
  },
  'delivers a second time in the next turn': { deliver: twice(nextTurn) },
  'delivers a second time 30 ms later': { deliver: twice((action) => later(30, action)) },
  'reverses pairs of deliveries': { deliver: inPairs },
  'delays every second delivery': { deliver: unevenly },
  'ignores UNSUBSCRIBE': { unsubscribe: () => {} },
  'ends subscriptions 30 ms late': { unsubscribe: (end) => later(30, end) },
  'repeats a delivery 30 ms after UNSUBSCRIBE': {
    unsubscribe: (end, repeat) => {
      end();
      later(30, repeat);
    },
  },
  'ignores the close of a connection': { close: () => {} },
};

/** The control: wraps the broker and changes nothing. */
export const noFault: Fault = {};

export function brokerWithFault(
  { broker, ...subject }: BrokerSubject,
  { deliver = (correct) => correct, unsubscribe = (end) => end(), close = (end) => end() }: Fault,
  affects: 'topics' | 'queues',
): BrokerSubject {
  const isAffected = ({ destination }: Subscription) =>
    destination.startsWith('/queue/') === (affects === 'queues');
  return {
    ...subject,
    broker: () => {
      const inner = broker();
      return replacing(inner, {
        connect(subscriber) {
          const last = new Map<string, () => void>();
          const correct: Deliver = (...delivery) => {
            last.set(delivery[0].id, () => void subscriber.deliver(...delivery));
            return subscriber.deliver(...delivery);
          };
          const faulty = deliver(correct);
          const connection = inner.connect(
            replacing(subscriber, {
              deliver: (...delivery) => (isAffected(delivery[0]) ? faulty : correct)(...delivery),
            }),
          );
          return faultyConnection(connection, isAffected, { unsubscribe, close }, last);
        },
      });
    },
  };
}

function faultyConnection(
  inner: BrokerConnection,
  isAffected: (subscription: Subscription) => boolean,
  { unsubscribe, close }: Required<Pick<Fault, 'unsubscribe' | 'close'>>,
  last: ReadonlyMap<string, () => void>,
): BrokerConnection {
  const live = new Map<string, Subscription>();
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
    close() {
      if (![...live.values()].some(isAffected)) return inner.close();
      close(() => void inner.close());
    },
  });
}
