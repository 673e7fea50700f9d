// The defaults of options, and the errors for invalid options.
import { describe, expect, it } from 'vitest';
import { checkShape, frozenCopy, withDefaults } from '../../src/message/option.js';

const defaults = { size: 1, names: ['a'], on: true, how: 'well', more: {}, any: undefined };

describe('options', () => {
  it('have their default if they are absent', () => {
    const given = { size: 2, names: undefined, any: 5 } as unknown as Partial<typeof defaults>;
    expect(withDefaults('', defaults, given)).toEqual({ ...defaults, size: 2, any: 5 });
    expect(withDefaults('', defaults)).toEqual(defaults);
  });

  it.each([
    [{ sise: 2 }, `The option 'x.sise' is unknown; the nearest known one is 'x.size'.`],
    [{ size: '2' }, `The option 'x.size' must be a number.`],
    [{ names: 'a' }, `The option 'x.names' must be a list.`],
    [{ on: 'false' }, `The option 'x.on' must be true or false.`],
    [{ how: 1 }, `The option 'x.how' must be a string.`],
    [{ more: null }, `The option 'x.more' must be an object.`],
    [{ more: [] }, `The option 'x.more' must be an object.`],
  ])('are refused: %j', (given, message) => {
    expect(() => checkShape('x.', given, defaults)).toThrow(message);
  });
});

it('a frozen copy of plain data is frozen at all depths, and the data can still be changed', () => {
  const call = () => {};
  const data = { list: [{ a: 1 }], call, none: undefined };
  const copy = frozenCopy(data);
  expect(copy).toEqual(data);
  expect([copy, copy.list, copy.list[0]].every(Object.isFrozen)).toBe(true);
  data.list.push({ a: 2 });
  expect(copy.list).toHaveLength(1);
  expect(Object.isFrozen(call)).toBe(false);
});
