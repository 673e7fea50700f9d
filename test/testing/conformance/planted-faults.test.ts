// Faults planted into each implementation of a contract: its suite catches every one.
import {
  brokerConformance,
  codecConformance,
  converterConformance,
  transportConformance,
  type ConformanceCase,
} from 'signalbox/testing/conformance';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  faults,
  faultyBroker,
  faultyCodec,
  faultyConverter,
  faultyTransport,
  type Fault,
} from './faulty.js';
import { codecs, converters, embedded } from './implementations.js';
import { memory, tcp, tls, webSocket } from './transport-subjects.js';

const secure = tls();

const faulty: Readonly<Record<string, (fault: Fault) => readonly ConformanceCase[]>> = {
  ...Object.fromEntries(
    Object.entries(codecs).map(([name, subject]) => [
      `WireCodec: ${name}`,
      (fault: Fault) => codecConformance(faultyCodec(subject, fault)),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries({ memory, webSocket, tcp, ...(secure && { tls: secure }) }).map(
      ([name, subject]) => [
        `Transport: ${name}`,
        (fault: Fault) => transportConformance(faultyTransport(subject, fault)),
      ],
    ),
  ),
  'Broker: embedded': (fault) => brokerConformance(faultyBroker(embedded, fault)),
  ...Object.fromEntries(
    Object.entries(converters).map(([name, subject]) => [
      `PayloadConverter: ${name}`,
      (fault: Fault) => converterConformance(faultyConverter(subject, fault)),
    ]),
  ),
};

/** The names of the cases that fail. */
async function failing(cases: readonly ConformanceCase[]): Promise<readonly string[]> {
  const results = await Promise.allSettled(cases.map((each) => each.run()));
  return cases.filter((_, i) => results[i]!.status === 'rejected').map(({ name }) => name);
}

const planted = Object.entries(faulty).flatMap(([name, plant]) =>
  faults.map((fault) => ({ name, fault, plant: () => plant(fault) })),
);

describe('a planted fault', () => {
  const caught = new Map<object, readonly string[]>();

  // Side by side, as what is lost is waited for with some patience.
  beforeAll(async () => {
    await Promise.all(planted.map(async (each) => caught.set(each, await failing(each.plant()))));
  }, 60_000);

  for (const each of planted)
    it(`is caught: ${each.name}, things ${each.fault}`, () => {
      expect(caught.get(each)).not.toEqual([]);
    });
});

describe('an exception', () => {
  it('is out of date when its case holds', async () => {
    const name = 'publishes to every subscription of a topic';
    const cases = brokerConformance(embedded, { [name]: 'It was said to be otherwise.' });
    await expect(cases.find((each) => each.name === name)!.run()).rejects.toThrow(
      `"${name}" holds, so its exception can go.`,
    );
  });

  it('is refused for a case that does not exist', () => {
    expect(() => brokerConformance(embedded, { 'publishes to every topic': 'x' })).toThrow(
      'No case is called "publishes to every topic"; the nearest is "publishes to every subscription of a topic".',
    );
  });
});
