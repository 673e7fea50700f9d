// Every line of what STOMP asks of a server, over every transport and in every version that it holds for; and their page.
import { describe, expect, it } from 'vitest';
import { everyTransport, everyVersion, type Line } from './line.js';
import { sections } from './lines.js';
import { Stage } from './stage.js';

const lines: readonly Line[] = Object.values(sections).flat();

for (const transport of everyTransport)
  describe(`over ${transport}`, () => {
    const cases = lines
      .filter(({ transports = everyTransport }) => transports.includes(transport))
      .flatMap(({ number, what, check, versions = everyVersion }) =>
        check === undefined
          ? []
          : versions.map((version) => [number, version, what, check] as const),
      );
    it.each(cases)('line %i in %s: %s', async (_, version, __, check) => {
      const stage = await Stage.open(transport);
      try {
        await check(stage, version);
      } finally {
        await stage.close();
      }
    });
  });

it('are 81', () => {
  expect(lines.map(({ number }) => number)).toEqual(Array.from({ length: 81 }, (_, i) => i + 1));
});

const introduction = `# STOMP conformance

What the specifications of STOMP 1.0, 1.1 and 1.2 and the habits of its clients ask of a server, line by line. Each line is a test that runs
over every transport named and in every version named; the page is made from those tests, and one fails when it is out of date
(\`npx vitest run test/conformance -u\` writes it anew).
`;

function rowOf({
  number,
  what,
  reason,
  versions = everyVersion,
  transports = everyTransport,
}: Line): string {
  const where = transports.length === everyTransport.length ? 'all' : transports.join(', ');
  const result = reason === undefined ? 'passes' : `not yet: ${reason}`;
  return `| ${number} | ${what} | ${versions.join(', ')} | ${where} | ${result} |`;
}

it('have a page that is up to date', async () => {
  const tables = Object.entries(sections).map(([title, section]) =>
    [
      `## ${title}`,
      '',
      '| line | what | versions | transports | result |',
      '| --- | --- | --- | --- | --- |',
      ...section.map((line) => rowOf(line)),
      '',
    ].join('\n'),
  );
  await expect([introduction, ...tables].join('\n')).toMatchFileSnapshot(
    '../../../docs/reference/stomp-conformance.md',
  );
});
