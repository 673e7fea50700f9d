// The client of a request behind trusted proxies: address, scheme and host.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createClientReader } from '../../src/transport/forwarded.js';

interface GivenRequest {
  readonly remoteAddress?: string | undefined;
  readonly headers?: IncomingHttpHeaders;
  readonly encrypted?: boolean;
}

/** The client of a request that comes from a trusted proxy, 10.0.0.9; 10.0.0.8 and ::1 are trusted as well. */
function clientOf(
  { remoteAddress = '10.0.0.9', headers = {}, encrypted = false }: GivenRequest,
  trusted = ['10.0.0.8', '10.0.0.9', '::1'],
) {
  const socket = encrypted ? { remoteAddress, encrypted } : { remoteAddress };
  const request = { headers: { host: 'app.test:8080', ...headers }, socket };
  return createClientReader(trusted)(request as IncomingMessage);
}

const direct = { address: '10.0.0.9', host: 'app.test:8080', scheme: undefined, secure: false };
const everything = {
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'public.test',
  forwarded: 'for=203.0.113.8;proto=https;host=public.test',
};

describe('a request from an address that is not trusted', () => {
  it.each([
    ['without proxies', '203.0.113.1', []],
    ['with other proxies', '203.0.113.1', ['10.0.0.9']],
    ['from a part of the address', '10.0.0.99', ['10.0.0.9']],
  ])('is not changed by headers: %s', (_, remoteAddress, trusted) => {
    const client = clientOf({ remoteAddress, headers: everything }, trusted);
    expect(client).toEqual({ ...direct, address: remoteAddress });
  });

  it('is secure when its socket is encrypted', () => {
    expect(clientOf({ encrypted: true }, [])).toMatchObject({ secure: true, scheme: 'https' });
  });

  it('is not secure on a plain connection of HTTP/2, whose socket has the property, too', () => {
    const socket = { remoteAddress: '10.0.0.9', encrypted: false };
    const request = { headers: {}, socket } as unknown as IncomingMessage;
    expect(createClientReader()(request)).toMatchObject({ secure: false, scheme: undefined });
  });

  it('has no address when its socket has none', () => {
    const socket = { remoteAddress: undefined };
    const request = { headers: everything, socket } as unknown as IncomingMessage;
    expect(createClientReader(['10.0.0.9'])(request).address).toBeUndefined();
  });
});

describe('a trusted proxy', () => {
  it.each([
    ['10.0.0.9', '10.0.0.9'],
    ['::ffff:10.0.0.9', '10.0.0.9'],
    ['::FFFF:10.0.0.9', '10.0.0.9'],
    ['10.0.0.9', '::ffff:10.0.0.9'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::1', '0000:0000:0000:0000:0000:0000:0000:0001'],
    ['2001:db8::a', '2001:DB8::A'],
    ['fe80::1%eth0', 'fe80::1'],
    ['fe80::1', 'fe80::1%eth0'],
    ['10.200.0.1', '10.0.0.0/8'],
    ['::ffff:10.200.0.1', '10.0.0.0/8'],
    ['10.200.0.1', '10.1.2.3/8'],
    ['10.200.0.1', '::ffff:10.0.0.0/104'],
    ['2001:db8:ffff::1', '2001:db8::/32'],
    ['10.0.0.9', '10.0.0.9/32'],
    ['10.0.0.9', '0.0.0.0/0'],
  ])('with the address %s is found in the list as %s', (remoteAddress, trusted) => {
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    expect(clientOf({ remoteAddress, headers }, [trusted]).address).toBe('203.0.113.7');
  });

  it("on a Unix socket, which has no address, is trusted only with the entry 'unix'", () => {
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    const read = (trusted: string[]) =>
      createClientReader(trusted)({ headers, socket: {} } as unknown as IncomingMessage).address;
    expect(read(['10.0.0.9', 'unix'])).toBe('203.0.113.7');
    expect(read(['0.0.0.0/0', '::/0'])).toBeUndefined();
    expect(clientOf({ headers }, ['unix']).address).toBe('10.0.0.9');
  });

  it('that sends no headers is itself the client', () => {
    expect(clientOf({})).toEqual(direct);
  });

  it.each([
    ['10.200.0.1', '10.0.0.0/9'],
    ['11.0.0.1', '10.0.0.0/8'],
    ['11.0.0.1', '::ffff:10.0.0.0/104'],
    ['2001:db9::1', '2001:db8::/32'],
    ['::1', '0.0.0.0/0'],
  ])('with the address %s is not in %s', (remoteAddress, trusted) => {
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    expect(clientOf({ remoteAddress, headers }, [trusted]).address).toBe(remoteAddress);
  });

  it.each([
    'proxy.test',
    '10.0.0',
    '',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/255.0.0.0',
    '2001:db8::/129',
    '::ffff:10.0.0.0/90',
    '10.0.*',
  ])('cannot be %j', (proxy) => {
    expect(() => createClientReader([proxy])).toThrow(
      `'${proxy}' in trustedProxies is neither an IP address nor a range; write it as 10.0.0.9, ::1, 10.0.0.0/8 or 2001:db8::/32, or 'unix' for a proxy on a Unix socket.`,
    );
  });
});

describe('the address', () => {
  it.each([
    ['of an IPv4 client', '203.0.113.7', '203.0.113.7'],
    ['without the port', '203.0.113.7:5000', '203.0.113.7'],
    ['of an IPv6 client', '2001:db8::7', '2001:db8::7'],
    ['in brackets', '[2001:db8::7]', '2001:db8::7'],
    ['of an IPv6 client in another spelling', '2001:0DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['of an IPv4 client inside of IPv6', '::FFFF:203.0.113.7', '203.0.113.7'],
    ['of an IPv6 client with a zone', 'fe80::7%eth0', 'fe80::7'],
    ['in brackets, with a port', '[2001:db8::7]:5000', '2001:db8::7'],
    ['that the nearest proxy has added', '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['in front of several proxies', '198.51.100.1, 203.0.113.7, 10.0.0.8', '203.0.113.7'],
    ['in front of a proxy with IPv6', '203.0.113.7,[::1]:80', '203.0.113.7'],
    ['when all addresses are proxies', '10.0.0.8, 10.0.0.9', '10.0.0.8'],
    ['when it is unknown', 'unknown', '10.0.0.9'],
    ['when it is malformed', '203.0.113.7, 999.1.1.1', '10.0.0.9'],
    ['when a proxy does not know it', '203.0.113.7, unknown, 10.0.0.8', '10.0.0.8'],
    ['when it is empty', '', '10.0.0.9'],
    ['when it is a name', 'client.test', '10.0.0.9'],
  ])('is read from X-Forwarded-For: %s', (_, value, address) => {
    expect(clientOf({ headers: { 'x-forwarded-for': value } }).address).toBe(address);
  });

  it.each([
    ['of an IPv4 client', 'for=203.0.113.7', '203.0.113.7'],
    ['in other case', 'For=203.0.113.7;Proto=http', '203.0.113.7'],
    ['with a port', 'for="203.0.113.7:5000"', '203.0.113.7'],
    ['with a port, without quotes', 'for=203.0.113.7:5000', '203.0.113.7'],
    ['of an IPv6 client', 'for="[2001:db8::7]"', '2001:db8::7'],
    ['of an IPv6 client with a hidden port', 'for="[2001:db8::7]:_p1"', '2001:db8::7'],
    ['with escapes', String.raw`for="203\.0.113.7"`, '203.0.113.7'],
    ['that the nearest proxy has added', 'for=198.51.100.1, for=203.0.113.7', '203.0.113.7'],
    ['in front of several proxies', 'for=203.0.113.7;by=10.0.0.8, for=10.0.0.8', '203.0.113.7'],
    ['behind a quoted comma', 'for="_a, for=198.51.100.1", for=203.0.113.7', '203.0.113.7'],
    ['when it is unknown', 'for=203.0.113.7, for=unknown', '10.0.0.9'],
    ['when it is hidden', 'for=203.0.113.7, for=_hidden', '10.0.0.9'],
    ['when there is none', 'proto=https', '10.0.0.9'],
    ['when a quote is not closed', 'for=203.0.113.7, for="198.51.100.1', '10.0.0.9'],
    ['when it is malformed', 'for=203.0.113.7;proto', '10.0.0.9'],
    ['with empty pairs and elements', ';for=203.0.113.6,, for=203.0.113.7 ; ;', '203.0.113.7'],
    ['when it is empty', ' ; , ', '10.0.0.9'],
  ])('is read from Forwarded: %s', (_, forwarded, address) => {
    expect(clientOf({ headers: { forwarded } }).address).toBe(address);
  });

  it('is not read from Forwarded if there is an X-Forwarded header, because clients may have sent it', () => {
    const headers = { forwarded: 'for=198.51.100.1;proto=http', 'x-forwarded-proto': 'https' };
    expect(clientOf({ headers })).toMatchObject({ address: '10.0.0.9', scheme: 'https' });
  });
});

describe('the scheme', () => {
  it.each([
    ['https', 'https', true],
    ['HTTPS', 'https', true],
    ['wss', 'https', true],
    ['http', 'http', false],
    ['ws', 'http', false],
    ['ftp', undefined, false],
    ['', undefined, false],
  ])('is read from %j', (value, scheme, secure) => {
    const expected = { scheme, secure };
    expect(clientOf({ headers: { 'x-forwarded-proto': value } })).toMatchObject(expected);
    expect(clientOf({ headers: { forwarded: `for=203.0.113.7;proto="${value}"` } })).toMatchObject(
      expected,
    );
  });

  it('of the client replaces the one between proxy and server', () => {
    const headers = { 'x-forwarded-proto': 'http' };
    const client = clientOf({ encrypted: true, headers });
    expect(client).toMatchObject({ secure: false, scheme: 'http' });
    expect(clientOf({ encrypted: true })).toMatchObject({ secure: true, scheme: 'https' });
  });

  it('is the one between proxy and server when the proxy sends none', () => {
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    expect(clientOf({ encrypted: true, headers }).scheme).toBe('https');
    expect(clientOf({ headers }).scheme).toBeUndefined();
  });

  it.each([
    ['by the only proxy', { for: '198.51.100.1, 203.0.113.7', proto: 'http, https' }, 'https'],
    ['by the outer proxy', { for: '203.0.113.7, 10.0.0.8', proto: 'https, http' }, 'https'],
    ['once for all proxies', { for: '203.0.113.7, 10.0.0.8', proto: 'https' }, 'https'],
    ['without addresses', { proto: 'http, https' }, 'https'],
  ])('is the one that was added %s', (_, { for: addresses, proto }: Added, scheme) => {
    const headers = {
      ...(addresses === undefined ? {} : { 'x-forwarded-for': addresses }),
      'x-forwarded-proto': proto,
    };
    expect(clientOf({ headers }).scheme).toBe(scheme);
  });

  it('is the one of the element that names the client in Forwarded', () => {
    const forwarded =
      'for=198.51.100.1;proto=http, for=203.0.113.7;proto=https, for=10.0.0.8;proto=http';
    expect(clientOf({ headers: { forwarded } })).toMatchObject({
      address: '203.0.113.7',
      scheme: 'https',
    });
  });
});

interface Added {
  readonly for?: string;
  readonly proto: string;
}

describe('the host', () => {
  it.each([
    ['X-Forwarded-Host', { host: 'public.test' }, 'public.test'],
    ['its port', { host: 'public.test:8443' }, 'public.test:8443'],
    ['X-Forwarded-Port', { host: 'public.test', port: '8443' }, 'public.test:8443'],
    ['X-Forwarded-Port alone', { port: '8443' }, 'app.test:8443'],
    ['both ports', { host: 'public.test:80', port: '8443' }, 'public.test:8443'],
    ['an IPv6 host', { host: '[2001:db8::1]', port: '8443' }, '[2001:db8::1]:8443'],
    ['the last proxy', { host: 'evil.test, public.test' }, 'public.test'],
    ['a malformed host', { host: 'public.test/path' }, 'app.test:8080'],
    ['a host with a user', { host: 'a@public.test' }, 'app.test:8080'],
    ['a malformed port', { host: 'public.test', port: 'https' }, 'public.test'],
  ])('is read from %s', (_, given: { readonly host?: string; readonly port?: string }, host) => {
    const headers = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [`x-forwarded-${name}`, value]),
    );
    expect(clientOf({ headers }).host).toBe(host);
  });

  it('is read from Forwarded', () => {
    const forwarded = 'for=203.0.113.7;host="public.test:8443"';
    expect(clientOf({ headers: { forwarded } }).host).toBe('public.test:8443');
  });
});
