// The conformance suites, run on every implementation of a contract in this repository.
import { describe, it } from 'vitest';
import { implementations } from './implementations.js';

for (const { contract, name, cases } of implementations())
  describe(`${contract}: ${name}`, () => {
    it.each(cases.map((each) => [each.name, each.run] as const))('%s', (_, run) => run());
  });
