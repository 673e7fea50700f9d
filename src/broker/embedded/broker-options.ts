// The options of the embedded broker: defaults are filled in, and values are checked.
import { longestDelay } from '../../message/clock.js';
import {
  checkAll,
  checkShape,
  invalidOption,
  isGroup,
  requireCount,
  requireDestinations,
  requireMethods,
  requireObject,
  requireOneOf,
  requirePrefix,
  type Shape,
  withDefaults,
} from '../../message/option.js';
import { defaultDurableOptions, type DurableOptions } from './durable/durable-subscriptions.js';
import type { MessageStore } from './store/message-store.js';
import {
  defaultDeadLetters,
  defaultQueueOptions,
  type GivenQueueOptions,
  type QueueOptions,
} from './queue/queue-memory.js';
import { defaultRetainOptions, type RetainOptions } from './topic/retained-messages.js';
import { defaultTopicOptions, type TopicOptions } from './topic/subscription-index.js';

/** Options of the embedded broker. */
export interface EmbeddedBrokerOptions {
  /** Keeps messages of queues that have the header `persistent:true`. @default none: they are lost with the process */
  readonly store?: MessageStore;
  /** Limits of topics. @default the defaults of `TopicOptions` */
  readonly topic?: Partial<TopicOptions>;
  /** Behavior and limits of queues. @default the defaults of `QueueOptions` */
  readonly queue?: GivenQueueOptions;
  /** Topics whose last message is kept for new subscribers. @default the defaults of `RetainOptions`: none */
  readonly retain?: Partial<RetainOptions>;
  /** Limits of durable subscriptions. @default the defaults of `DurableOptions` */
  readonly durable?: Partial<DurableOptions>;
}

/** All options with their values. */
export interface BrokerOptions {
  /** Undefined when messages are only held in memory. */
  readonly store: MessageStore | undefined;
  readonly topic: TopicOptions;
  readonly queue: QueueOptions;
  readonly retain: RetainOptions;
  readonly durable: DurableOptions;
}

const shape: Shape<EmbeddedBrokerOptions> = {
  store: {},
  topic: {},
  queue: {},
  retain: {},
  durable: {},
};

/** @throws {MessagingError} `option-invalid`, with the name of the option and the values that it takes */
export function resolveBrokerOptions(given: EmbeddedBrokerOptions): BrokerOptions {
  requireObject('', given, 'store');
  checkShapes(given);
  const defaults: BrokerOptions = {
    store: undefined,
    topic: defaultTopicOptions,
    queue: { ...defaultQueueOptions, ...deadLettersBelowPrefix(given) },
    retain: defaultRetainOptions,
    durable: defaultDurableOptions,
  };
  const options: BrokerOptions = {
    // The groups get their own defaults below.
    ...withDefaults<BrokerOptions>('', defaults, given as Partial<BrokerOptions>),
    topic: withDefaults('topic.', defaults.topic, given.topic),
    queue: resolveQueueOptions(defaults.queue, given.queue),
    retain: withDefaults('retain.', defaults.retain, given.retain),
    durable: withDefaults('durable.', defaults.durable, given.durable),
  };
  checkAll(checksOf(options));
  return options;
}

/** Checks the names and types of all options, also within groups. */
function checkShapes(given: EmbeddedBrokerOptions): void {
  const groups: Readonly<Record<string, object>> = {
    topic: defaultTopicOptions,
    queue: defaultQueueOptions,
    retain: defaultRetainOptions,
    durable: defaultDurableOptions,
  };
  const options = Object.entries(groups).flatMap(([group, members]) =>
    Object.keys(members).map((name) => `${group}.${name}`),
  );
  checkAll([
    () => checkShape('', given, shape, { options, fixes: {} }),
    // The first check refuses a group that is not an object.
    ...Object.entries(groups).map(([name, members]) => () => {
      const group: unknown = given[name as keyof EmbeddedBrokerOptions];
      if (isGroup(group)) checkShape<object>(`${name}.`, group, members);
    }),
  ]);
}

function resolveQueueOptions(defaults: QueueOptions, given: GivenQueueOptions = {}): QueueOptions {
  checkShape('queue.', given, defaults);
  const redeliveryDelay = withDefaults(
    'queue.redeliveryDelay.',
    defaults.redeliveryDelay,
    given.redeliveryDelay,
  );
  return withDefaults('queue.', defaults, { ...given, redeliveryDelay });
}

/** By default, dead letters go to a queue below the first prefix of queues. */
function deadLettersBelowPrefix({ queue }: EmbeddedBrokerOptions): Partial<QueueOptions> {
  const first = queue?.prefixes?.[0];
  return first === undefined ? {} : { deadLetters: defaultDeadLetters(first) };
}

/** The checks of the values, whose types are right. */
function* checksOf({ store, topic, queue, retain, durable }: BrokerOptions): Iterable<() => void> {
  if (store !== undefined)
    yield () =>
      requireMethods('store', store, 'a MessageStore, such as levelStore()', [
        'open',
        'write',
        'close',
      ]);
  yield () => requireCount('topic.maxPatternShapes', topic.maxPatternShapes, 0);
  yield () => requireCount('topic.maxUnacknowledgedBytes', topic.maxUnacknowledgedBytes, 1);
  for (const prefix of queue.prefixes) yield () => requirePrefix('queue.prefixes', prefix);
  yield () => requireCount('queue.prefetch', queue.prefetch, 1);
  yield () => requireCount('queue.maxPrefetch', queue.maxPrefetch, 1);
  yield () => checkPrefetch(queue);
  yield () => requireDelay('queue.ackTimeout', queue.ackTimeout, 0);
  const { initial, multiplier, max } = queue.redeliveryDelay;
  yield () => requireDelay('queue.redeliveryDelay.initial', initial, 0);
  yield () => checkMultiplier(multiplier);
  yield () => requireDelay('queue.redeliveryDelay.max', max, 1);
  yield () => requireCount('queue.maxDeliveries', queue.maxDeliveries, 1);
  yield () => checkDeadLetters(queue);
  yield () => requireOneOf('queue.whenFull', queue.whenFull, ['refuse', 'drop-oldest']);
  for (const name of ['maxMessages', 'maxBytes', 'maxTotalBytes', 'maxQueues'] as const)
    yield () => requireCount(`queue.${name}`, queue[name], 1);
  for (const name of ['maxMessages', 'maxBytes'] as const)
    yield () => requireCount(`retain.${name}`, retain[name], 1);
  yield () => requireDestinations('retain.destinations', retain.destinations);
  yield () => requireCount('durable.maxSubscriptions', durable.maxSubscriptions, 0);
  yield () => requireDelay('durable.retention', durable.retention, 1);
}

function checkPrefetch({ prefetch, maxPrefetch }: QueueOptions): void {
  if (prefetch > maxPrefetch)
    throw invalidOption('queue.prefetch', 'must be at most `queue.maxPrefetch`');
}

function checkMultiplier(multiplier: number): void {
  if (!Number.isFinite(multiplier) || multiplier < 1)
    throw invalidOption('queue.redeliveryDelay.multiplier', 'must be a number of at least 1');
}

function checkDeadLetters({ prefixes, deadLetters }: QueueOptions): void {
  const isQueue = prefixes.some((prefix) => deadLetters.startsWith(`${prefix}/`));
  // A broker without prefixes has no queues.
  if (!isQueue && prefixes.length > 0)
    throw invalidOption('queue.deadLetters', 'must lie below one of the `queue.prefixes`');
}

function requireDelay(name: string, value: number, least: number): void {
  requireCount(name, value, least);
  if (value > longestDelay) throw invalidOption(name, `must be at most ${longestDelay}`);
}
