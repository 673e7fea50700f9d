// The conformance suite of brokers: topics, queues, acknowledgement and transactions.
import type { BrokerSubject } from './broker-harness.js';
import { queueChecks } from './broker-queues.js';
import { topicChecks } from './broker-topics.js';
import { casesOf, type ConformanceCase, type Exceptions } from './conformance-case.js';

export type { BrokerSubject } from './broker-harness.js';

/**
 * The cases of the suite for brokers, for any test framework.
 *
 * @param exceptions cases that the broker fails, each with its reason
 * @throws {Error} when an exception names a case that does not exist
 * @example
 * ```ts
 * for (const { name, run } of brokerConformance({ broker: () => new EmbeddedBroker() })) it(name, run);
 * ```
 */
export function brokerConformance(
  subject: BrokerSubject,
  exceptions: Exceptions = {},
): readonly ConformanceCase[] {
  return casesOf({ ...topicChecks, ...queueChecks }, subject, exceptions);
}
