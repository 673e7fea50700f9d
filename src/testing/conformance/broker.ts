// What a broker promises, topics and queues.
import { queueChecks } from './broker-queues.js';
import { topicChecks } from './broker-topics.js';
import { casesOf, type ConformanceCase, type Exceptions } from './conformance-case.js';
import type { BrokerSubject } from './stage.js';

export type { BrokerSubject } from './stage.js';

/** @throws Error for an exception to a case that does not exist */
export function brokerConformance(
  subject: BrokerSubject,
  exceptions: Exceptions = {},
): readonly ConformanceCase[] {
  return casesOf({ ...topicChecks, ...queueChecks }, subject, exceptions);
}
