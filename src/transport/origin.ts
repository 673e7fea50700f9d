// Checks the origin of a handshake: pages of the server's own origin and of listed origins may connect.
import type { IncomingMessage } from 'node:http';
import { MessagingError } from '../message/error.js';
import type { LimitedLog } from '../message/limited-log.js';
import { quote } from '../message/quote.js';
import { isForwarded, type RequestClient } from './forwarded.js';

export interface OriginOptions {
  /**
   * Origins that may connect besides the server's own, exact or as patterns: `https://*.example.org:[443,8443]`,
   * `https://*:[*]`, `*`.
   * @default []
   */
  readonly allowed?: readonly string[] | undefined;
}

/** The parts of a request that the check uses. */
export interface OriginFacts extends Pick<RequestClient, 'host' | 'scheme'> {
  /** The `Origin` header; undefined for clients that are not browsers. */
  readonly origin: string | undefined;
}

export type OriginCheck = (facts: OriginFacts) => boolean;

interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** @throws {MessagingError} `option-invalid` when a pattern is not an origin */
export function createOriginCheck({ allowed = [] }: OriginOptions): OriginCheck {
  const matchers = allowed.map(compileOrigin);
  return (facts) => {
    if (facts.origin === undefined) return true;
    const origin = parseOrigin(facts.origin);
    if (matchers.some((matches) => matches(origin))) return true;
    return origin !== undefined && isSameOrigin(origin, facts);
  };
}

/**
 * Returns the check of the page that sends a plain request. Browsers send no origin for script elements and the like: of other sites,
 * these are allowed only where all origins are.
 *
 * @param log receives the origins that are refused
 */
export function createPageCheck(
  check: OriginCheck,
  allowedOrigins: readonly string[],
  log: LimitedLog,
): (request: IncomingMessage, client: RequestClient) => boolean {
  const allowsAll = allowedOrigins.includes('*');
  return (request, client) => {
    const { host, scheme } = client;
    const { origin, 'sec-fetch-site': site = 'none' } = request.headers;
    const isForeign = origin === undefined && site !== 'none' && site !== 'same-origin';
    if (isForeign ? allowsAll : check({ origin, host, scheme })) return true;
    log.write(refusedOrigin(request, client));
    return false;
  };
}

/** The text in the log when a page may not connect. */
export function refusedOrigin(
  { headers, socket }: IncomingMessage,
  { address }: RequestClient,
): string {
  // A trusted proxy has replaced the address.
  const proxy =
    isForwarded(headers) && address === socket.remoteAddress
      ? ' A proxy has forwarded the request: if this is the address of your own page, list the proxy in trustedProxies.'
      : '';
  return `A page of the origin ${quote(headers.origin ?? '')} was refused; to accept it, add it to allowedOrigins of the endpoint.${proxy}`;
}

/** Compares scheme, host and port. Accepts both schemes when the scheme that the client used is not known. */
function isSameOrigin(origin: Origin, { host, scheme }: OriginFacts): boolean {
  if (host === undefined) return false;
  const own = parseOrigin(`${scheme === undefined ? origin.scheme : `${scheme}:`}//${host}`);
  return (
    own !== undefined &&
    own.scheme === origin.scheme &&
    own.host === origin.host &&
    own.port === origin.port
  );
}

function parseOrigin(text: string): Origin | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, port } = new URL(text);
  return {
    scheme: protocol,
    host: hostname,
    port: port === '' ? (defaultPorts[protocol] ?? '') : port,
  };
}

/** `scheme://host:port`. The host may contain `*`; the port is a number, `[a,b]` or `[*]`, and by default the one of the scheme. */
const originPattern =
  /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:]+\]|[^:[\]/]+)(?::(\d+|\[(?:\d+(?:,\d+)*|\*)\]))?\/?$/i;

function compileOrigin(pattern: string): (origin: Origin | undefined) => boolean {
  if (pattern === '*') return () => true;
  const [, scheme = '', written = '', ports] = originPattern.exec(pattern) ?? [];
  // Normalized as in the `Origin` header: lower case, names in punycode, IPv6 in its short form.
  const host = written.includes('*')
    ? written.toLowerCase()
    : parseOrigin(`${scheme}://${written}`)?.host;
  if (host === undefined) {
    throw new MessagingError(
      'option-invalid',
      `'${pattern}' in allowedOrigins is not an origin such as https://*.example.org:[443,8443].`,
    );
  }
  const protocol = `${scheme.toLowerCase()}:`;
  const pieces = host.split('*');
  const accepted =
    ports === '[*]'
      ? undefined
      : new Set((ports ?? defaultPorts[protocol] ?? '').replace(/[[\]]/g, '').split(','));
  return (origin) =>
    origin !== undefined &&
    origin.scheme === protocol &&
    (accepted === undefined || accepted.has(origin.port)) &&
    matchesPieces(origin.host, pieces);
}

/** True when the text begins with the first piece, ends with the last, and contains the others between them in order. */
function matchesPieces(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const piece of others) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= text.length - last.length;
}
