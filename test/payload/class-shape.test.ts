// Instances that do not have the shape that their class declares.
import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import type { FieldProblem, MessagingError } from '../../src/message/error.js';
import { toInstance } from '../../src/payload/class-validation.js';

class Tag {
  @IsString()
  name!: string;
}

class Item {
  @ValidateNested()
  @Type(() => Tag)
  tag!: Tag;

  @IsString({ each: true })
  words!: string[];
}

class Order {
  @ValidateNested()
  @Type(() => Item)
  item!: Item;

  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];

  @IsString({ each: true })
  either!: string | string[];
}

const item = { tag: { name: 'a' }, words: ['b'] };
const order = { item, items: [item], either: 'c' };

async function fieldsOf(value: object): Promise<readonly FieldProblem[] | undefined> {
  try {
    await toInstance(value, Order);
    return undefined;
  } catch (error) {
    return (error as MessagingError).fields;
  }
}

describe('the shape of an instance', () => {
  it('is valid if it matches the declared types', async () => {
    expect(await toInstance(order, Order)).toMatchObject(order);
  });

  it('has no array where the class declares one object', async () => {
    const problem = [{ path: 'item', message: 'must be an object' }];
    expect(await fieldsOf({ ...order, item: [] })).toEqual(problem);
    expect(await fieldsOf({ ...order, item: [item] })).toEqual(problem);
  });

  it('has no single value where the class declares an array', async () => {
    expect(await fieldsOf({ ...order, items: item })).toEqual([
      { path: 'items', message: 'must be an array' },
    ]);
  });

  it('is checked in nested objects', async () => {
    const wrong = { tag: [{ name: 'a' }], words: 'b' };
    expect(await fieldsOf({ ...order, item: wrong, items: [item, wrong] })).toEqual([
      { path: 'item.words', message: 'must be an array' },
      { path: 'item.tag', message: 'must be an object' },
      { path: 'items.1.words', message: 'must be an array' },
      { path: 'items.1.tag', message: 'must be an object' },
    ]);
  });

  it('is not checked where the type is unknown', async () => {
    expect(await toInstance({ ...order, either: ['c', 'd'] }, Order)).toBeInstanceOf(Order);
  });
});

it('an object of a class without decorators is reported with its own path', async () => {
  class Loose {
    @ValidateNested()
    nested!: object;
  }
  await expect(toInstance({ nested: { a: 1 } }, Loose)).rejects.toMatchObject({
    fields: [{ path: 'nested' }],
  });
});
