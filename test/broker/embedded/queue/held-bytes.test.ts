// The bytes of messages that several queues hold.
import { expect, it } from 'vitest';
import { SharedBytes } from '../../../../src/broker/embedded/queue/held-bytes.js';
import { Quota } from '../../../../src/message/quota.js';
import { publication } from '../started-broker.js';

function shared(limit: number, shares = 1) {
  const quota = new Quota(limit, shares);
  return { quota, bytes: new SharedBytes(quota) };
}

it('a message counts once for an account, with an entry for each further queue', () => {
  const { quota, bytes } = shared(10_000);
  const news = publication('/topic/news');
  for (let queue = 0; queue < 3; queue++) bytes.hold('ann', 1000, news);
  expect([quota.usedBy('ann'), quota.used]).toEqual([1000 + 2 * 128, 1000 + 2 * 128]);
  for (let queue = 0; queue < 2; queue++) bytes.release('ann', 1000, news);
  expect(quota.usedBy('ann')).toBe(1000);
  bytes.release('ann', 1000, news);
  expect([quota.usedBy('ann'), quota.used]).toEqual([0, 0]);
});

it('a message of several accounts counts for each of them, and once for the limit', () => {
  const { quota, bytes } = shared(10_000);
  const news = publication('/topic/news');
  bytes.hold('ann', 1000, news);
  bytes.hold('bob', 1000, news);
  expect([quota.usedBy('ann'), quota.usedBy('bob'), quota.used]).toEqual([1000, 1000, 1128]);
  bytes.release('ann', 1000, news);
  expect([quota.usedBy('ann'), quota.used]).toEqual([0, 1000]);
  bytes.release('bob', 1000, news);
  expect(quota.used).toBe(0);
});

it('an account with less than an equal part can hold a message when the limit is reached', () => {
  const { bytes } = shared(2000, 2);
  bytes.hold('ann', 1000, publication('/topic/a'));
  bytes.hold('bob', 1000, publication('/topic/b'));
  expect(bytes.excess('cid', 600, publication('/topic/c'))).toBeUndefined();
  expect(bytes.excess('cid', 700, publication('/topic/c'))).toBe('limit');
  expect(bytes.excess('cid', 1001, publication('/topic/c'))).toBe('share');
  expect(bytes.excess('ann', 1, publication('/topic/a'))).toBe('share');
});
