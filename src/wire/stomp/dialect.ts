// What the octets of a frame mean in each version of STOMP.
import { escaping11, escaping12, verbatim, type Escaping } from './escaping.js';

export type Version = '1.0' | '1.1' | '1.2';

export interface Dialect {
  readonly version: Version;
  /** Whether CR LF ends a line as LF does; where it does not, the CR belongs to the header. */
  readonly crlf: boolean;
  readonly escaping: Escaping;
}

export const dialects: Readonly<Record<Version, Dialect>> = {
  '1.0': { version: '1.0', crlf: false, escaping: verbatim },
  '1.1': { version: '1.1', crlf: false, escaping: escaping11 },
  '1.2': { version: '1.2', crlf: true, escaping: escaping12 },
};

/** The version to come may end lines with CR LF, and a frame that comes too early is to be refused for just that. */
export const beforeConnect: Dialect = { version: '1.0', crlf: true, escaping: verbatim };

/** The preferred one first. */
export const versions: readonly Version[] = ['1.2', '1.1', '1.0'];

/** The highest version that both sides know, if any; a client that names none speaks 1.0. */
export function chooseVersion(accepted: string | undefined): Version | undefined {
  if (accepted === undefined) return '1.0';
  const offered = new Set(accepted.split(',').map((version) => version.trim()));
  return versions.find((version) => offered.has(version));
}

/** These frames settle the version or come before it is settled, so none of its rules holds for them. */
export function precedesVersion(command: string): boolean {
  return command === 'CONNECT' || command === 'STOMP' || command === 'CONNECTED';
}
