// The origin check: own origins, and lists.
import { describe, expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import { createOriginCheck, type OriginFacts } from '../../src/transport/origin.js';

const facts = (given: Partial<OriginFacts>): OriginFacts => ({
  origin: undefined,
  host: 'app.test:8080',
  scheme: undefined,
  ...given,
});

describe('without allowed origins', () => {
  const check = createOriginCheck({});

  it.each<[string, Partial<OriginFacts>, boolean]>([
    ['a client that is not a browser', {}, true],
    ['the same host and port', { origin: 'http://app.test:8080' }, true],
    ['the same in other case', { origin: 'HTTP://APP.test:8080' }, true],
    ['the default port, omitted', { origin: 'https://app.test', host: 'app.test:443' }, true],
    ['TLS that ends at a proxy without headers', { origin: 'https://app.test:8080' }, true],
    ['another port', { origin: 'http://app.test:9090' }, false],
    ['another host', { origin: 'http://evil.test:8080' }, false],
    ['a host with the same ending', { origin: 'http://evilapp.test:8080' }, false],
    ['the origin of a sandboxed frame', { origin: 'null' }, false],
    ['text that is not an origin', { origin: '://' }, false],
    ['an IPv6 address', { origin: 'http://[::1]:8080', host: '[::1]:8080' }, true],
    ['no Host header', { origin: 'http://app.test:8080', host: undefined }, false],
  ])('%s', (_, given, allowed) => {
    expect(check(facts(given))).toBe(allowed);
  });
});

describe('with the scheme of an encrypted connection, or of a proxy', () => {
  const check = createOriginCheck({});

  it.each<[string, Partial<OriginFacts>, boolean]>([
    ['the same scheme', { origin: 'https://public.test' }, true],
    ['another scheme', { origin: 'http://public.test' }, false],
    ['another scheme on the same port', { origin: 'http://public.test:443' }, false],
    ['a port', { origin: 'https://public.test:8443', host: 'public.test:8443' }, true],
    ['another port', { origin: 'https://public.test:8443' }, false],
  ])('%s', (_, given, allowed) => {
    expect(check(facts({ host: 'public.test', scheme: 'https', ...given }))).toBe(allowed);
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
});
