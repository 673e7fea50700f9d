// The one junction: what becomes of each client frame.
import type { Broker } from '../broker/broker.js';
import type { BrokerPublisher } from '../broker/publisher.js';
import { MessageFrames, SessionSubscriber } from '../broker/subscriber.js';
import { sessionQueue, type UserDestinations } from '../broker/user-destination.js';
import type { Dispatcher } from '../dispatch/dispatcher.js';
import { isStream, type Outcome } from '../dispatch/route.js';
import { MessagingError } from '../message/error.js';
import type {
  ClientFrame,
  ConnectFrame,
  SendFrame,
  SubscribeFrame,
  UnsubscribeFrame,
} from '../message/frame.js';
import type { Logger } from '../message/logger.js';
import { noHeaders } from '../message/message.js';
import type { Target } from '../message/target.js';
import type { Authenticator } from '../security/authenticator.js';
import type { ClientSession } from '../session/client-session.js';
import type { SessionEventSource } from '../session/event.js';
import { agreeHeartbeat, type HeartbeatOptions } from '../session/heartbeat.js';
import { intercept, type FrameHandler, type Interceptor } from '../session/interceptor.js';
import type { LocalSessionRegistry } from '../session/registry.js';
import type { Prefixes } from './prefix.js';
import { asMessagingError, problemQueue, type Problem } from './problem.js';
import { publishStream } from './stream.js';

export interface InboundParts {
  readonly dispatcher: Dispatcher;
  readonly broker: Broker;
  readonly publisher: BrokerPublisher;
  readonly users: UserDestinations;
  readonly prefixes: Prefixes;
  readonly registry: LocalSessionRegistry<ClientSession>;
  readonly events: SessionEventSource;
  readonly interceptors: readonly Interceptor[];
  readonly authenticate: Authenticator | undefined;
  readonly clientPublish: boolean;
  readonly heartbeat: HeartbeatOptions;
  /** Live subscriptions that a session may have. */
  readonly subscriptions: number;
  /** What CONNECTED says in `server`. */
  readonly serverName: string;
  readonly logger: Logger;
}

const emptyBody = new Uint8Array(0);

export class Inbound {
  readonly #subscribers = new Map<ClientSession, SessionSubscriber>();
  readonly #frames = new MessageFrames();
  readonly #chain: FrameHandler<ClientSession>;

  constructor(private readonly parts: InboundParts) {
    this.#chain = intercept(parts.interceptors, (frame, session) => this.#route(frame, session));
  }

  /** Works a frame off; false when it failed, which the client has been told by then. */
  async handle(frame: ClientFrame, session: ClientSession): Promise<boolean> {
    try {
      await this.#chain(frame, session);
      return true;
    } catch (thrown) {
      await this.#refuse(asMessagingError(thrown), frame, session).catch((error: unknown) => {
        this.parts.logger.error('A client could not be told of its problem.', error);
      });
      return false;
    }
  }

  /** The connection of a session is gone: nobody finds it any more, and its streams end. */
  gone(session: ClientSession, code: number, reason: string): void {
    this.#subscribers.get(session)?.stopStreams();
    if (!session.connected) return;
    this.parts.registry.remove(session);
    this.parts.events.emit('disconnected', { session, code, reason });
  }

  /** Nothing of a session runs any more: its line to the broker ends. */
  async finished(session: ClientSession): Promise<void> {
    const subscriber = this.#subscribers.get(session);
    this.#subscribers.delete(session);
    try {
      await subscriber?.close();
    } catch (error) {
      this.parts.logger.error('The broker could not end the line of a session.', error);
    }
  }

  #route(frame: ClientFrame, session: ClientSession): Promise<void> {
    switch (frame.kind) {
      case 'connect':
        return this.#connect(frame, session);
      case 'send':
        return this.#send(frame, session);
      case 'subscribe':
        return this.#subscribe(frame, session);
      case 'unsubscribe':
        return this.#unsubscribe(frame, session);
      case 'ack':
      case 'nack': {
        const { kind, id, subscription } = frame;
        return this.#settled(
          this.#subscriber(session).connection.settle({ kind, id, subscription }),
        );
      }
      case 'begin':
      case 'commit':
      case 'abort':
        return Promise.reject(
          new MessagingError('not-supported', 'This broker has no transactions.'),
        );
      case 'disconnect':
        return Promise.resolve();
      default:
        return frame satisfies never;
    }
  }

  async #connect(frame: ConnectFrame, session: ClientSession): Promise<void> {
    const { parts } = this;
    const principal = await this.#authenticate(frame, session);
    const agreement = agreeHeartbeat(frame.heartbeat, parts.heartbeat);
    // A client that left while it was being authenticated is known to nobody.
    if (!session.accept(principal, agreement)) return;
    this.#subscribers.set(
      session,
      new SessionSubscriber(session, parts.broker, parts.users, this.#frames),
    );
    parts.registry.add(session);
    session.send({
      kind: 'connected',
      session: session.id,
      server: parts.serverName,
      heartbeat: agreement.advertised,
      user: principal?.name,
    });
    parts.events.emit('connected', { session });
  }

  async #authenticate(frame: ConnectFrame, session: ClientSession) {
    if (this.parts.authenticate === undefined) return session.principal;
    try {
      return (await this.parts.authenticate(frame, session.handshake)) ?? session.principal;
    } catch (cause) {
      throw new MessagingError('access-refused', undefined, { cause });
    }
  }

  async #send(frame: SendFrame, session: ClientSession): Promise<void> {
    const { message } = frame;
    if (frame.transaction !== undefined)
      throw new MessagingError('not-supported', 'This broker has no transactions.');
    const owner = this.parts.prefixes.owner(message.destination);
    switch (owner.kind) {
      case 'application':
        return this.#dispatchSend(frame, owner.lookup, session);
      case 'user': {
        this.#mayPublish();
        const { user, destination } = this.parts.users.address(message.destination);
        if (destination === problemQueue) throw new MessagingError('destination-refused');
        return this.parts.publisher.forward(user, destination, message);
      }
      case 'broker':
        this.#mayPublish();
        return this.#subscriber(session).connection.send(message);
      case 'nobody':
        throw new MessagingError('no-route');
      default:
        return owner satisfies never;
    }
  }

  #mayPublish(): void {
    if (!this.parts.clientPublish) throw new MessagingError('destination-refused');
  }

  async #dispatchSend(
    { message }: SendFrame,
    lookup: string,
    session: ClientSession,
  ): Promise<void> {
    const outcome = await this.parts.dispatcher.dispatch({ on: 'send', session, message, lookup });
    if (outcome === undefined) throw new MessagingError('no-route');
    if (isStream(outcome.value))
      this.#stream(outcome.value, outcome.targets, session, session.signal, message.destination);
    else await this.#publish(outcome);
  }

  async #subscribe(frame: SubscribeFrame, session: ClientSession): Promise<void> {
    const subscriber = this.#subscriber(session);
    if (subscriber.size >= this.parts.subscriptions) throw new MessagingError('subscription-limit');
    const owner = this.parts.prefixes.owner(frame.destination);
    switch (owner.kind) {
      case 'application':
        return this.#dispatchSubscribe(frame, owner.lookup, session, subscriber);
      case 'user':
        await subscriber.subscribe(frame, this.parts.users.own(session.id, frame.destination));
        break;
      case 'broker':
        await subscriber.subscribe(frame, frame.destination);
        break;
      case 'nobody':
        throw new MessagingError('no-route');
      default:
        return owner satisfies never;
    }
    this.#subscribed(frame, session);
  }

  async #dispatchSubscribe(
    frame: SubscribeFrame,
    lookup: string,
    session: ClientSession,
    subscriber: SessionSubscriber,
  ): Promise<void> {
    const { id, destination, headers } = frame;
    const { signal } = subscriber.subscribeStream(id, destination);
    let live = false;
    try {
      const message = { destination, headers, body: emptyBody };
      const outcome = await this.parts.dispatcher.dispatch({
        on: 'subscribe',
        session,
        message,
        lookup,
        subscription: id,
        closed: signal,
      });
      if (outcome === undefined) throw new MessagingError('no-route');
      this.#subscribed(frame, session);
      live = isStream(outcome.value);
      if (isStream(outcome.value)) {
        const ended = () => subscriber.ended(id);
        this.#stream(outcome.value, outcome.targets, session, signal, destination, ended);
      } else {
        await this.#publish(outcome);
      }
    } finally {
      if (!live) subscriber.ended(id);
    }
  }

  #subscribed({ id, destination }: SubscribeFrame, session: ClientSession): void {
    this.parts.events.emit('subscribed', { session, subscription: id, destination });
  }

  async #unsubscribe({ id, destination }: UnsubscribeFrame, session: ClientSession): Promise<void> {
    const ended = await this.#subscriber(session).unsubscribe(id, destination);
    if (ended === undefined) return;
    this.parts.events.emit('unsubscribed', {
      session,
      subscription: ended.id,
      destination: ended.requested,
    });
  }

  async #publish({ value, targets }: Outcome): Promise<void> {
    if (value !== undefined && value !== null) await this.parts.publisher.publishTo(targets, value);
  }

  /** Runs beside the lane; what goes wrong in it is a problem of the sender's. */
  #stream(
    stream: AsyncIterable<unknown>,
    targets: readonly Target[],
    session: ClientSession,
    signal: AbortSignal,
    destination: string,
    ended: () => void = () => {},
  ): void {
    const publish = (item: unknown) => this.parts.publisher.publishTo(targets, item);
    void publishStream(stream[Symbol.asyncIterator](), publish, signal)
      .catch((thrown: unknown) => this.#tell(asMessagingError(thrown), { destination }, session))
      .finally(ended);
  }

  async #settled(answer: void | Promise<void>): Promise<void> {
    await answer;
  }

  #subscriber(session: ClientSession): SessionSubscriber {
    const subscriber = this.#subscribers.get(session);
    if (subscriber === undefined) throw new MessagingError('not-connected');
    return subscriber;
  }

  /** Tells the client that a frame failed: as a problem where it listens for them, else as ERROR where it must know. */
  async #refuse(error: MessagingError, frame: ClientFrame, session: ClientSession): Promise<void> {
    const receipt = frame.kind === 'connect' ? undefined : frame.receipt;
    if (frame.kind === 'connect') return session.fail(error, receipt);
    const destination = destinationOf(frame);
    if (await this.#tell(error, { destination, receipt }, session)) return;
    if (receipt !== undefined || isRefusal(error)) return session.fail(error, receipt);
    const { code, message } = error;
    if (code !== 'handler-failed')
      this.parts.logger.warn(`${frame.kind} ${JSON.stringify(destination)}: ${code}: ${message}`);
  }

  /** Sends a problem to the session's own problem queue; false when it does not listen there. */
  async #tell(
    error: MessagingError,
    about: Pick<Problem, 'destination' | 'receipt'>,
    session: ClientSession,
  ): Promise<boolean> {
    const { code, message, fields } = error;
    if (code === 'handler-failed') {
      this.parts.logger.error(
        `The handler of ${JSON.stringify(about.destination)} failed.`,
        error.cause,
      );
    }
    const queue = sessionQueue(session.id, problemQueue);
    if (!(this.#subscribers.get(session)?.listensTo(queue) ?? false)) return false;
    const problem: Problem = { code, message, ...about, fields };
    await this.parts.publisher.publishTo(
      [{ kind: 'session', session: session.id, destination: problemQueue, headers: noHeaders }],
      problem,
    );
    return true;
  }
}

function destinationOf(frame: ClientFrame): string | undefined {
  if (frame.kind === 'send') return frame.message.destination;
  return 'destination' in frame ? frame.destination : undefined;
}

/** A frame that the server would not take, as opposed to a handler that failed with it. */
function isRefusal({ code }: MessagingError): boolean {
  return (
    !code.startsWith('handler-') && !code.startsWith('payload-') && !code.startsWith('argument-')
  );
}
