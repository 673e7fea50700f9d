// A broker that remembers what reached it and to whom it delivered, around the one that serves.
import type { Broker, BrokerConnection, Subscriber } from '../broker/broker.js';
import type { Message } from '../message/message.js';

export interface Publication {
  /** With the broker's own destination. */
  readonly message: Message;
  /** The session of the client that published it; undefined for the application. */
  readonly by: string | undefined;
  /** The sessions that it was delivered to, once for each subscription. */
  readonly to: string[];
}

export class RecordingBroker implements Broker {
  readonly publications: Publication[] = [];
  readonly #byMessage = new WeakMap<Message, Publication>();

  constructor(private readonly broker: Broker) {}

  start(): void | Promise<void> {
    return this.broker.start();
  }

  stop(): void | Promise<void> {
    return this.broker.stop();
  }

  publish(message: Message): void | Promise<void> {
    return this.#record([message], undefined, () => this.broker.publish(message));
  }

  connect(subscriber: Subscriber): BrokerConnection {
    const connection = this.broker.connect(this.#watch(subscriber));
    return {
      subscribe: (subscription) => connection.subscribe(subscription),
      unsubscribe: (id) => connection.unsubscribe(id),
      settle: (settlement) => connection.settle(settlement),
      close: () => connection.close(),
      send: (message) => this.#record([message], subscriber.id, () => connection.send(message)),
      commit: (operations) => {
        const sent = operations.flatMap((each) => (each.kind === 'send' ? each.message : []));
        return this.#record(sent, subscriber.id, () => connection.commit(operations));
      },
    };
  }

  #watch(subscriber: Subscriber): Subscriber {
    return {
      id: subscriber.id,
      get busy() {
        return subscriber.busy;
      },
      get gone() {
        return subscriber.gone;
      },
      deliver: (subscription, messageId, message, marks) => {
        this.#byMessage.get(message)?.to.push(subscriber.id);
        return subscriber.deliver(subscription, messageId, message, marks);
      },
      room: () => subscriber.room(),
      fail: (error) => subscriber.fail(error),
    };
  }

  /** Remembered before they are delivered; forgotten where the broker refuses them. */
  #record(
    messages: readonly Message[],
    by: string | undefined,
    publish: () => void | Promise<void>,
  ): void | Promise<void> {
    const publications = messages.map((message) => ({ message, by, to: [] }));
    for (const each of publications) this.#byMessage.set(each.message, each);
    this.publications.push(...publications);
    const forget = (thrown: unknown) => {
      for (const each of publications) this.publications.splice(this.publications.indexOf(each), 1);
      throw thrown;
    };
    try {
      return publish()?.catch(forget);
    } catch (thrown) {
      return forget(thrown);
    }
  }
}
