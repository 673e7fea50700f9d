// The options of the embedded broker, filled up and checked.
import { longestDelay } from '../../message/clock.js';
import {
  checkShape,
  invalidOption,
  requireCount,
  requirePrefix,
  withDefaults,
} from '../../message/option.js';
import { defaultDurableOptions, type DurableOptions } from './durable-subscriptions.js';
import { defaultQueueOptions, type QueueOptions } from './queue-options.js';
import { defaultRetainOptions, type RetainOptions } from './retained-messages.js';

/** What an application may leave out. */
export interface GivenBrokerOptions {
  readonly queue?: Partial<QueueOptions> | undefined;
  readonly retain?: Partial<RetainOptions> | undefined;
  readonly durable?: Partial<DurableOptions> | undefined;
}

export interface BrokerOptions {
  readonly queue: QueueOptions;
  readonly retain: RetainOptions;
  readonly durable: DurableOptions;
}

/** Errors: `option-invalid`, naming the option and what it must be. */
export function resolveBrokerOptions(given: GivenBrokerOptions): BrokerOptions {
  checkShape('', given, { queue: {}, retain: {}, durable: {} });
  const options: BrokerOptions = {
    queue: withDefaults(
      'queue.',
      { ...defaultQueueOptions, ...ownDeadLetters(given) },
      given.queue,
    ),
    retain: withDefaults('retain.', defaultRetainOptions, given.retain),
    durable: withDefaults('durable.', defaultDurableOptions, given.durable),
  };
  check(options);
  return options;
}

/** Where there are queues at all, dead letters wait in one. */
function ownDeadLetters({ queue }: GivenBrokerOptions): Partial<QueueOptions> {
  const first = queue?.prefixes?.[0];
  return first === undefined ? {} : { deadLetters: `${first}/dead-letters` };
}

function check({ queue, retain, durable }: BrokerOptions): void {
  for (const prefix of queue.prefixes) requirePrefix('queue.prefixes', prefix);
  requireCount('queue.prefetch', queue.prefetch, 1);
  requireDelay('queue.ackWithin', queue.ackWithin, 0);
  requireCount('queue.maxDeliveries', queue.maxDeliveries, 1);
  if (!queue.deadLetters.startsWith('/'))
    throw invalidOption('queue.deadLetters', 'must begin with a slash');
  if (queue.whenFull !== 'refuse' && queue.whenFull !== 'drop-oldest')
    throw invalidOption('queue.whenFull', `must be 'refuse' or 'drop-oldest'`);
  for (const name of ['messages', 'octets', 'totalOctets', 'queues'] as const)
    requireCount(`queue.${name}`, queue[name], 1);
  for (const name of ['messages', 'octets'] as const)
    requireCount(`retain.${name}`, retain[name], 1);
  requireCount('durable.subscriptions', durable.subscriptions, 0);
  requireDelay('durable.keep', durable.keep, 1);
}

function requireDelay(name: string, value: number, least: number): void {
  requireCount(name, value, least);
  if (value > longestDelay) throw invalidOption(name, `must be at most ${longestDelay}`);
}
