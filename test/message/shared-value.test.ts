// Values that all copies of the package share.
import { expect, it, vi } from 'vitest';
import { sharedValue } from '../../src/message/shared-value.js';

it('a value is created once for all copies of the package', async () => {
  const value = sharedValue('test', () => new Set());
  vi.resetModules();
  const copy = await import('../../src/message/shared-value.js');
  expect(copy.sharedValue).not.toBe(sharedValue);
  expect(copy.sharedValue('test', () => new Set())).toBe(value);
});

it('values with different names are different', () => {
  const [first, second] = ['a', 'b'].map((name) => sharedValue(name, () => new Set()));
  expect(first).not.toBe(second);
});
