// Requests that other brokers support and this one does not: they are refused, because ignoring them would lose messages.
import { MessagingError } from '../../message/error.js';
import type { Subscription } from '../broker.js';

const durable =
  'a durable subscription has the header durable-subscription-name on SUBSCRIBE, and client-id on CONNECT';

interface Unsupported {
  /** The values that are refused; undefined for all. */
  readonly value?: string;
  /** How to reach the same, as a clause. */
  readonly instead: string;
}

/** Headers of SUBSCRIBE by which ActiveMQ, Artemis and RabbitMQ deliver other messages than a subscription without them. */
const headers: Readonly<Record<string, Unsupported>> = {
  selector: { instead: 'select messages by their destination' },
  'activemq.subscriptionName': { instead: durable },
  // The spelling of ActiveMQ before 5.
  'activemq.subcriptionName': { instead: durable },
  'durable-subscriber-name': { instead: durable },
  durable: { value: 'true', instead: durable },
  'auto-delete': { value: 'false', instead: durable },
  'x-queue-name': { instead: 'subscribe to a destination below /queue to share its messages' },
  'no-local': { value: 'true', instead: 'ignore messages with a header that names the sender' },
  'activemq.noLocal': {
    value: 'true',
    instead: 'ignore messages with a header that names the sender',
  },
  exclusive: { value: 'true', instead: 'subscribe once' },
  'activemq.exclusive': { value: 'true', instead: 'subscribe once' },
};

/** As a whole word: `>` of ActiveMQ, `#` of RabbitMQ. */
const foreignWildcard = /(?:^|[/.])[>#](?:[/.]|$)/;

/** @throws {MessagingError} `not-supported`, with the way that is supported */
export function checkSupported({ destination, headers: given }: Subscription): void {
  if (foreignWildcard.test(destination))
    throw new MessagingError(
      'not-supported',
      'The wildcards > and # are not supported; use ** for any number of segments, and * for one.',
    );
  for (const [name, value] of given) {
    const unsupported = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (unsupported === undefined || (unsupported.value ?? value) !== value) continue;
    throw new MessagingError(
      'not-supported',
      `The header ${name} of SUBSCRIBE is not supported; ${unsupported.instead}.`,
    );
  }
}
