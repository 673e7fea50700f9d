// Faults G1 and H1: a conformance suite that does not detect late duplicates, and a fan-out that frames a message too often.
import {
  EmbeddedBroker,
  type Broker,
  type Connection,
  type EncodedFrame,
  type Framing,
  type MemoryTransport,
  type Subscriber,
} from '../../../src/index.js';
import { brokerConformance } from '../../../src/testing/conformance.js';
import { everyProtocol, serverAlone, type Case } from '../case.js';
import type { StompClient } from '../../clients/stomp.js';
import { messagesOf } from '../client.js';
import { expectEqual, expectThat } from '../expect.js';
import { memoryOf, replacing } from '../../replace.js';
import { turns } from '../setup.js';

type Delivery = Parameters<Subscriber['deliver']>;

/** A broker in another process: it delivers messages of topics later, one after the other, and then all of them again. */
function doublingBroker(): Broker {
  const inner = new EmbeddedBroker();
  return replacing<Broker>(inner, { connect: (subscriber) => inner.connect(doubling(subscriber)) });
}

function doubling(subscriber: Subscriber): Subscriber {
  const waiting: (() => void)[] = [];
  const deliver = (delivery: Delivery) => {
    try {
      subscriber.deliver(...delivery);
    } catch {
      // A subscriber may fail on purpose.
    }
  };
  const work = async () => {
    while (waiting.length > 0) {
      await turns(3);
      waiting.shift()!();
    }
  };
  return replacing(subscriber, {
    deliver(...delivery) {
      const [{ destination }] = delivery;
      if (!destination.startsWith('/topic/')) return subscriber.deliver(...delivery);
      waiting.push(() => {
        deliver(delivery);
        waiting.push(() => deliver(delivery));
      });
      if (waiting.length === 1) void work();
      return true;
    },
  });
}

const lateDuplicates: Case = {
  fault: 'G1',
  name: 'late-duplicates',
  title:
    'The conformance suite of brokers detects a topic that delivers every message twice, without `rest`',
  ...serverAlone,
  async run() {
    const outcomeOf = async (broker: () => Broker) => {
      const suite = brokerConformance({ broker });
      const single = suite.find(({ name }) => name.includes('delivers once for each'));
      if (single === undefined) throw new Error('No case of the suite requires a single delivery.');
      return single.run().then(
        () => 'passes',
        () => 'fails',
      );
    };
    if ((await outcomeOf(() => new EmbeddedBroker())) === 'fails')
      throw new Error('The suite fails for the embedded broker.');
    expectEqual('the suite for a doubling broker', await outcomeOf(doublingBroker), 'fails');
  },
};

/** A separate framing for a transport, which counts its calls; it frames like the transport. */
interface CountingFraming extends Framing {
  count: number;
  inner: Framing | undefined;
}

function countingFraming(): CountingFraming {
  return {
    count: 0,
    inner: undefined,
    frame(encoded: EncodedFrame) {
      this.count++;
      return this.inner!.frame(encoded);
    },
  };
}

function transportWith(framing: CountingFraming): MemoryTransport {
  return memoryOf((connection: Connection) => {
    framing.inner = connection.framing;
    return replacing(connection, { framing });
  });
}

const mixedTransports: Case = {
  fault: 'H1',
  name: 'alternating-transports',
  title:
    'A message for subscribers on two transports in turn is framed at most once for each transport',
  ...everyProtocol,
  async run(setup) {
    const framings = [countingFraming(), countingFraming()];
    const transports = framings.map(transportWith);
    const server = await setup.start({ transports });
    const clients: StompClient[] = [];
    for (let i = 0; i < 20; i++) {
      const client = await setup.open({ memory: transports[i % 2]! });
      await setup.handshake(client);
      await client.subscribe('news', '/topic/news');
      clients.push(client);
    }
    for (const framing of framings) framing.count = 0;
    for (let i = 0; i < 10; i++) await server.publisher.publish('/topic/news', `message ${i}`);
    await setup.settle();
    for (const client of clients)
      expectEqual('the number of messages', messagesOf(client).length, 10);
    const counts = framings.map(({ count }) => count);
    expectThat(
      counts.every((count) => count <= 10),
      `10 messages were framed ${counts.join(' and ')} times.`,
    );
  },
};

export const suitesAndFanOut: readonly Case[] = [lateDuplicates, mixedTransports];
