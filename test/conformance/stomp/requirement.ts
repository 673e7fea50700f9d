// Requirements of the STOMP specifications and of common clients: how one is tested, and how the docs list it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MessagingError, type ServerOptions } from '../../../src/index.js';
import {
  rawServer,
  transportNames,
  type RawServer,
  type TransportName,
} from '../../clients/server.js';
import type { StompVersion } from '../../clients/stomp.js';

export const since11: readonly StompVersion[] = ['1.1', '1.2'];
const everyVersion: readonly StompVersion[] = ['1.0', ...since11];
export interface Requirement {
  readonly number: number;
  readonly rule: string;
  /** Versions that have the rule; all by default. */
  readonly versions?: readonly StompVersion[];
  /** Transports that the rule is tested over; all by default. */
  readonly transports?: readonly TransportName[];
  /** Absent for a rule that is not implemented; `reason` has the reason. */
  readonly check?: (context: RawServer, version: StompVersion) => Promise<void>;
  readonly reason?: string;
}

/**
 * Refuses the passcode `wrong`, and the login `needs-host` without a host. Answers rejected frames as the specification has it; by
 * default a client survives them.
 */
const serverOptions: ServerOptions = {
  onRejectedFrame: 'close',
  authenticate({ login, passcode, host }) {
    if (login === 'needs-host' && host === undefined) throw new MessagingError('access-refused');
    if (passcode === 'wrong') throw new MessagingError('access-refused', 'Clients never see this.');
    return login === undefined ? undefined : { name: login };
  },
};

/** Tests the requirements in each version and over each transport, and the section that lists them in the docs. */
export function testRequirements(title: string, requirements: readonly Requirement[]): void {
  describe.each(requirements.filter(({ check }) => check !== undefined))(
    'requirement $number: $rule',
    ({ check, versions = everyVersion, transports = transportNames }) => {
      const cases = versions.flatMap((version) =>
        transports.map((transport) => [version, transport] as const),
      );
      it.each(cases)('in STOMP %s over %s', async (version, transport) =>
        check!(await rawServer(transport, serverOptions), version),
      );
    },
  );

  it('are listed in docs/reference/stomp-conformance.md', async () => {
    const section = new RegExp(`(?<=\n## ${title}\n\n)[^]*?(?=\n\n## |\n$)`);
    const table = [
      '| number | requirement | versions | transports | result |',
      '| --- | --- | --- | --- | --- |',
      ...requirements.map(rowOf),
    ].join('\n');
    const current = readFileSync(page, 'utf8');
    expect(current).toMatch(section);
    await expect(current.replace(section, table)).toMatchFileSnapshot(page);
    const numbers = [...current.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 81 }, (_, i) => i + 1));
  });
}

const page = fileURLToPath(
  new URL('../../../docs/reference/stomp-conformance.md', import.meta.url),
);

/** Numbers of the requirements that the docs list as passed. */
export function passedRequirements(): readonly number[] {
  const rows = readFileSync(page, 'utf8').matchAll(/^\| (\d+) \|.*\| passes \|$/gm);
  return [...rows].map(([, number]) => Number(number));
}

function rowOf(requirement: Requirement): string {
  const {
    number,
    rule,
    reason,
    versions = everyVersion,
    transports = transportNames,
  } = requirement;
  const where = transports.length === transportNames.length ? 'all' : transports.join(', ');
  const result = reason === undefined ? 'passes' : `not yet: ${reason}`;
  return `| ${number} | ${rule} | ${versions.join(', ')} | ${where} | ${result} |`;
}
