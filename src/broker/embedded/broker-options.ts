// The options of the embedded broker, filled up and checked.
import { longestDelay } from '../../message/clock.js';
import {
  checkShape,
  invalidOption,
  requireCount,
  requirePrefix,
  withDefaults,
} from '../../message/option.js';
import { defaultDurableOptions, type DurableOptions } from './durable/durable-subscriptions.js';
import type { MessageStore } from './store/message-store.js';
import { defaultQueueOptions, type QueueOptions } from './queue/queue-options.js';
import { defaultRetainOptions, type RetainOptions } from './topic/retained-messages.js';
import { defaultTopicOptions, type TopicOptions } from './topic/subscription-index.js';

export interface EmbeddedBrokerOptions {
  /** Keeps the messages of queues that carry `persistent:true`. @default none: they end with the process */
  readonly store?: MessageStore;
  readonly topic?: Partial<TopicOptions>;
  readonly queue?: Partial<QueueOptions>;
  readonly retain?: Partial<RetainOptions>;
  readonly durable?: Partial<DurableOptions>;
}

/** The same with nothing left out, but for a store where there is none. */
export interface BrokerOptions {
  readonly store: MessageStore | undefined;
  readonly topic: TopicOptions;
  readonly queue: QueueOptions;
  readonly retain: RetainOptions;
  readonly durable: DurableOptions;
}

/** Errors: `option-invalid`, naming the option and what it must be. */
export function resolveBrokerOptions(given: EmbeddedBrokerOptions): BrokerOptions {
  const defaults: BrokerOptions = {
    store: undefined,
    topic: defaultTopicOptions,
    queue: { ...defaultQueueOptions, ...ownDeadLetters(given) },
    retain: defaultRetainOptions,
    durable: defaultDurableOptions,
  };
  checkShape('', given, { ...defaults, store: {} });
  const options: BrokerOptions = {
    // Parts that are options of their own are filled up below.
    ...withDefaults<BrokerOptions>('', defaults, given as Partial<BrokerOptions>),
    topic: withDefaults('topic.', defaults.topic, given.topic),
    queue: withDefaults('queue.', defaults.queue, given.queue),
    retain: withDefaults('retain.', defaults.retain, given.retain),
    durable: withDefaults('durable.', defaults.durable, given.durable),
  };
  check(options);
  return options;
}

/** Where there are queues at all, dead letters wait in one. */
function ownDeadLetters({ queue }: EmbeddedBrokerOptions): Partial<QueueOptions> {
  const first = queue?.prefixes?.[0];
  return first === undefined ? {} : { deadLetters: `${first}/dead-letters` };
}

function check({ topic, queue, retain, durable }: BrokerOptions): void {
  requireCount('topic.maxPatternShapes', topic.maxPatternShapes, 0);
  for (const prefix of queue.prefixes) requirePrefix('queue.prefixes', prefix);
  requireCount('queue.prefetch', queue.prefetch, 1);
  requireDelay('queue.ackTimeout', queue.ackTimeout, 0);
  requireCount('queue.maxDeliveries', queue.maxDeliveries, 1);
  if (!queue.deadLetters.startsWith('/'))
    throw invalidOption('queue.deadLetters', 'must begin with a slash');
  if (queue.whenFull !== 'refuse' && queue.whenFull !== 'drop-oldest')
    throw invalidOption('queue.whenFull', `must be 'refuse' or 'drop-oldest'`);
  for (const name of ['maxMessages', 'maxBytes', 'maxTotalBytes', 'maxQueues'] as const)
    requireCount(`queue.${name}`, queue[name], 1);
  for (const name of ['maxMessages', 'maxBytes'] as const)
    requireCount(`retain.${name}`, retain[name], 1);
  requireCount('durable.maxSubscriptions', durable.maxSubscriptions, 0);
  requireDelay('durable.retention', durable.retention, 1);
}

function requireDelay(name: string, value: number, least: number): void {
  requireCount(name, value, least);
  if (value > longestDelay) throw invalidOption(name, `must be at most ${longestDelay}`);
}
