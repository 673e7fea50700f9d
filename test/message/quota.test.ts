// Shared limits: the amount for one account, and the amount for all accounts together.
import { describe, expect, it } from 'vitest';
import { accountOf, Quota } from '../../src/message/quota.js';

describe('an account', () => {
  it('is the user with all its sessions, from any address', () => {
    expect(accountOf({ name: 'ann' }, '10.0.0.1')).toBe(accountOf({ name: 'ann' }, '10.0.0.2'));
  });

  it('is the address of an anonymous client, and never a user of this name', () => {
    expect(accountOf(undefined, '10.0.0.1')).not.toBe(accountOf(undefined, '10.0.0.2'));
    expect(accountOf(undefined, '10.0.0.1')).not.toBe(accountOf({ name: '10.0.0.1' }, undefined));
  });

  it.each([
    ['10.0.0.1', 'address 10.0.0.1'],
    ['::ffff:10.0.0.1', 'address 10.0.0.1'],
    ['::FFFF:a00:1', 'address 10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', 'address 2001:db8:1:2::/64'],
    ['2001:0DB8:0001:2::6', 'address 2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', 'address 2001:db8:1:2::/64'],
    ['2001:db8::6', 'address 2001:db8:0:0::/64'],
    ['2001:db8:1:2:3::', 'address 2001:db8:1:2::/64'],
    ['::1', 'address 0:0:0:0::/64'],
    ['0:0:0:0:0:0:0:1', 'address 0:0:0:0::/64'],
    ['fe80::1%eth0', 'address fe80:0:0:0::/64'],
    ['unix:/run/app', 'address unix:/run/app'],
    [undefined, 'address '],
  ])('of the address %s is named %s', (address, name) => {
    expect(accountOf(undefined, address)).toBe(name);
  });
});

describe('a quota', () => {
  it('gives one account its share, and all together the limit', () => {
    const quota = new Quota(10, 4);
    expect(quota.share).toBe(2);
    expect(quota.excess('ann', 2)).toBeUndefined();
    expect(quota.excess('ann', 3)).toBe('share');
    for (const account of ['ann', 'bob', 'cid', 'dan', 'eve']) quota.add(account, 2);
    expect(quota.excess('fay', 1)).toBe('limit');
  });

  it('limits the application only by the whole limit', () => {
    const quota = new Quota(10, 4);
    expect(quota.excess(undefined, 10)).toBeUndefined();
    quota.add(undefined, 10);
    expect(quota.excess('ann', 1)).toBe('limit');
  });

  it('has a share of at least 1', () => {
    expect(new Quota(2, 8).share).toBe(1);
  });

  it('removes an account that uses nothing', () => {
    const quota = new Quota(10, 1);
    quota.add('ann', 3);
    quota.add('bob', 2);
    quota.add('ann', -3);
    expect([quota.usedBy('ann'), quota.largest(), quota.accounts]).toEqual([0, 'bob', 1]);
    expect(quota.isWithinEqualPart('bob', 8)).toBe(true);
    quota.add('bob', -2);
    expect([quota.largest(), quota.accounts, quota.used]).toEqual([undefined, 0, 0]);
  });

  it('names the account that uses most', () => {
    const quota = new Quota(10, 1);
    expect(quota.largest()).toBeUndefined();
    quota.add('ann', 1);
    quota.add('bob', 3);
    quota.add('cid', 2);
    expect(quota.largest()).toBe('bob');
  });
});
