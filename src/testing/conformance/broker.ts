// The conformance suite of brokers: topics, queues, acknowledgement and transactions.
import type { BrokerSubject } from './broker-harness.js';
import { queueChecks } from './broker-queues.js';
import { topicChecks } from './broker-topics.js';
import { casesOf, type ConformanceCase, type Exceptions } from './conformance-case.js';

export type { BrokerSubject } from './broker-harness.js';

/** @throws {Error} for an exception to a case that does not exist */
export function brokerConformance(
  subject: BrokerSubject,
  exceptions: Exceptions = {},
): readonly ConformanceCase[] {
  return casesOf({ ...topicChecks, ...queueChecks }, subject, exceptions);
}
