// The started broker of a conformance check, with its subscribers and the sentinels that show when deliveries are complete.
import { isDeepStrictEqual } from 'node:util';
import type { Broker, BrokerContext } from '../../broker/broker.js';
import { systemClock } from '../../message/clock.js';
import { randomIds } from '../../message/ids.js';
import { silentLogger } from '../../message/logger.js';
import { deadline, turns } from '../real-time.js';
import { answer, eventually } from './waiting.js';
import { messageOf, publicationOf, sentinelText, TestSubscriber } from './test-subscriber.js';

/** The broker under test. */
export interface BrokerSubject {
  /** Creates a broker that has not been started and has no messages. */
  readonly broker: () => Broker;
  /** The destination of a topic. Names consist of segments with `/` between. @default `/topic/<name>` */
  readonly topic?: (name: string) => string;
  /** The destination of a queue. @default `/queue/<name>` */
  readonly queue?: (name: string) => string;
}

/**
 * Number of sentinels of one comparison. A turn of the event loop passes between two sentinels, so that late deliveries can arrive.
 */
const sentinelsPerComparison = 3;

/** Milliseconds of real time in which checks for late deliveries continue to publish sentinels. */
const lateDeliveryTime = 100;

const context: BrokerContext = {
  clock: systemClock,
  ids: randomIds(),
  logger: silentLogger,
  separator: '/',
  shares: 1,
};

export class BrokerHarness {
  #sentinels = 0;

  readonly #subscribers: TestSubscriber[] = [];

  constructor(
    private readonly broker: Broker,
    private readonly subject: BrokerSubject,
  ) {}

  topic(name: string): string {
    return this.subject.topic?.(name) ?? `/topic/${name}`;
  }

  queue(name: string): string {
    return this.subject.queue?.(name) ?? `/queue/${name}`;
  }

  connect(): TestSubscriber {
    const subscriber = new TestSubscriber(`subscriber-${this.#subscribers.length + 1}`);
    this.#subscribers.push(subscriber);
    subscriber.setConnection(this.broker.connect(subscriber));
    return subscriber;
  }

  /** Publishes for the application. */
  async publish(destination: string, ...texts: readonly string[]): Promise<void> {
    for (const text of texts)
      await answer(
        `The publication of ${text} was not completed.`,
        this.broker.publish(publicationOf(messageOf(destination, text))),
      );
  }

  /**
   * Passes when exactly these texts are delivered to the subscriber, in this order. A correct broker has delivered everything
   * when it delivers the sentinels that follow.
   *
   * @param destination a topic or queue of the subscriber, for the sentinels
   * @param late continues with sentinels for a while, to detect late deliveries
   */
  async expectTexts(
    subscriber: TestSubscriber,
    texts: readonly string[],
    destination: string,
    { late = false } = {},
  ): Promise<void> {
    const difference = () =>
      `${subscriber.id} must receive ${listOf(texts)} and has received ${listOf(subscriber.texts)}.`;
    await eventually(difference, () => subscriber.texts.length >= texts.length);
    await this.#sendSentinels(destination, [subscriber], late);
    if (!isDeepStrictEqual(subscriber.texts, texts)) throw new Error(difference());
  }

  /** Passes when the subscribers of one queue receive exactly these texts together, in any order. */
  async expectShared(
    subscribers: readonly TestSubscriber[],
    texts: readonly string[],
    destination: string,
  ): Promise<void> {
    const received = () => subscribers.flatMap((each) => each.texts);
    const difference = () => `Expected ${listOf(texts)}, received ${listOf(received())}.`;
    await eventually(difference, () => received().length >= texts.length);
    await this.#sendSentinels(destination, subscribers, true);
    if (!isDeepStrictEqual(received().toSorted(), texts.toSorted())) throw new Error(difference());
  }

  async stop(): Promise<void> {
    await this.broker.stop();
  }

  async #sendSentinels(
    destination: string,
    receivers: readonly TestSubscriber[],
    late: boolean,
  ): Promise<void> {
    let waiting = late;
    const timer = late ? deadline(lateDeliveryTime, () => (waiting = false)) : undefined;
    try {
      for (let sent = 0; sent < sentinelsPerComparison || waiting; sent++) {
        const sentinel = `${sentinelText}${++this.#sentinels}`;
        await this.publish(destination, sentinel);
        await eventually(`The sentinel on ${destination} was not delivered.`, () =>
          receivers.some((each) => each.hasSentinel(sentinel)),
        );
        for (const each of receivers) await each.acknowledgeSentinels();
        await turns(1);
      }
    } finally {
      timer?.cancel();
    }
    for (const { id, wrongDeliveries } of this.#subscribers)
      if (wrongDeliveries.length > 0)
        throw new Error(`${id} must not receive ${listOf(wrongDeliveries)}.`);
  }
}

/** A check on a broker that is started for it and stopped afterwards. */
export function withBroker(check: (harness: BrokerHarness) => Promise<void>) {
  return async (subject: BrokerSubject): Promise<void> => {
    const broker = subject.broker();
    await broker.start(context);
    const harness = new BrokerHarness(broker, subject);
    try {
      await check(harness);
    } finally {
      await harness.stop();
    }
  };
}

function listOf(texts: readonly string[]): string {
  if (texts.length === 0) return 'nothing';
  return texts.length > 12
    ? `${texts.slice(0, 12).join(', ')} ... (${texts.length} in all)`
    : texts.join(', ');
}
