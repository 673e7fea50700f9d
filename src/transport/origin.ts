// Which pages may connect: those of the server's own origin, and those that an endpoint lists.
import { MessagingError } from '../message/error.js';

export interface OriginOptions {
  /** Origins beside the server's own, exact or as patterns (`https://*.example.org:[443,8443]`, `https://*:[*]`, `*`). Default: none. */
  readonly allowed?: readonly string[] | undefined;
  /** Addresses whose `X-Forwarded-Host` and `X-Forwarded-Proto` are believed. Default: none. */
  readonly trustedProxies?: readonly string[] | undefined;
}

/** What an origin is judged by. */
export interface OriginFacts {
  /** Of the `Origin` header; clients that are no browsers send none. */
  readonly origin: string | undefined;
  readonly host: string | undefined;
  readonly forwardedHost: string | undefined;
  readonly forwardedProto: string | undefined;
  readonly remoteAddress: string | undefined;
}

export type OriginCheck = (facts: OriginFacts) => boolean;

interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** @throws `option-invalid` for a pattern that is no origin, and for a proxy that is no address */
export function createOriginCheck({
  allowed = [],
  trustedProxies = [],
}: OriginOptions): OriginCheck {
  const proxies = new Set(trustedProxies.map(checkedAddress));
  const matchers = allowed.map(compileOrigin);
  return (facts) => {
    if (facts.origin === undefined) return true;
    const origin = parseOrigin(facts.origin);
    if (matchers.some((matches) => matches(origin))) return true;
    return origin !== undefined && isSameOrigin(origin, facts, proxies);
  };
}

/** Host and port are compared with `Host`; the scheme only where a proxy that is believed tells what the client used. */
function isSameOrigin(origin: Origin, facts: OriginFacts, proxies: ReadonlySet<string>): boolean {
  const forwarded =
    facts.remoteAddress !== undefined && proxies.has(plainAddress(facts.remoteAddress));
  const host = (forwarded ? facts.forwardedHost : undefined) ?? facts.host;
  if (host === undefined) return false;
  // Of an upgrade some proxies say `wss`, where pages say `https`.
  const told = forwarded ? facts.forwardedProto?.replace(/^ws/i, 'http') : undefined;
  const scheme = told === undefined ? origin.scheme : `${told}:`;
  const own = parseOrigin(`${scheme}//${host}`);
  return (
    own !== undefined &&
    own.scheme === origin.scheme &&
    own.host === origin.host &&
    own.port === origin.port
  );
}

/** Names and ranges would never match the address of a socket. */
function checkedAddress(address: string): string {
  if (!/^(?:\d+(?:\.\d+){3}|[\da-f:.]*:[\da-f:.]*)$/i.test(address)) {
    throw new MessagingError(
      'option-invalid',
      `'${address}' in trustedProxies is no address, as 10.0.0.9 and ::1 are.`,
    );
  }
  return plainAddress(address);
}

/** IPv4 without the prefix that a socket listening to both IPv4 and IPv6 gives it. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
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

/** `scheme://host`, where the host may hold stars, and a port, `[a,b]` or `[*]`; without one, the scheme's own. */
const shape =
  /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:]+\]|[^:[\]/]+)(?::(\d+|\[(?:\d+(?:,\d+)*|\*)\]))?\/?$/i;

function compileOrigin(pattern: string): (origin: Origin | undefined) => boolean {
  if (pattern === '*') return () => true;
  const [, scheme = '', written = '', ports] = shape.exec(pattern) ?? [];
  // As origins are written: in lower case, names in punycode, IPv6 in its short form.
  const host = written.includes('*')
    ? written.toLowerCase()
    : parseOrigin(`${scheme}://${written}`)?.host;
  if (host === undefined) {
    throw new MessagingError(
      'option-invalid',
      `'${pattern}' in allowedOrigins is no origin, as https://*.example.org:[443,8443] is.`,
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

/** The first piece begins the text, the last ends it, and the others stand between them in their order. */
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
