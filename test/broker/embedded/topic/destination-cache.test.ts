// The cache of what destinations matched: bounded, and it forgets what is not asked for.
import { describe, expect, it } from 'vitest';
import { DestinationCache } from '../../../../src/broker/embedded/topic/destination-cache.js';

function fill(cache: DestinationCache<string>, from: number, count: number): void {
  for (let i = from; i < from + count; i++) cache.set(`/${i}`, `${i}`);
}

describe('a destination cache', () => {
  it('keeps what was set', () => {
    const cache = new DestinationCache<string>();
    cache.set('/a', 'A');
    expect(cache.get('/a')).toBe('A');
    expect(cache.get('/b')).toBeUndefined();
    cache.clear();
    expect(cache.get('/a')).toBeUndefined();
  });

  it('forgets the oldest, but not what is asked for', () => {
    const cache = new DestinationCache<string>();
    fill(cache, 0, 4096);
    fill(cache, 4096, 1);
    expect(cache.get('/7')).toBe('7');
    fill(cache, 5000, 4096);
    expect(cache.get('/8')).toBeUndefined();
    expect(cache.get('/7')).toBe('7');
  });

  it('does not keep long ones', () => {
    const cache = new DestinationCache<string>();
    cache.set('/'.repeat(257), 'long');
    expect(cache.get('/'.repeat(257))).toBeUndefined();
  });
});
