// The page of the conformance suites: made from the suites, and never older than they are.
import { expect, it } from 'vitest';
import { implementations, type Implementation } from './implementations.js';

const introduction = `# Conformance

What each contract of signalbox promises, and which implementations keep it. The page is made from the suites of
\`signalbox/testing/conformance\`; a test runs every case named here and fails when the page is out of date
(\`npx vitest run test/testing/conformance -u\` writes it anew). Faults planted into each implementation, things lost, swapped,
doubled and answers forgotten, are caught by its suite. How to run a suite on an implementation of your own is told in
[testing](../testing.md#test-your-own-protocol-transport-broker-or-converter).
`;

const contracts = {
  WireCodec: 'a wire protocol: octets to frames and back',
  Transport: 'how octets of clients arrive and leave',
  Broker: 'who gets what',
  PayloadConverter: 'octets to values and back',
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

it('tells what the suites examine', async () => {
  const all = implementations();
  const tables = (Object.keys(contracts) as Implementation['contract'][]).map((contract) =>
    tableOf(contract, all),
  );
  await expect([introduction, ...tables].join('\n')).toMatchFileSnapshot(
    '../../../docs/reference/conformance.md',
  );
});
