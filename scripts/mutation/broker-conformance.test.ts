// The conformance suite of brokers, on the embedded broker alone: mutation runs need no other implementation.
import { it } from 'vitest';
import { brokerConformance } from '../../src/testing/conformance/broker.js';
import { embedded } from '../../test/testing/conformance/implementations.js';

it.each(brokerConformance(embedded).map(({ name, run }) => [name, run] as const))('%s', (_, run) =>
  run(),
);
