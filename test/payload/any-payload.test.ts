// Any JSON value that a client sends for a class becomes an instance of the declared shape, or an invalid payload.
import 'reflect-metadata';
import { Type } from 'class-transformer';
import { Allow, IsDate, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import { defaultClassRules } from '../../src/payload/class-rules.js';
import { toInstance } from '../../src/payload/class-validation.js';
import { cases } from '../property.js';

class Labelled {
  get label(): string {
    return 'label';
  }
}

class Item extends Labelled {
  @IsString()
  name!: string;
}

class Order extends Labelled {
  @IsOptional()
  @IsInt()
  count?: number;

  @IsOptional()
  @IsString({ each: true })
  words?: string[];

  @IsOptional()
  @ValidateNested()
  item?: Item;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Item)
  items?: Item[];

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Item)
  byName?: Map<string, Item>;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Item)
  unique?: Set<Item>;

  @IsOptional()
  @IsDate()
  at?: Date;

  @Allow()
  free?: unknown;
}

const known = ['count', 'words', 'item', 'items', 'byName', 'unique', 'at', 'free'];
const keys = [...known, 'name', 'label', 'constructor', 'toString', '__proto__', 'more'];

/** Payloads in which the names and the forms of the class are frequent. */
const { value: anyValue } = fc.letrec<{ value: unknown; object: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>('h4rmful', 7, 1.5, true, null, '2026-01-01'),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(fc.constantFrom(...keys), tie('value')), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries)),
}));

function isItem(value: unknown): boolean {
  return (
    value instanceof Item &&
    Object.getPrototypeOf(value) === Item.prototype &&
    typeof value.name === 'string' &&
    Object.keys(value).join() === 'name'
  );
}

function hasDeclaredShape(order: Order): boolean {
  const { count, words, item, items, byName, unique, at } = order;
  return (
    Object.getPrototypeOf(order) === Order.prototype &&
    Object.keys(order).every((key) => known.includes(key)) &&
    (count == null || Number.isInteger(count)) &&
    (words == null || (Array.isArray(words) && words.every((word) => typeof word === 'string'))) &&
    (item == null || isItem(item)) &&
    (items == null || (Array.isArray(items) && items.every(isItem))) &&
    (byName == null || (byName instanceof Map && [...byName.values()].every(isItem))) &&
    (unique == null || (unique instanceof Set && [...unique].every(isItem))) &&
    (at == null || at instanceof Date)
  );
}

/** Dates are made of objects by their `toString`, which a client can replace. */
function isConversionError({ cause, fields }: MessagingError): boolean {
  return cause instanceof TypeError && fields![0]!.message === 'cannot be converted';
}

it('becomes an instance of the declared shape, or is an invalid payload', async () => {
  await fc.assert(
    fc.asyncProperty(anyValue, async (value) => {
      const outcome: unknown = await attempt(value);
      if (outcome instanceof Order) return hasDeclaredShape(outcome);
      return (
        outcome instanceof MessagingError &&
        outcome.code === 'payload-invalid' &&
        (outcome.cause === undefined || isConversionError(outcome)) &&
        outcome.fields!.length > 0 &&
        !outcome.fields!.some(({ message }) => message.includes('h4rmful'))
      );
    }),
    cases as fc.Parameters<[unknown]>,
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});

async function attempt(value: unknown): Promise<unknown> {
  try {
    return await toInstance(value, Order, defaultClassRules);
  } catch (error) {
    return error;
  }
}
