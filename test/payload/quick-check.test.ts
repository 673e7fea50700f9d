// The synchronous check of valid instances decides as class-validator does.
import 'reflect-metadata';
import { plainToInstance, Transform } from 'class-transformer';
import {
  Allow,
  Equals,
  IsArray,
  IsDefined,
  IsEmail,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Min,
  registerDecorator,
  validate,
  ValidateIf,
  type ValidationOptions,
} from 'class-validator';
import { beforeAll, describe, expect, it } from 'vitest';
import { toInstance } from '../../src/payload/class-validation.js';
import type { Constructor } from '../../src/payload/converter.js';

class Order {
  @IsString()
  @Length(1, 5)
  text!: string;

  @IsOptional()
  @IsInt()
  @Min(0)
  count?: number;

  @IsDefined()
  anything: unknown;

  @Allow()
  free: unknown;

  @IsOptional()
  @IsIn(['red', 'blue'])
  color?: string;
}

class UrgentOrder extends Order {
  @Equals(true)
  urgent!: boolean;
}

class Mail {
  @IsEmail({}, { each: true })
  @IsArray()
  to!: string[];

  @Matches(/^[a-z]+$/, { each: true })
  tags!: unknown;
}

class Words {
  @Transform(({ value }) => new Set(value as string[]))
  @IsString({ each: true })
  words!: Set<string>;
}

class Conditional {
  @ValidateIf(({ name }: { name: unknown }) => name !== 'skip')
  @IsString()
  text!: string;

  @IsString({ validateIf: (_, value) => value !== 0 })
  name!: unknown;
}

class Redirected {
  @IsString()
  name!: string;

  constructor() {
    return new UrgentOrder() as never;
  }
}

/** The accepted instance, or `invalid`. */
async function resultOf(accept: () => object | Promise<object>): Promise<unknown> {
  try {
    return await accept();
  } catch {
    return 'invalid';
  }
}

async function byLibrary(value: object, type: Constructor): Promise<object> {
  const instance = plainToInstance(type as new () => object, value);
  const errors = await validate(instance, { whitelist: true });
  if (errors.length > 0) throw new Error('invalid');
  return instance;
}

const values: readonly unknown[] = [
  undefined,
  null,
  '',
  'a',
  'red',
  'too long',
  0,
  3,
  -1,
  1.5,
  true,
  [],
  ['a'],
  ['a', 1],
  ['ann@example.com'],
  ['ann@example.com', 'bob'],
  {},
];

describe.each<[Constructor, object]>([
  [Order, { text: 'a', count: 1, anything: 0, free: 'b', color: 'red' }],
  [UrgentOrder, { text: 'a', anything: 0, urgent: true }],
  [Mail, { to: ['ann@example.com'], tags: ['a', 'b'] }],
  [Words, { words: ['a', 'b'] }],
  [Conditional, { text: 'a', name: 'b' }],
])('the check of %o', (type, valid) => {
  it('accepts and rejects the same values as class-validator', async () => {
    const names = [...Object.keys(valid), 'unknown'];
    const inputs = names.flatMap((name) => values.map((value) => ({ ...valid, [name]: value })));
    for (const input of [valid, {}, ...inputs]) {
      const received = await resultOf(() => toInstance(input, type));
      const expected = await resultOf(() => byLibrary(input, type));
      expect({ input, result: received }).toEqual({ input, result: expected });
    }
  });
});

describe('a class with validators of class-validator only', () => {
  beforeAll(async () => {
    await toInstance({}, class Any {});
  });

  it.each<[Constructor, object]>([
    [Order, { text: 'a', anything: 0, more: 1 }],
    [UrgentOrder, { text: 'a', anything: 0, urgent: true }],
    [Mail, { to: ['ann@example.com'], tags: ['a'] }],
  ])('is validated synchronously if the instance is valid: %o', (type, value) => {
    expect(toInstance(value, type)).toBeInstanceOf(type);
  });
});

it('an instance of another class, which a constructor returned, is validated by its own class', async () => {
  expect(await resultOf(() => toInstance({ name: 'b' }, Redirected))).toBe('invalid');
});

describe('a validator of the application', () => {
  const calls: unknown[] = [];
  const IsFree = (options?: ValidationOptions) => (prototype: object, propertyName: string) =>
    registerDecorator({
      name: 'isFree',
      target: prototype.constructor,
      propertyName,
      options: options ?? {},
      validator: {
        validate(value: unknown) {
          calls.push(value);
          return value === 'free';
        },
      },
    });

  class Seat {
    @IsString()
    @IsFree()
    name!: unknown;
  }

  it.each(['free', 'taken', 7])('is called once for %j', async (name) => {
    calls.length = 0;
    await resultOf(() => toInstance({ name }, Seat));
    expect(calls).toEqual([name]);
  });

  it('may have the name of one of class-validator and reject', async () => {
    class Address {
      mail!: unknown;
    }
    registerDecorator({
      name: 'isEmail',
      target: Address,
      propertyName: 'mail',
      validator: { validate: async () => Promise.reject(new Error('unreachable')) },
    });
    expect(await resultOf(() => toInstance({ mail: 'a' }, Address))).toBe('invalid');
  });
});
