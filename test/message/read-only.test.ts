// Maps that throw when they are changed.
import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../src/message/message.js';
import { isReadOnly, readOnly } from '../../src/message/read-only.js';

describe('a read-only map', () => {
  const map = readOnly(new Map([['a', '1']])) as Map<string, string>;

  it('is read like any other', () => {
    expect(map).toBeInstanceOf(Map);
    expect([map.get('a'), map.has('b'), map.size, [...map]]).toEqual(['1', false, 1, [['a', '1']]]);
    expect(new Map(map).set('b', '2').size).toBe(2);
    expect(map).toEqual(new Map([['a', '1']]));
  });

  it('throws when it is changed', () => {
    for (const change of [() => map.set('b', '2'), () => map.delete('a'), () => map.clear()])
      expect(change).toThrow(TypeError);
    expect([...map]).toEqual([['a', '1']]);
  });

  it('is recognized, and is made only once', () => {
    expect([isReadOnly(map), isReadOnly(new Map())]).toEqual([true, false]);
    expect(readOnly(map)).toBe(map);
  });
});

it('the headers of messages without headers are read-only', () => {
  expect(() => (noHeaders as Map<string, string>).set('x', '1')).toThrow('read-only');
});
