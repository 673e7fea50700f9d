// The destination resolver: every prefix has its kind of address.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DestinationResolver } from '../../src/broker/destination-resolver.js';
import type { Address } from '../../src/message/address.js';
import { MessagingError } from '../../src/message/error.js';
import { cases } from '../property.js';

const prefixes = { application: ['/app', '/api'], broker: ['/topic', '/queue'], user: '/user' };
const limits = { maxDestinationCharacters: 40, maxDestinationSegments: 4 };
const resolver = new DestinationResolver(prefixes, '/', limits);
const none: Address = { kind: 'none' };

describe('the address of a message', () => {
  it.each<[string, Address]>([
    ['/app/a/b', { kind: 'handler', lookup: '/a/b' }],
    ['/api/a', { kind: 'handler', lookup: '/a' }],
    ['/topic/x', { kind: 'broker', destination: '/topic/x' }],
    ['/queue/x', { kind: 'broker', destination: '/queue/x' }],
    ['/user/ann/queue/x', { kind: 'user', user: 'ann', queue: '/queue/x' }],
    ['/user/a%2Fb/queue/x', { kind: 'user', user: 'a/b', queue: '/queue/x' }],
    ['/user/a%252Fb/queue/x', { kind: 'user', user: 'a%2Fb', queue: '/queue/x' }],
    ['/user/50%25/queue/x', { kind: 'user', user: '50%', queue: '/queue/x' }],
    ['/user/a%2fb/queue/x', { kind: 'user', user: 'a/b', queue: '/queue/x' }],
    ['/user/a%40b/queue/x', { kind: 'user', user: 'a@b', queue: '/queue/x' }],
    ['/user/a@b:c/queue/x', { kind: 'user', user: 'a@b:c', queue: '/queue/x' }],
    ['/user/%C3%bc%20b/queue/x', { kind: 'user', user: 'ü b', queue: '/queue/x' }],
    ['/user/a%2540b/queue/x', { kind: 'user', user: 'a%40b', queue: '/queue/x' }],
    ['/user/ann/queue/a%20b', { kind: 'user', user: 'ann', queue: '/queue/a%20b' }],
    ['/temp-queue/x', { kind: 'session', session: 's1', queue: '/temp-queue/x' }],
    ['/reply-queue/x', { kind: 'reply', id: 'x' }],
    ['/topicx', none],
    ['/application/x', none],
    ['/app', none],
    ['/user', none],
    ['/users/queue/x', none],
    ['topic/x', none],
  ])('%s', (destination, address) => {
    expect(resolver.resolve(destination, 's1')).toEqual(address);
  });

  it('of the application cannot be a temporary queue, which belongs to a session', () => {
    expect(resolver.resolve('/temp-queue/x')).toEqual(none);
  });

  it('with dots has no slash before the lookup', () => {
    const dots = new DestinationResolver({ ...prefixes, application: ['/app'] }, '.', limits);
    expect(dots.resolve('/app/red.blue.green')).toEqual({
      kind: 'handler',
      lookup: 'red.blue.green',
    });
  });

  it.each(['/user/joe', '/user/joe/', '/user//queue/x'])('cannot be %s', (destination) => {
    expect(() => resolver.resolve(destination, 's1')).toThrow(
      'Expected /user/{user}/{destination}.',
    );
  });

  it.each(['50%', '%', '%2', '%zz', '%c3', '%c3%28', '%ff', '%ed%a0%80', '%C0%AF'])(
    'cannot name a user with the malformed escape %s',
    (user) => {
      expect(() => resolver.resolve(`/user/${user}/queue/x`, 's1')).toThrow(
        expect.objectContaining({ code: 'destination-invalid' }),
      );
    },
  );

  it('reaches a user of any name when the name is written by encodeURIComponent', () => {
    const name = fc
      .oneof(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: fc.constantFrom('%', '/', '2', '5', 'F', 'a', '?'), minLength: 1 }),
      )
      .filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(name, (user) => {
        const destination = `/user/${encodeURIComponent(user)}/queue/x`;
        expect(resolver.resolve(destination)).toEqual({ kind: 'user', user, queue: '/queue/x' });
      }),
      cases,
    );
  });

  it('cannot be a temporary queue of another session', () => {
    expect(() => resolver.resolve('/user/ann/temp-queue/x', 's1')).toThrow(
      new MessagingError('destination-refused'),
    );
  });
});

describe('the address of a subscription', () => {
  it('below the user prefix is a queue of the session, under its full name', () => {
    const address = resolver.resolveOwn('/user/queue/x', 's1');
    expect(address).toEqual({ kind: 'session', session: 's1', queue: '/queue/x' });
    expect(resolver.visibleQueue('/queue/x')).toBe('/user/queue/x');
  });

  it('below /temp-queue is a queue of the session, under its own name', () => {
    const queue = '/temp-queue/x';
    expect(resolver.resolveOwn(queue, 's1')).toEqual({ kind: 'session', session: 's1', queue });
    expect(resolver.visibleQueue(queue)).toBe(queue);
  });

  it.each(['/topic/x', '/app/x'])(
    'with another prefix is the address of a message: %s',
    (destination) => {
      expect(resolver.resolveOwn(destination, 's1')).toEqual(resolver.resolve(destination, 's1'));
    },
  );

  it.each([
    '/user/',
    '/user/queue/*',
    '/user/**',
    '/user/{x}',
    '/user/temp-queue/x',
    '/temp-queue/',
    '/temp-queue/?',
    '/temp-queue/temp-queue/x',
  ])('cannot be %s', (destination) => {
    expect(() => resolver.resolveOwn(destination, 's1')).toThrow(
      /A destination below \/\S+ names one queue, without wildcards\./,
    );
  });
});

describe('the destination of a client', () => {
  it.each([
    [
      `/topic/${'x'.repeat(34)}`,
      'A destination may have at most 40 characters (limits.maxDestinationCharacters).',
    ],
    [
      `/user/${'x'.repeat(35)}`,
      'A destination may have at most 40 characters (limits.maxDestinationCharacters).',
    ],
    [
      '/topic/a/b/c/d',
      'A destination may have at most 4 segments (limits.maxDestinationSegments).',
    ],
    [
      '/user/queue/a/b/c',
      'A destination may have at most 4 segments (limits.maxDestinationSegments).',
    ],
  ])('is limited: %s', (destination, problem) => {
    expect(() => resolver.resolveOwn(destination, 's1')).toThrow(problem);
    expect(() => resolver.resolve(destination, 's1')).toThrow(problem);
  });

  it('may reach the limits, and the application may exceed them', () => {
    const longest = `/topic/a/b/${'x'.repeat(29)}`;
    expect(resolver.resolve(longest, 's1')).toMatchObject({ kind: 'broker' });
    expect(resolver.resolve(`${longest}/c/d`)).toMatchObject({ kind: 'broker' });
    // Empty segments do not count.
    expect(resolver.resolve('/topic//a//b/c', 's1')).toMatchObject({ kind: 'broker' });
  });
});
