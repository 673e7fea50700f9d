// Calls handlers for messages and subscriptions, and publishes their results.
import type { AddressedPublication } from '../broker/publication.js';
import type { BrokerPublisher } from '../broker/publisher.js';
import type { Dispatcher, OpenStream } from '../dispatch/dispatcher.js';
import { MessagingError } from '../message/error.js';
import type { SubscribeFrame } from '../message/frame.js';
import type { NextPart } from '../message/clock.js';
import type { Message } from '../message/message.js';
import type { Client } from './client.js';
import { noRoute, type FailedFrame, type Problems } from './problem.js';
import { close, publishStream } from './stream.js';

export interface ApplicationParts {
  readonly dispatcher: Dispatcher;
  readonly publisher: BrokerPublisher;
  readonly problems: Problems;
}

const emptyBody = new Uint8Array(0);

export class Application {
  constructor(private readonly parts: ApplicationParts) {}

  /**
   * Resolves when the handler has returned and its result is published, or when its stream has begun.
   *
   * @throws {MessagingError} `no-route`, `stream-limit`, and the errors of `Dispatcher.dispatch`
   */
  async send(message: Message, lookup: string, client: Client): Promise<void> {
    const { session } = client;
    const outcome = await this.parts.dispatcher.dispatch({ on: 'send', session, message, lookup });
    if (outcome === undefined) throw noRoute(message.destination);
    const { publisher } = this.parts;
    if (outcome.kind === 'value')
      return publisher.publishTo(outcome.targets, outcome.value, client.account);
    if (outcome.kind === 'stream') {
      const stream = new AbortController();
      const iterator = openIterator(outcome, stream, client);
      const frame = { kind: 'send', destination: message.destination } as const;
      void this.#run(iterator, outcome, client, stream, frame);
    }
  }

  /**
   * The publications that the result of a handler leads to, for a transaction.
   *
   * @throws {MessagingError} the errors of `send`; `not-supported` for a stream
   */
  async compose(
    message: Message,
    lookup: string,
    { session, account }: Client,
  ): Promise<readonly AddressedPublication[]> {
    const outcome = await this.parts.dispatcher.dispatch({ on: 'send', session, message, lookup });
    if (outcome === undefined) throw noRoute(message.destination);
    if (outcome.kind === 'none') return [];
    if (outcome.kind === 'value')
      return this.parts.publisher.compose(outcome.targets, outcome.value, account);
    outcome.end();
    throw new MessagingError('not-supported', 'A stream cannot be part of a transaction.');
  }

  /**
   * Publishes the handler's value for a new subscription, or its stream until the subscription ends.
   *
   * @throws {MessagingError} the errors of `send`
   */
  async subscribe(frame: SubscribeFrame, lookup: string, client: Client): Promise<void> {
    const { id, destination, headers, repeatedHeaders } = frame;
    const { session, subscriber } = client;
    const live = subscriber.open(frame);
    const { signal } = live.stream;
    const end = () => {
      if (subscriber.end(live)) client.unsubscribed(id, destination);
    };
    try {
      const message = { destination, headers, repeatedHeaders, body: emptyBody };
      const request = { session, message, lookup, subscription: id, closed: signal };
      const outcome = await this.parts.dispatcher.dispatch({ on: 'subscribe', ...request });
      if (outcome === undefined) throw noRoute(destination);
      if (outcome.kind === 'stream') {
        const iterator = openIterator(outcome, live.stream, client);
        client.subscribed(id, destination);
        const frame = { kind: 'subscribe', destination } as const;
        void this.#run(iterator, outcome, client, live.stream, frame).then(end);
        return;
      }
      if (outcome.kind === 'value')
        await this.parts.publisher.publishTo(
          outcome.targets,
          outcome.value,
          client.account,
          signal,
        );
    } catch (error) {
      subscriber.end(live);
      throw error;
    }
    client.subscribed(id, destination);
    end();
  }

  /** Runs a stream while later frames are processed. Never rejects: a failure is answered like one of the frame itself. */
  async #run(
    iterator: AsyncIterator<unknown>,
    outcome: OpenStream,
    sender: Client,
    stream: AbortController,
    frame: FailedFrame,
  ): Promise<void> {
    try {
      // One for the stream and for its exception handler.
      const { nextPart } = sender.session.divideWork();
      await this.#stream(iterator, outcome, stream.signal, nextPart, sender.account);
    } catch (thrown) {
      await this.parts.problems.reject(thrown, frame, sender);
    } finally {
      sender.removeStream(stream);
      outcome.end();
    }
  }

  /** Publishes a stream. After a failure, the result of the exception handler is published instead. */
  async #stream(
    iterator: AsyncIterator<unknown>,
    { targets, recover }: OpenStream,
    signal: AbortSignal,
    nextPart: NextPart,
    account: string,
  ): Promise<void> {
    const { publisher } = this.parts;
    const publish = async (item: unknown) => publisher.publishTo(targets, item, account, signal);
    try {
      await publishStream(iterator, publish, signal, nextPart);
    } catch (thrown) {
      const recovered = await recover(thrown);
      if (recovered.kind === 'value')
        return publisher.publishTo(recovered.targets, recovered.value, account, signal);
      if (recovered.kind === 'stream')
        await this.#stream(iteratorOf(recovered), recovered, signal, nextPart, account);
    }
  }
}

/** The iterator of a stream that counts for its session. @throws {MessagingError} `stream-limit` */
function openIterator(
  outcome: OpenStream,
  stream: AbortController,
  client: Client,
): AsyncIterator<unknown> {
  const iterator = iteratorOf(outcome);
  if (client.addStream(stream)) return iterator;
  outcome.end();
  void close(iterator);
  throw new MessagingError(
    'stream-limit',
    `A session may have at most ${client.maxStreams} running streams (limits.maxStreams).`,
  );
}

/** Ends the call when the stream cannot be iterated. */
function iteratorOf({ stream, end }: OpenStream): AsyncIterator<unknown> {
  try {
    return stream[Symbol.asyncIterator]();
  } catch (error) {
    end();
    throw error;
  }
}
