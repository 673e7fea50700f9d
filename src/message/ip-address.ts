// IP addresses in one spelling, so that the same address is the same text, and their networks.
import { isIP, SocketAddress } from 'node:net';

/**
 * The spelling of RFC 5952: lower case, the longest run of zeros as `::`, no zone. An IPv4 address inside of IPv6, as Node reports
 * clients of a socket for both versions, becomes plain IPv4. Text that is not an address is returned as it is.
 */
export function normalizeAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  const plain = new SocketAddress({ address, family: 'ipv6' }).address;
  return plain.replace(/^::ffff:(?=\d+\.)/, '');
}

/** The first 64 bits of an IPv6 address; other addresses and text as `normalizeAddress` returns them. */
export function networkOf(given: string): string {
  const address = normalizeAddress(given);
  if (isIP(address) !== 6) return address;
  const [front = '', back] = address.split('::');
  const groups = front === '' ? [] : front.split(':');
  const end = back === undefined || back === '' ? [] : back.split(':');
  while (back !== undefined && groups.length + end.length < 8) groups.push('0');
  return `${[...groups, ...end].slice(0, 4).join(':')}::/64`;
}
