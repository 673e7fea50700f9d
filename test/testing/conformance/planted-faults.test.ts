// Planted faults in each implementation of a contract: its suite detects all of them.
import {
  brokerConformance,
  codecConformance,
  converterConformance,
  transportConformance,
  type ConformanceCase,
} from 'signalbox/testing/conformance';
import { beforeAll, describe, expect, it } from 'vitest';
import { withTimeout } from '../../../src/testing/conformance/waiting.js';
import {
  faults,
  faultyBroker,
  faultyCodec,
  faultyConverter,
  faultyTransport,
  type Fault,
} from './faulty.js';
import { codecs, converters, embedded, transports } from './implementations.js';

/** Milliseconds. */
const plantedTimeout = 1000;

/** Milliseconds. All cases of a suite run at once, which takes seconds on a busy machine. */
const faultlessTimeout = 20_000;

type Plant = (fault: Fault) => readonly ConformanceCase[];

const suites: readonly { readonly name: string; readonly plant: Plant }[] = [
  ...Object.entries(codecs).map(([name, subject]) => ({
    name: `WireCodec: ${name}`,
    plant: (fault: Fault) => codecConformance(faultyCodec(subject, fault)),
  })),
  ...transports.flatMap(({ name, subject, exceptions }) =>
    (['in', 'out'] as const).map((way) => ({
      name: `Transport: ${name}, on the way ${way}`,
      plant: (fault: Fault) =>
        transportConformance(faultyTransport(subject, fault, way), exceptions),
    })),
  ),
  { name: 'Broker: embedded', plant: (fault) => brokerConformance(faultyBroker(embedded, fault)) },
  ...Object.entries(converters).map(([name, subject]) => ({
    name: `PayloadConverter: ${name}`,
    plant: (fault: Fault) => converterConformance(faultyConverter(subject, fault)),
  })),
];

/** The names of the cases that fail. */
async function failing(cases: readonly ConformanceCase[]): Promise<readonly string[]> {
  const results = await Promise.allSettled(cases.map((each) => each.run()));
  return cases.filter((_, i) => results[i]!.status === 'rejected').map(({ name }) => name);
}

/** The name of the first case that fails. */
async function firstFailing(cases: readonly ConformanceCase[]): Promise<string | undefined> {
  for (const each of cases) {
    const passes = await each.run().then(
      () => true,
      () => false,
    );
    if (!passes) return each.name;
  }
  return undefined;
}

const planted = suites.flatMap(({ name, plant }) =>
  faults.map((fault) => ({ name, fault, plant })),
);

describe('a wrapper without a fault', () => {
  it.each(suites)('passes: $name', async ({ plant }) => {
    expect(await withTimeout(faultlessTimeout, () => failing(plant('none')))).toEqual([]);
  });
});

describe('a planted fault', () => {
  const caught = new Map<object, string | undefined>();

  // All at the same time, because cases wait for lost items until their timeout.
  beforeAll(async () => {
    await withTimeout(plantedTimeout, () =>
      Promise.all(
        planted.map(async (each) => caught.set(each, await firstFailing(each.plant(each.fault)))),
      ),
    );
  }, 60_000);

  for (const each of planted)
    it(`fails a case: ${each.name}, items ${each.fault}`, () => {
      expect(caught.get(each)).toBeDefined();
    });
});

describe('an exception', () => {
  it('is out of date when its case holds', async () => {
    const name = 'delivers a publication to every subscription of its topic';
    const cases = brokerConformance(embedded, { [name]: 'A reason.' });
    await expect(cases.find((each) => each.name === name)!.run()).rejects.toThrow(
      `The case "${name}" passes. Remove its exception.`,
    );
  });

  it('is refused for a case that does not exist', () => {
    expect(() =>
      brokerConformance(embedded, {
        'delivers a publication to every subscription of a topic': 'x',
      }),
    ).toThrow(
      'No case is called "delivers a publication to every subscription of a topic"; the nearest is "delivers a publication to every subscription of its topic".',
    );
  });
});
