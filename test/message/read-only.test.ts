// Maps that throw when they are changed.
import { describe, expect, it } from 'vitest';
import { noHeaders } from '../../src/message/message.js';
import { constantMap, isReadOnly, readOnly } from '../../src/message/read-only.js';

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

  it('is recognized, and is not created a second time', () => {
    expect([isReadOnly(map), isReadOnly(new Map())]).toEqual([true, false]);
    expect(readOnly(map)).toBe(map);
  });
});

describe('a constant map', () => {
  const entries = [
    ['a', '1'],
    ['b', '2'],
  ] as const;
  const map = constantMap(entries) as Map<string, string>;

  it('is read like any other', () => {
    expect(map).toBeInstanceOf(Map);
    expect(map).toEqual(new Map(entries));
    expect([map.get('a'), map.get('c'), map.has('b'), map.has('c'), map.size]).toEqual([
      '1',
      undefined,
      true,
      false,
      2,
    ]);
    expect([[...map], [...map.entries()]]).toEqual([entries, entries]);
    expect([[...map.keys()], [...map.values()]]).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
    const seen: unknown[] = [];
    map.forEach(function (this: unknown, value, key, whole) {
      seen.push([key, value, whole === map, this]);
    }, 'self');
    expect(seen).toEqual([
      ['a', '1', true, 'self'],
      ['b', '2', true, 'self'],
    ]);
    expect(isReadOnly(map)).toBe(true);
  });

  it('cannot be changed, also not by the methods of Map', () => {
    for (const change of [
      () => map.set('x', '1'),
      () => map.delete('a'),
      () => map.clear(),
      () => Map.prototype.set.call(map, 'x', '1'),
      () => Map.prototype.delete.call(map, 'a'),
      () => Map.prototype.clear.call(map),
    ])
      expect(change).toThrow(TypeError);
    expect([...map]).toEqual(entries);
  });
});

it('the headers of messages without headers are read-only', () => {
  expect(() => (noHeaders as Map<string, string>).set('x', '1')).toThrow('read-only');
});
