// The origin check: own origins, proxies, and lists.
import { describe, expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import { createOriginCheck, type OriginFacts } from '../../src/transport/origin.js';

const facts = (given: Partial<OriginFacts>): OriginFacts => ({
  origin: undefined,
  host: 'app.test:8080',
  forwardedHost: undefined,
  forwardedProto: undefined,
  remoteAddress: '10.0.0.9',
  ...given,
});

describe('without allowed origins', () => {
  const check = createOriginCheck({});

  it.each<[string, Partial<OriginFacts>, boolean]>([
    ['a client that is not a browser', {}, true],
    ['the same host and port', { origin: 'http://app.test:8080' }, true],
    ['the same in other case', { origin: 'HTTP://APP.test:8080' }, true],
    ['the default port, omitted', { origin: 'https://app.test', host: 'app.test:443' }, true],
    ['another port', { origin: 'http://app.test:9090' }, false],
    ['another host', { origin: 'http://evil.test:8080' }, false],
    ['a host with the same ending', { origin: 'http://evilapp.test:8080' }, false],
    ['the origin of a sandboxed frame', { origin: 'null' }, false],
    ['text that is not an origin', { origin: '://' }, false],
    ['an IPv6 address', { origin: 'http://[::1]:8080', host: '[::1]:8080' }, true],
    ['no Host header', { origin: 'http://app.test:8080', host: undefined }, false],
    [
      'a forwarded host from an untrusted address',
      { origin: 'https://public.test', forwardedHost: 'public.test', forwardedProto: 'https' },
      false,
    ],
  ])('%s', (_, given, allowed) => {
    expect(check(facts(given))).toBe(allowed);
  });
});

describe('behind a trusted proxy', () => {
  const check = createOriginCheck({ trustedProxies: ['10.0.0.9'] });

  it.each<[string, Partial<OriginFacts>, boolean]>([
    ['the forwarded host', { origin: 'https://public.test' }, true],
    ['the forwarded host with another scheme', { origin: 'http://public.test' }, false],
    ['the host behind the proxy', { origin: 'http://app.test:8080' }, false],
    [
      'an IPv4 address in IPv6 notation',
      { origin: 'https://public.test', remoteAddress: '::ffff:10.0.0.9' },
      true,
    ],
    ['the scheme wss', { origin: 'https://public.test', forwardedProto: 'wss' }, true],
    ['the scheme ws', { origin: 'https://public.test', forwardedProto: 'ws' }, false],
    [
      'a request from another address',
      { origin: 'https://public.test', remoteAddress: '10.0.0.8' },
      false,
    ],
  ])('%s', (_, given, allowed) => {
    const forwarded = { forwardedHost: 'public.test', forwardedProto: 'https' };
    expect(check(facts({ ...forwarded, ...given }))).toBe(allowed);
  });
});

describe('allowed origins', () => {
  it.each<[string, string, boolean]>([
    ['https://a.test', 'https://a.test', true],
    ['https://a.test/', 'https://a.test', true],
    ['https://a.test', 'https://a.test:443', true],
    ['https://a.test', 'http://a.test', false],
    ['https://a.test', 'https://a.test:444', false],
    ['https://*.ok.test:[8080,8081]', 'https://sub.ok.test:8081', true],
    ['https://*.ok.test:[8080,8081]', 'https://sub.ok.test:9090', false],
    ['https://*.ok.test', 'https://ok.test', false],
    ['https://*.ok.test', 'https://evil.test/.ok.test', false],
    ['https://a*b*c.test', 'https://a1b2c.test', true],
    ['https://a*b*c.test', 'https://ac.test', false],
    ['https://*:[*]', 'https://anything.test:1', true],
    ['http://[::1]:[*]', 'http://[::1]:5173', true],
    ['http://[0:0:0:0:0:0:0:1]', 'http://[::1]', true],
    ['https://bücher.test', 'https://xn--bcher-kva.test', true],
    ['https://A.test', 'https://a.test', true],
    ['*', 'null', true],
  ])('%s and %s: %s', (pattern, origin, allowed) => {
    expect(createOriginCheck({ allowed: [pattern] })(facts({ origin }))).toBe(allowed);
  });

  it('are added to the own origin', () => {
    const check = createOriginCheck({ allowed: ['https://a.test'] });
    expect(check(facts({ origin: 'http://app.test:8080' }))).toBe(true);
  });

  it.each([
    'a.test',
    'https://',
    'https://a.test:[',
    'https://a.test:x',
    'https://a.test/path',
    'https://a b.test',
    '',
  ])('reject %j when the check is created', (pattern) => {
    expect(() => createOriginCheck({ allowed: [pattern] })).toThrow(MessagingError);
  });

  it.each(['10.0.0.0/8', 'proxy.test', '10.0.0', ''])(
    'reject the proxy %j when the check is created',
    (proxy) => {
      expect(() => createOriginCheck({ trustedProxies: [proxy] })).toThrow(
        `'${proxy}' in trustedProxies is not an IP address`,
      );
    },
  );
});
