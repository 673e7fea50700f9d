// Checks the origin of a handshake: pages of the server's own origin and of listed origins may connect.
import { MessagingError } from '../message/error.js';

export interface OriginOptions {
  /**
   * Origins that may connect besides the server's own, exact or as patterns: `https://*.example.org:[443,8443]`,
   * `https://*:[*]`, `*`.
   * @default []
   */
  readonly allowed?: readonly string[] | undefined;
  /**
   * IP addresses of proxies whose `X-Forwarded-Host` and `X-Forwarded-Proto` are used.
   * @default []
   */
  readonly trustedProxies?: readonly string[] | undefined;
}

/** The parts of a request that the check uses. */
export interface OriginFacts {
  /** The `Origin` header; undefined for clients that are not browsers. */
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

/** @throws {MessagingError} `option-invalid` when a pattern is not an origin, or a proxy is not an IP address */
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

/** Compares host and port with `Host`. Compares the scheme only behind a trusted proxy, which sends the scheme that the client used. */
function isSameOrigin(origin: Origin, facts: OriginFacts, proxies: ReadonlySet<string>): boolean {
  const forwarded =
    facts.remoteAddress !== undefined && proxies.has(plainAddress(facts.remoteAddress));
  const host = (forwarded ? facts.forwardedHost : undefined) ?? facts.host;
  if (host === undefined) return false;
  // Some proxies send `wss` for an upgrade, while the origin of the page is `https`.
  const forwardedScheme = forwarded ? facts.forwardedProto?.replace(/^ws/i, 'http') : undefined;
  const scheme = forwardedScheme === undefined ? origin.scheme : `${forwardedScheme}:`;
  const own = parseOrigin(`${scheme}//${host}`);
  return (
    own !== undefined &&
    own.scheme === origin.scheme &&
    own.host === origin.host &&
    own.port === origin.port
  );
}

/** Rejects host names and ranges, which would never equal the address of a socket. */
function checkedAddress(address: string): string {
  if (!/^(?:\d+(?:\.\d+){3}|[\da-f:.]*:[\da-f:.]*)$/i.test(address)) {
    throw new MessagingError(
      'option-invalid',
      `'${address}' in trustedProxies is not an IP address such as 10.0.0.9 or ::1.`,
    );
  }
  return plainAddress(address);
}

/** Removes the prefix of IPv4 addresses on sockets that listen to both IPv4 and IPv6. */
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
