// Requests that other brokers support and this one does not: they are refused, because ignoring them would lose messages.
import { MessagingError } from '../../message/error.js';
import type { Headers } from '../../message/message.js';
import type { Subscription } from '../broker.js';

const durable =
  'a durable subscription has the header durable-subscription-name on SUBSCRIBE, and client-id on CONNECT';

interface Unsupported {
  /** The value that is refused; undefined for all. */
  readonly value?: 'true' | 'false';
  /** The supported alternative, as a clause. */
  readonly instead: string;
}

const noLocal = 'ignore messages with a header that names the sender';
const selector = 'use a destination for each kind of message';
const past = 'let the broker retain the last message of the topic, by its option retain';
const browser = 'subscribe with ack:client-individual, and return each message by NACK';

/** Headers of SUBSCRIBE with which ActiveMQ, Artemis and RabbitMQ deliver other messages than without them. */
const headers: ReadonlyMap<string, Unsupported> = new Map(
  Object.entries<Unsupported>({
    selector: { instead: selector },
    'activemq.selector': { instead: selector },
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
    // Headers of Apollo, and of early versions of the RabbitMQ plugin.
    persistent: { value: 'true', instead: durable },
    'activemq.retroactive': { value: 'true', instead: past },
    'x-stream-offset': { instead: past },
    browser: { value: 'true', instead: browser },
    'activemq.browser': { value: 'true', instead: browser },
  }),
);

/** As a whole word: `>` of ActiveMQ, `#` of RabbitMQ. */
const foreignWildcard = /(?:^|[/.])[>#](?:[/.]|$)/;

/** @throws {MessagingError} `not-supported`, with the way that is supported */
export function checkSupported({ destination, headers: given }: Subscription): void {
  checkSupportedHeaders(given);
  if (foreignWildcard.test(destination))
    throw new MessagingError(
      'not-supported',
      'The wildcards > and # are not supported; use ** for any number of segments, and * for one.',
    );
}

/** @throws {MessagingError} the errors of `checkSupported` */
export function checkSupportedHeaders(given: Headers): void {
  for (const [written, value] of given) {
    // Other brokers ignore the white space, and read booleans in any case.
    const name = written.trim();
    const unsupported = headers.get(name);
    if (unsupported === undefined) continue;
    if (unsupported.value !== undefined && value.trim().toLowerCase() !== unsupported.value)
      continue;
    throw new MessagingError(
      'not-supported',
      `The header ${name} of SUBSCRIBE is not supported; ${unsupported.instead}.`,
    );
  }
}
