// Generates docs/reference/conformance.md from the suites, and fails when the page is out of date.
import { expect, it } from 'vitest';
import { implementations, type Implementation } from './implementations.js';

const introduction = `# Conformance

The requirements of each contract of signalbox, and the implementations that meet them. This page is generated from the suites
of \`signalbox/testing/conformance\`. A test runs every case and fails when the page is out of date;
\`npx vitest run test/testing/conformance -u\` updates it. Each suite also detects planted faults: items that are lost, swapped or
doubled, and answers that are missing. To run a suite on your own implementation, see
[testing](../testing.md#test-your-own-protocol-transport-broker-or-converter).
`;

const contracts = {
  WireCodec: 'bytes to frames and back',
  Transport: 'connections of clients',
  Broker: 'delivery to subscribers',
  PayloadConverter: 'bytes to values and back',
} as const satisfies Record<Implementation['contract'], string>;

function tableOf(contract: Implementation['contract'], all: readonly Implementation[]): string {
  const columns = all.filter((each) => each.contract === contract);
  const exceptions: string[] = [];
  const mark = (reason: string | undefined) => {
    if (reason === undefined) return 'yes';
    if (!exceptions.includes(reason)) exceptions.push(reason);
    return `no (${exceptions.indexOf(reason) + 1})`;
  };
  const rows = columns[0]!.cases.map(({ name }, i) =>
    row([name, ...columns.map(({ cases }) => mark(cases[i]!.exception))]),
  );
  return [
    `## ${contract}: ${contracts[contract]}`,
    '',
    row(['', ...columns.map(({ name }) => name)]),
    row(['---', ...columns.map(() => '---')]),
    ...rows,
    ...exceptions.flatMap((reason, i) => ['', `(${i + 1}) ${reason}`]),
    '',
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

it('is generated from the suites', async () => {
  const all = implementations();
  const tables = (Object.keys(contracts) as Implementation['contract'][]).map((contract) =>
    tableOf(contract, all),
  );
  await expect([introduction, ...tables].join('\n')).toMatchFileSnapshot(
    '../../../docs/reference/conformance.md',
  );
});
