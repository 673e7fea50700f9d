// Wraps a broker and plants a fault in the deliveries of its topics, of its queues, or of both.
import type { BrokerSubject } from 'signalbox/testing/conformance';
import type { BrokerConnection, Subscriber, Subscription } from '../../../src/broker/broker.js';
import { replacing } from '../../replace.js';

export type Deliver = Subscriber['deliver'];

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
