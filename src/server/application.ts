// What goes to the application's handlers, and what becomes of their values.
import type { BrokerPublisher } from '../broker/publisher.js';
import type { SessionSubscriber } from '../broker/subscriber.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import { isStream, type Outcome } from '../dispatch/route.js';
import { MessagingError } from '../message/error.js';
import type { SubscribeFrame } from '../message/frame.js';
import type { Message } from '../message/message.js';
import type { Activity } from '../session/activity.js';
import type { ClientSession } from '../session/client-session.js';
import type { Problems } from './problem.js';
import { publishStream } from './stream.js';

export interface ApplicationParts {
  readonly dispatcher: Dispatcher;
  readonly publisher: BrokerPublisher;
  readonly problems: Problems;
  readonly activity: Activity;
}

const emptyBody = new Uint8Array(0);

export class Application {
  constructor(private readonly parts: ApplicationParts) {}

  /** Done when the handler has settled and its targets are published, or its stream runs. @throws `no-route` and what the dispatcher does */
  async send(message: Message, lookup: string, session: ClientSession): Promise<void> {
    const outcome = await this.parts.dispatcher.dispatch({ on: 'send', session, message, lookup });
    if (outcome === undefined) throw new MessagingError('no-route');
    if (!isStream(outcome.value)) return this.#publish(outcome);
    const iterator = iteratorOf(outcome.value, outcome);
    void this.#run(iterator, outcome, session, session.signal, message.destination);
  }

  /** What a handler's value would be published as; for a transaction, which no stream can be part of. @throws as `send`, `not-supported` */
  async compose(
    message: Message,
    lookup: string,
    session: ClientSession,
  ): Promise<readonly Message[]> {
    const outcome = await this.parts.dispatcher.dispatch({ on: 'send', session, message, lookup });
    if (outcome === undefined) throw new MessagingError('no-route');
    const { value, targets, over } = outcome;
    if (value === undefined || value === null) return [];
    if (!isStream(value)) return this.parts.publisher.composed(targets, value);
    over?.();
    throw new MessagingError('not-supported', 'A stream cannot be part of a transaction.');
  }

  /** Answers a SUBSCRIBE by one reply, or by a stream for as long as the subscription lives. @throws as `send` */
  async subscribe(
    { id, destination, headers }: SubscribeFrame,
    lookup: string,
    session: ClientSession,
    subscriber: SessionSubscriber,
  ): Promise<void> {
    const live = subscriber.open(id, destination);
    const { signal } = live.stream;
    let streams = false;
    try {
      const message = { destination, headers, body: emptyBody };
      const request = { session, message, lookup, subscription: id, closed: signal };
      const outcome = await this.parts.dispatcher.dispatch({ on: 'subscribe', ...request });
      if (outcome === undefined) throw new MessagingError('no-route');
      if (!isStream(outcome.value)) return await this.#publish(outcome);
      const iterator = iteratorOf(outcome.value, outcome);
      streams = true;
      void this.#run(iterator, outcome, session, signal, destination).then(() =>
        subscriber.end(live),
      );
    } finally {
      if (!streams) subscriber.end(live);
    }
  }

  #publish({ value, targets }: Outcome): void | Promise<void> {
    if (value !== undefined && value !== null)
      return this.parts.publisher.publishTo(targets, value);
  }

  /** Runs beside the lane, never rejects; what goes wrong in it and nobody takes is a problem of the sender's. */
  async #run(
    iterator: AsyncIterator<unknown>,
    outcome: Outcome,
    session: ClientSession,
    signal: AbortSignal,
    destination: string,
  ): Promise<void> {
    try {
      await this.#stream(iterator, outcome, signal);
    } catch (thrown) {
      await this.parts.problems.tell(thrown, { destination }, session);
    } finally {
      outcome.over?.();
    }
  }

  /** What exception handlers make of a failure is published in the place of what would have followed. */
  async #stream(
    iterator: AsyncIterator<unknown>,
    { targets, recover }: Outcome,
    signal: AbortSignal,
  ): Promise<void> {
    const publish = async (item: unknown) => this.parts.publisher.publishTo(targets, item);
    try {
      await publishStream(iterator, publish, signal, () => this.parts.activity.turn());
    } catch (thrown) {
      if (recover === undefined) throw thrown;
      const recovered = await recover(thrown);
      if (!isStream(recovered.value)) return this.#publish(recovered);
      await this.#stream(iteratorOf(recovered.value, recovered), recovered, signal);
    }
  }
}

/** A stream that cannot be iterated is over. */
function iteratorOf(stream: AsyncIterable<unknown>, { over }: Outcome): AsyncIterator<unknown> {
  try {
    return stream[Symbol.asyncIterator]();
  } catch (error) {
    over?.();
    throw error;
  }
}
