// The one junction: what becomes of each client frame.
import type { BrokerPublisher } from '../broker/publisher.js';
import type { Subscribers } from '../broker/subscribers.js';
import type { UserDestinations } from '../broker/user-destination.js';
import { MessagingError } from '../message/error.js';
import type {
  ClientFrame,
  SendFrame,
  SettleFrame,
  SubscribeFrame,
  UnsubscribeFrame,
} from '../message/frame.js';
import type { ClientSession } from '../session/client-session.js';
import type { SessionEventSource } from '../session/event.js';
import type { Admission } from './admission.js';
import type { Application } from './application.js';
import type { Prefixes } from './prefix.js';
import { problemQueue } from './problem.js';

export interface InboundParts {
  readonly prefixes: Prefixes;
  readonly users: UserDestinations;
  readonly admission: Admission;
  readonly application: Application;
  readonly publisher: BrokerPublisher;
  readonly subscribers: Subscribers;
  readonly events: SessionEventSource;
  readonly clientPublish: boolean;
  /** Live subscriptions that a session may have. */
  readonly subscriptions: number;
}

export class Inbound {
  constructor(private readonly parts: InboundParts) {}

  /** Resolves when the frame has been processed; rejects with a MessagingError when it is refused or its handler failed. */
  async route(frame: ClientFrame, session: ClientSession): Promise<void> {
    switch (frame.kind) {
      case 'connect':
        return this.parts.admission.admit(frame, session);
      case 'send':
        return this.#send(frame, session);
      case 'subscribe':
        return this.#subscribe(frame, session);
      case 'unsubscribe':
        return this.#unsubscribe(frame, session);
      case 'ack':
      case 'nack':
        return this.#settle(frame, session);
      case 'begin':
      case 'commit':
      case 'abort':
        throw noTransactions();
      case 'disconnect':
        return;
      default:
        return frame satisfies never;
    }
  }

  async #send({ message, transaction }: SendFrame, session: ClientSession): Promise<void> {
    if (transaction !== undefined) throw noTransactions();
    const { prefixes, application, subscribers } = this.parts;
    const owner = prefixes.owner(message.destination);
    switch (owner.kind) {
      case 'application':
        return application.send(message, owner.lookup, session);
      case 'user': {
        this.#mayPublish();
        const { user, destination } = this.parts.users.address(message.destination);
        if (destination === problemQueue) throw new MessagingError('destination-refused');
        return this.parts.publisher.forward(user, destination, message);
      }
      case 'broker':
        this.#mayPublish();
        return subscribers.get(session).connection.send(message);
      case 'nobody':
        throw new MessagingError('no-route');
      default:
        return owner satisfies never;
    }
  }

  #mayPublish(): void {
    if (!this.parts.clientPublish) throw new MessagingError('destination-refused');
  }

  async #subscribe(frame: SubscribeFrame, session: ClientSession): Promise<void> {
    const { prefixes, users, application, subscribers, events } = this.parts;
    const subscriber = subscribers.get(session);
    if (subscriber.size >= this.parts.subscriptions) throw new MessagingError('subscription-limit');
    const { id, destination } = frame;
    const owner = prefixes.owner(destination);
    switch (owner.kind) {
      case 'application':
        await application.subscribe(frame, owner.lookup, session, subscriber);
        break;
      case 'user':
        await subscriber.subscribe(frame, users.own(session.id, destination));
        break;
      case 'broker':
        await subscriber.subscribe(frame, destination);
        break;
      case 'nobody':
        throw new MessagingError('no-route');
      default:
        return owner satisfies never;
    }
    events.emit('subscribed', { session, subscription: id, destination });
  }

  async #unsubscribe({ id, destination }: UnsubscribeFrame, session: ClientSession): Promise<void> {
    const { subscribers, events } = this.parts;
    const ended = await subscribers.get(session).unsubscribe(id, destination);
    if (ended === undefined) return;
    const { id: subscription, requested } = ended;
    events.emit('unsubscribed', { session, subscription, destination: requested });
  }

  async #settle({ kind, id, subscription }: SettleFrame, session: ClientSession): Promise<void> {
    await this.parts.subscribers.get(session).connection.settle({ kind, id, subscription });
  }
}

function noTransactions(): MessagingError {
  return new MessagingError('not-supported', 'This broker has no transactions.');
}
