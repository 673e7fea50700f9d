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

const noLocal = 'ignore messages with a header that names the sender';

/** Headers of SUBSCRIBE with which ActiveMQ, Artemis and RabbitMQ deliver other messages than without them. */
const headers: ReadonlyMap<string, Unsupported> = new Map(
  Object.entries<Unsupported>({
    selector: { instead: 'use a destination for each kind of message' },
    'activemq.subscriptionName': { instead: durable },
    // The spelling of ActiveMQ 4.
    'activemq.subcriptionName': { instead: durable },
    'durable-subscriber-name': { instead: durable },
    durable: { value: 'true', instead: durable },
    'auto-delete': { value: 'false', instead: durable },
    'x-queue-name': { instead: 'subscribe to a destination below /queue to share its messages' },
    'no-local': { value: 'true', instead: noLocal },
    'activemq.noLocal': { value: 'true', instead: noLocal },
    exclusive: { value: 'true', instead: 'subscribe only once' },
    'activemq.exclusive': { value: 'true', instead: 'subscribe only once' },
  }),
);

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
    const unsupported = headers.get(name);
    if (unsupported === undefined || (unsupported.value ?? value) !== value) continue;
    throw new MessagingError(
      'not-supported',
      `The header ${name} of SUBSCRIBE is not supported; ${unsupported.instead}.`,
    );
  }
}
