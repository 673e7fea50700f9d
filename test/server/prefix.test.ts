// Prefixes: whose a destination is.
import { describe, expect, it } from 'vitest';
import { UserDestinations } from '../../src/broker/user-destination.js';
import { Prefixes } from '../../src/server/prefix.js';

const users = new UserDestinations('/user');

describe('prefixes', () => {
  const slashes = new Prefixes(['/app', '/api'], ['/topic', '/queue'], users, '/');

  it.each([
    ['/app/a/b', { kind: 'application', lookup: '/a/b' }],
    ['/api/a', { kind: 'application', lookup: '/a' }],
    ['/topic/x', { kind: 'broker' }],
    ['/queue/x', { kind: 'broker' }],
    ['/user/queue/x', { kind: 'user' }],
    ['/topicx', { kind: 'nobody' }],
    ['/application/x', { kind: 'nobody' }],
    ['/app', { kind: 'nobody' }],
    ['topic/x', { kind: 'nobody' }],
  ])('%s', (destination, owner) => {
    expect(slashes.owner(destination)).toEqual(owner);
  });

  it('leave no slash before a lookup with dots', () => {
    const dots = new Prefixes(['/app'], ['/topic'], users, '.');
    expect(dots.owner('/app/red.blue.green')).toEqual({
      kind: 'application',
      lookup: 'red.blue.green',
    });
  });
});
