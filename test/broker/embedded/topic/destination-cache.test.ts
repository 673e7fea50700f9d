// The cache of lookups by destination: bounded, and it drops destinations that are not used.
import { describe, expect, it } from 'vitest';
import { DestinationCache } from '../../../../src/broker/embedded/topic/destination-cache.js';

function fill(cache: DestinationCache<string>, from: number, count: number): void {
  for (let i = from; i < from + count; i++) cache.set(`/${i}`, `${i}`);
}

describe('a destination cache', () => {
  it('returns a value that was set', () => {
    const cache = new DestinationCache<string>();
    cache.set('/a', 'A');
    expect(cache.get('/a')).toBe('A');
    expect(cache.get('/b')).toBeUndefined();
    cache.clear();
    expect(cache.get('/a')).toBeUndefined();
  });

  it('drops the oldest destinations, but not those that are used', () => {
    const cache = new DestinationCache<string>();
    fill(cache, 0, 4096);
    fill(cache, 4096, 1);
    expect(cache.get('/7')).toBe('7');
    fill(cache, 5000, 4096);
    expect(cache.get('/8')).toBeUndefined();
    expect(cache.get('/7')).toBe('7');
  });

  it('drops no destination for lookups that find nothing', () => {
    const cache = new DestinationCache<string>();
    cache.set('/a', 'A');
    for (let i = 0; i < 10_000; i++) cache.get(`/${i}`);
    expect(cache.get('/a')).toBe('A');
  });

  it('is cleared with the destinations that were not used lately', () => {
    const cache = new DestinationCache<string>();
    fill(cache, 0, 4097);
    cache.clear();
    expect([cache.get('/7'), cache.get('/4096')]).toEqual([undefined, undefined]);
  });

  it('does not keep long destinations', () => {
    const cache = new DestinationCache<string>();
    cache.set('/'.repeat(256), 'longest');
    expect(cache.get('/'.repeat(256))).toBe('longest');
    cache.set('/'.repeat(257), 'long');
    expect(cache.get('/'.repeat(257))).toBeUndefined();
  });
});
