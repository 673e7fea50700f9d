// The versions of STOMP, and the syntax of frames in each of them.
import { escaping11, escaping12, verbatim, type Escaping } from './header.js';

export type Version = '1.0' | '1.1' | '1.2';

/** The syntax rules of a version. */
export interface Dialect {
  readonly version: Version;
  /** True when CR LF ends a line like LF; otherwise the CR belongs to the header. */
  readonly crlf: boolean;
  readonly escaping: Escaping;
  /** True when spaces and tabs around names and values do not belong to them. */
  readonly trims: boolean;
  /** True when an unexpected body and its `content-length` are ignored; otherwise such a frame is malformed. */
  readonly ignoresBodies: boolean;
}

export const dialects: Readonly<Record<Version, Dialect>> = {
  '1.0': { version: '1.0', crlf: false, escaping: verbatim, trims: true, ignoresBodies: true },
  '1.1': { version: '1.1', crlf: false, escaping: escaping11, trims: false, ignoresBodies: false },
  '1.2': { version: '1.2', crlf: true, escaping: escaping12, trims: false, ignoresBodies: false },
};

/**
 * The rules before CONNECT. Lines may end with CR LF, because the version may become 1.2 and early frames must be read to be
 * rejected.
 */
export const beforeConnect: Dialect = { ...dialects['1.0'], crlf: true };

/** The preferred version first. */
export const versions: readonly Version[] = ['1.2', '1.1', '1.0'];

/** The highest version that both sides support; 1.0 when the client sent no `accept-version`; undefined when there is none. */
export function chooseVersion(accepted: string | undefined): Version | undefined {
  if (accepted === undefined) return '1.0';
  const offered = new Set(accepted.split(',').map((version) => version.trim()));
  return versions.find((version) => offered.has(version));
}

/** The commands of the frames that negotiate the version. Rules of a version do not apply to these frames. */
export const negotiationCommands: ReadonlySet<string> = new Set(['CONNECT', 'STOMP', 'CONNECTED']);

/** The commands of client frames that have a body. */
export const commandsWithBody: ReadonlySet<string> = new Set(['SEND']);
