// Settings of the server, in addition to the defaults, with which some cases run again.
import type { ServerOptions } from '../../src/index.js';
import { selfSigned, type Certificate } from '../certificate.js';
import type { TransportName } from '../clients/server.js';
import type { Run } from './case.js';

export interface Setting {
  /** The end of the key of a run. */
  readonly name: string;
  /** Options of the server; those of a case replace them. */
  readonly options: ServerOptions;
  /** The server uses TLS with this certificate. */
  readonly certificate?: Certificate;
  appliesTo(run: Run): boolean;
}

/** One protocol is enough: the others differ only in their codec, which uses none of the settings. */
function runsOf(faults: string, transports: readonly TransportName[]) {
  const chosen = faults.split(' ');
  return ({ case: { fault }, protocol, transport }: Run) =>
    chosen.includes(fault) && protocol === 'stomp-1.2' && transports.includes(transport);
}

/**
 * The server splits, compares and writes destinations in another way. So the cases of patterns (A1, A2, C11), of destinations that
 * the broker, a user or a session has (A3, C5, C9, D12), of routes (D11) and of texts with a destination (F1) run again. Their
 * mappings have no slash at the begin: with dots it would be part of the first segment.
 */
const dots: Setting = {
  name: "separator '.'",
  options: { separator: '.' },
  appliesTo: runsOf('A1 A2 A3 C5 C9 C11 D11 D12 F1', ['memory']),
};

/**
 * Frames of one session overlap. So the cases run again whose state several frames share (keys A3, transactions A4, fairness A5 and
 * the watchdog A7), those of interceptors and events (B1, B4, B5), and those in which a frame fails while others run (C1, C2, C6,
 * C11), or has many answers (F5).
 */
const concurrency: Setting = {
  name: 'concurrency 4',
  options: { concurrency: 4 },
  appliesTo: runsOf('A3 A4 A5 A7 B1 B4 B5 C1 C2 C6 C11 F5', ['memory']),
};

/**
 * Bytes arrive in other pieces, writes end later, and connections begin and end with more steps. So the cases run again that depend
 * on reads (A4, A5, A7, C4), on the begin of a connection (A3) and on its end (B1, B2, C1). Those of C7, C8 and C12 open sockets
 * without TLS themselves.
 */
function tls(certificate: Certificate): Setting {
  return {
    name: 'TLS',
    options: {},
    certificate,
    appliesTo: runsOf('A3 A4 A5 A7 B1 B2 C1 C4', ['WebSocket text', 'TCP']),
  };
}

const certificate = selfSigned();

export const settings: readonly Setting[] = [
  dots,
  concurrency,
  ...(certificate === undefined ? [] : [tls(certificate)]),
];
