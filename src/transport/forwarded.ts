// The client of a request behind trusted proxies: its address, scheme and host, from `X-Forwarded-*` or `Forwarded` (RFC 7239).
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { MessagingError } from '../message/error.js';
import { normalizeAddress } from '../message/ip-address.js';

/** Facts about the client that sent a request. */
export interface RequestClient {
  /** IP address; undefined when the socket has none. */
  readonly address: string | undefined;
  /** True when the client's own connection is encrypted. */
  readonly secure: boolean;
  /** Host and port that the client requested. */
  readonly host: string | undefined;
  /**
   * The scheme that the client used: as a trusted proxy has sent it, otherwise `https` on an encrypted connection. Undefined on others,
   * because a proxy that sends no headers may end TLS.
   */
  readonly scheme: 'http' | 'https' | undefined;
}

export type ClientReader = (request: IncomingMessage) => RequestClient;

/** The facts that one proxy has reported about the connection that it accepted. Malformed values are undefined. */
interface Hop {
  readonly address: string | undefined;
  readonly scheme: RequestClient['scheme'];
  readonly host: string | undefined;
  readonly port: string | undefined;
}

/** True when the address is that of a trusted proxy. Connections on a Unix socket have no address. */
export type TrustedProxies = (address: string | undefined) => boolean;

/**
 * Reads the client of a request. The headers are used only when the request comes from a trusted proxy. Each proxy appends the
 * address that it was called from, so the client is the last address that is not a trusted proxy: everything before it may have been
 * invented by the client.
 *
 * @param trustedProxies IP addresses, ranges such as `10.0.0.0/8`, and `unix`
 * @throws {MessagingError} `option-invalid` when a proxy is neither
 */
export function createClientReader(trustedProxies?: readonly string[]): ClientReader {
  const isTrusted = compileProxies(trustedProxies);
  return ({ headers, socket }) => {
    const { remoteAddress } = socket;
    // The socket of HTTP/2 has the property on plain connections, too.
    const secure = 'encrypted' in socket && socket.encrypted === true;
    const direct: RequestClient = {
      address: remoteAddress,
      secure,
      host: hostOf(headers),
      scheme: secure ? 'https' : undefined,
    };
    if (!isTrusted(remoteAddress)) return direct;
    return throughProxies(direct, hopsOf(headers), isTrusted);
  };
}

/** True when a proxy has added a header about its client, which the server uses only with `trustedProxies`. */
export function isForwarded(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some(
    (name) => name === 'forwarded' || name.startsWith('x-forwarded-'),
  );
}

/** Host and port that a request names. HTTP/2 clients send `:authority` instead of `Host`. */
export function hostOf(headers: IncomingHttpHeaders): string | undefined {
  const authority = headers[':authority'];
  return headers.host ?? (typeof authority === 'string' ? authority : undefined);
}

/** Follows the hops from the last one on, as long as their addresses are trusted proxies. */
function throughProxies(
  direct: RequestClient,
  hops: readonly Hop[],
  isTrusted: TrustedProxies,
): RequestClient {
  let { address } = direct;
  let used: Hop | undefined;
  for (const hop of hops.toReversed()) {
    used = hop;
    // Without an address, the last known proxy counts as the client.
    if (hop.address === undefined) break;
    address = hop.address;
    if (!isTrusted(hop.address)) break;
  }
  if (used === undefined) return direct;
  const { scheme, port } = used;
  const host = used.host ?? direct.host;
  return {
    address,
    secure: scheme === undefined ? direct.secure : scheme === 'https',
    host: host === undefined || port === undefined ? host : `${withoutPort(host)}:${port}`,
    scheme: scheme ?? direct.scheme,
  };
}

/**
 * The hops that the headers describe, the one nearest to the client first. `Forwarded` is read only without `X-Forwarded-*`: most
 * proxies set the latter, and pass on a `Forwarded` header that the client has sent.
 */
function hopsOf(headers: IncomingHttpHeaders): readonly Hop[] {
  const addresses = listOf(headers['x-forwarded-for']);
  const schemes = listOf(headers['x-forwarded-proto']);
  const hosts = listOf(headers['x-forwarded-host']);
  const ports = listOf(headers['x-forwarded-port']);
  const count = Math.max(addresses.length, Math.sign(schemes.length + hosts.length + ports.length));
  if (count === 0) return parseForwarded(listOf(headers.forwarded).join(','));
  return Array.from({ length: count }, (_, i) => {
    // Some proxies replace a header instead of adding to it, so lists may have different lengths: they end at the same hop.
    const valueOf = (list: readonly string[]) => list.at(Math.max(i - count, -list.length));
    return {
      address: addressOf(valueOf(addresses)),
      scheme: schemeOf(valueOf(schemes)),
      host: forwardedHost(valueOf(hosts)),
      port: portOf(valueOf(ports)),
    };
  });
}

/** The items of a header that is a list. */
function listOf(header: string | readonly string[] | undefined): readonly string[] {
  if (header === undefined) return [];
  return (typeof header === 'string' ? header : header.join(','))
    .split(',')
    .map((item) => item.trim());
}

/** `name=value`, `name="value"` or nothing, with the separator behind it. Values with a colon should be quoted, but often are not. */
const forwardedPair = /[\t ]*(?:([\w-]+)=(?:([^\s",;]+)|"((?:[^"\\]|\\.)*)")[\t ]*)?(,|;|$)/y;

/**
 * The hops of a `Forwarded` header; none when it is malformed, because with a wrong quote the values of a proxy cannot be found.
 */
function parseForwarded(header: string): readonly Hop[] {
  const hops: Hop[] = [];
  let pairs = new Map<string, string>();
  let separator: string | undefined;
  forwardedPair.lastIndex = 0;
  do {
    const match = forwardedPair.exec(header);
    if (match === null) return [];
    const [, name, token, quoted = ''] = match;
    separator = match[4];
    if (name !== undefined) pairs.set(name.toLowerCase(), token ?? quoted.replace(/\\(.)/g, '$1'));
    if (separator === ';' || pairs.size === 0) continue;
    hops.push({
      address: addressOf(pairs.get('for')),
      scheme: schemeOf(pairs.get('proto')),
      host: forwardedHost(pairs.get('host')),
      port: undefined,
    });
    pairs = new Map();
  } while (separator !== '');
  return hops;
}

/** An IP address with an optional port, which RFC 7239 also allows to be hidden: `192.0.2.1:80`, `[2001:db8::1]:_p`. */
const nodeWithPort = /^(?:\[([^\]]+)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/;

/** The IP address of a node; undefined for a hidden node such as `unknown`, and for malformed text. */
function addressOf(node = ''): string | undefined {
  const [, v6, v4] = nodeWithPort.exec(node) ?? [];
  const address = v6 ?? v4 ?? node;
  return isIP(address) === 0 ? undefined : normalizeAddress(address);
}

/** Some proxies send `wss` for an upgrade, while the origin of the page is `https`. */
function schemeOf(text = ''): RequestClient['scheme'] {
  if (/^(?:http|ws)$/i.test(text)) return 'http';
  return /^(?:https|wss)$/i.test(text) ? 'https' : undefined;
}

function forwardedHost(text = ''): string | undefined {
  return /^(?:\[[\da-f:.]+\]|[^\s:/?#@[\]\\]+)(?::\d{1,5})?$/i.test(text) ? text : undefined;
}

function portOf(text = ''): string | undefined {
  return /^\d{1,5}$/.test(text) ? text : undefined;
}

function withoutPort(host: string): string {
  return host.replace(/:\d*$/, '');
}

/** An address or a range in CIDR notation. */
const proxyEntry = /^([^/]+)(?:\/(\d{1,3}))?$/;

/** The entry for the processes that connect by a Unix socket, which have no address. */
const unixEntry = 'unix';

/** @throws {MessagingError} `option-invalid` for a host name, which would never equal the address of a socket */
export function compileProxies(entries: readonly string[] = []): TrustedProxies {
  const proxies = new BlockList();
  for (const entry of entries) {
    if (entry === unixEntry) continue;
    const [, given = '', bits] = proxyEntry.exec(entry) ?? [];
    const address = normalizeAddress(given);
    const longest = bitsOf(address);
    // The bits of an IPv4 range that is written inside of IPv6 include those in front of it.
    const prefix = bits === undefined ? longest : Number(bits) - (bitsOf(given) - longest);
    if (isIP(given) === 0 || prefix < 0 || prefix > longest) {
      throw new MessagingError(
        'option-invalid',
        `'${entry}' in trustedProxies is neither an IP address nor a range; write it as 10.0.0.9, ::1, 10.0.0.0/8 or 2001:db8::/32, or 'unix' for a proxy on a Unix socket.`,
      );
    }
    proxies.addSubnet(address, prefix, familyOf(address));
  }
  const trustsUnix = entries.includes(unixEntry);
  return (given) => {
    if (given === undefined) return trustsUnix;
    const address = normalizeAddress(given);
    return proxies.check(address, familyOf(address));
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

function bitsOf(address: string): number {
  return isIP(address) === 4 ? 32 : 128;
}
