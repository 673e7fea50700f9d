// What differs between the versions of STOMP.
import { escaping11, escaping12, unescaped, type Escaping } from './escaping.js';

export interface Version {
  readonly name: '1.0' | '1.1' | '1.2';
  readonly escaping: Escaping;
  /** Whether CR LF ends a line. */
  readonly carriageReturns: boolean;
}

/** The highest first, as they are chosen. */
export const versions: readonly Version[] = [
  { name: '1.2', escaping: escaping12, carriageReturns: true },
  { name: '1.1', escaping: escaping11, carriageReturns: false },
  { name: '1.0', escaping: unescaped, carriageReturns: false },
];

export const supported = '1.0,1.1,1.2';

/** The version to speak with a client that accepts these; none accepted means 1.0 (STOMP 1.2, "Protocol Negotiation"). */
export function chooseVersion(acceptVersion: string | undefined): Version | undefined {
  const accepted = (acceptVersion ?? '1.0').split(',').map((each) => each.trim());
  return versions.find(({ name }) => accepted.includes(name));
}
