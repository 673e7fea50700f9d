// Prefixes: whose a destination is.
import { describe, expect, it } from 'vitest';
import { ReplyAddresses } from '../../src/broker/reply-address.js';
import { UserDestinations } from '../../src/broker/user-destination.js';
import { Prefixes } from '../../src/server/prefix.js';

const users = new UserDestinations('/user');
const replies = new ReplyAddresses(() => 'x', 8);

describe('prefixes', () => {
  const slashes = new Prefixes(['/app', '/api'], ['/topic', '/queue'], users, replies, '/');

  it.each([
    ['/app/a/b', { kind: 'application', lookup: '/a/b' }],
    ['/api/a', { kind: 'application', lookup: '/a' }],
    ['/topic/x', { kind: 'broker' }],
    ['/queue/x', { kind: 'broker' }],
    ['/user/queue/x', { kind: 'user' }],
    ['/temp-queue/x', { kind: 'temporary' }],
    ['/reply-queue/x', { kind: 'reply' }],
    ['/topicx', { kind: 'nobody' }],
    ['/application/x', { kind: 'nobody' }],
    ['/app', { kind: 'nobody' }],
    ['topic/x', { kind: 'nobody' }],
  ])('%s', (destination, owner) => {
    expect(slashes.owner(destination)).toEqual(owner);
  });

  it('leave no slash before a lookup with dots', () => {
    const dots = new Prefixes(['/app'], ['/topic'], users, replies, '.');
    expect(dots.owner('/app/red.blue.green')).toEqual({
      kind: 'application',
      lookup: 'red.blue.green',
    });
  });
});
