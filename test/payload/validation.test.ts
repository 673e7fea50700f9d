// Validation of payloads by classes and schemas.
import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  Equals,
  IsArray,
  IsBoolean,
  IsIn,
  IsNumber,
  IsOptional,
  IsString,
  Length,
  Min,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  registerDecorator,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MessagingError, type FieldProblem } from '../../src/message/error.js';
import { toInstance } from '../../src/payload/class-validation.js';
import type { Constructor } from '../../src/payload/converter.js';
import { parseWithSchema, type StandardSchema } from '../../src/payload/standard-schema.js';

class Item {
  @IsString()
  name!: string;

  @IsNumber()
  @Min(1)
  price!: number;
}

class Order {
  @IsString()
  @Length(1, 10)
  text!: string;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Item)
  items?: Item[];

  get shout() {
    return this.text.toUpperCase();
  }
}

class UrgentOrder extends Order {
  @IsNumber()
  urgency!: number;
}

class Plain {
  text?: string;
}

/** A validator that throws for values that are not texts. */
function IsTrimmed(): PropertyDecorator {
  return (prototype, propertyName) =>
    registerDecorator({
      name: 'isTrimmed',
      target: prototype.constructor,
      propertyName: String(propertyName),
      validator: { validate: (text: string) => text.trim() === text },
    });
}

const toClass = async (value: unknown, type: Constructor = Order) => toInstance(value, type);
const toSchema = async (value: unknown, schema: StandardSchema) => parseWithSchema(value, schema);

async function fieldsOf(promise: Promise<unknown>): Promise<readonly FieldProblem[]> {
  const error: unknown = await promise.then(
    () => 'passed',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MessagingError);
  expect(error).toMatchObject({ code: 'payload-invalid' });
  return (error as MessagingError).fields ?? [];
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = { a: value };
  return value;
}

describe('a class', () => {
  it('is instantiated, with its nested classes', async () => {
    const order = (await toClass({ text: 'hi', items: [{ name: 'a', price: 2 }] })) as Order;
    expect(order).toBeInstanceOf(Order);
    expect(order.shout).toBe('HI');
    expect(order.items?.[0]).toBeInstanceOf(Item);
  });

  it('reports the invalid field without repeating its value', async () => {
    const fields = await fieldsOf(
      toClass({ text: 'secret text', items: [{ name: 'a', price: 0.125 }] }),
    );
    expect(fields).toEqual([
      { path: 'text', message: 'text must be shorter than or equal to 10 characters' },
      { path: 'items.0.price', message: 'price must not be less than 1' },
    ]);
  });

  it('drops keys without a decorator', async () => {
    const order = await toClass({
      text: 'hi',
      admin: true,
      shout: 'x',
      items: [{ name: 'a', price: 1, more: 1 }],
    });
    expect(JSON.parse(JSON.stringify(order))).toEqual({
      text: 'hi',
      items: [{ name: 'a', price: 1 }],
    });
  });

  it("inherits its parent's constraints", async () => {
    expect(await toClass({ text: 'hi', urgency: 1 }, UrgentOrder)).toBeInstanceOf(UrgentOrder);
    expect((await fieldsOf(toClass({}, UrgentOrder))).map(({ path }) => path)).toEqual(
      expect.arrayContaining(['text', 'urgency']),
    );
  });

  it('without decorators is only converted', async () => {
    const plain = await toClass({ text: 'hi', more: 1 }, Plain);
    expect(plain).toBeInstanceOf(Plain);
    expect(plain).toEqual(Object.assign(new Plain(), { text: 'hi', more: 1 }));
  });

  it('waits for asynchronous constraints', async () => {
    class Later {
      name!: string;
    }
    const validator = {
      validate: async (value: unknown) => Promise.resolve(value === 'free'),
      defaultMessage: () => 'is taken',
    };
    registerDecorator({
      name: 'free',
      target: Later,
      propertyName: 'name',
      async: true,
      validator,
    });
    expect(await toClass({ name: 'free' }, Later)).toBeInstanceOf(Later);
    expect(await fieldsOf(toClass({ name: 'used' }, Later))).toEqual([
      { path: 'name', message: 'is taken' },
    ]);
  });

  it('waits for constraints that return a promise without being declared asynchronous', async () => {
    class Quiet {
      name!: string;
    }
    const validate = async (value: unknown) =>
      value === 'broken' ? Promise.reject(new Error('secret')) : Promise.resolve(value === 'free');
    registerDecorator({
      name: 'free',
      target: Quiet,
      propertyName: 'name',
      validator: { validate, defaultMessage: () => 'is taken' },
    });
    expect(await toClass({ name: 'free' }, Quiet)).toBeInstanceOf(Quiet);
    expect(await fieldsOf(toClass({ name: 'used' }, Quiet))).toEqual([
      { path: 'name', message: 'is taken' },
    ]);
    expect(await fieldsOf(toClass({ name: 'broken' }, Quiet))).toEqual([]);
  });

  it('replaces a custom message that repeats the value', async () => {
    class Leaky {
      @Length(1, 3, { message: '$value is too long' })
      name!: string;
    }
    expect(await fieldsOf(toClass({ name: 'secret' }, Leaky))).toEqual([
      { path: 'name', message: 'is not valid' },
    ]);
  });

  it('replaces a custom message that repeats the value inside of a word, or true and false', async () => {
    class Leaky {
      @Length(1, 3, { message: 'xx$valuexx' })
      name!: string;
      @Equals(1, { message: 'was $value' })
      one!: unknown;
    }
    for (const one of [true, false])
      expect(await fieldsOf(toClass({ name: 'secret', one }, Leaky))).toEqual([
        { path: 'name', message: 'is not valid' },
        { path: 'one', message: 'is not valid' },
      ]);
  });

  it('replaces a custom message that repeats a member of the value', async () => {
    const message = ({ value }: { value: unknown }) => `not ${JSON.stringify(value)}`;
    class Lists {
      @IsIn(['red'], { each: true, message: ({ value }) => `${String(value)} is not allowed` })
      tags!: unknown;
    }
    class Objects {
      @IsIn(['red'], { message })
      setting!: unknown;
    }
    for (const tags of [['harmful'], ['red', 'harmful'], [['harmful']], [123456]])
      expect(await fieldsOf(toClass({ tags }, Lists))).toEqual([
        { path: 'tags', message: 'is not valid' },
      ]);
    for (const setting of [
      { a: 'harmful' },
      { a: [{ b: 'harmful' }] },
      { harmful: 1 },
      ['harmful'],
    ])
      expect(await fieldsOf(toClass({ setting }, Objects))).toEqual([
        { path: 'setting', message: 'is not valid' },
      ]);
  });

  it('keeps a message that contains a short member of the value by chance', async () => {
    class Limited {
      @ArrayMaxSize(1)
      numbers!: number[];
    }
    expect(await fieldsOf(toClass({ numbers: [1, 1] }, Limited))).toEqual([
      { path: 'numbers', message: 'numbers must contain no more than 1 elements' },
    ]);
  });

  it('replaces a message of more than 500 characters', async () => {
    class Long {
      @IsString({ message: 'x'.repeat(501) })
      name!: string;
    }
    expect(await fieldsOf(toClass({ name: 1 }, Long))).toEqual([
      { path: 'name', message: 'is not valid' },
    ]);
  });

  it.each([null, 7, 'x', [], [{ text: 'hi' }], true])(
    'rejects %j, which is not an object',
    async (value) => {
      expect(await fieldsOf(toClass(value))).toEqual([{ path: '', message: 'must be an object' }]);
    },
  );
});

describe('asynchronous parts of a class', () => {
  class Lookup {
    async validate(): Promise<boolean> {
      throw new Error('the database is down');
    }
  }
  ValidatorConstraint({ async: true })(Lookup);

  class Fussy {
    validate(name: string): Promise<boolean> {
      const error = new Error(name);
      if (name === 'throws') throw error;
      return Promise.reject(error);
    }
  }

  it('that reject cause an invalid payload, also when another validator throws', async () => {
    class Login {
      @Validate(Lookup)
      name!: string;
    }
    class Account {
      @Validate(Lookup)
      login!: string;

      @ValidateNested()
      @Type(() => Login)
      nested!: Login;

      @IsTrimmed()
      nick!: string;
    }
    const value = { login: 'x', nested: { name: 'y' }, nick: 5 };
    expect(await fieldsOf(toClass(value, Account))).toEqual([]);
    expect(await fieldsOf(toClass({ ...value, nick: 'a' }, Account))).toEqual([]);
  });

  it.each(['fussy', 'isEmail'])(
    'that reject for one member and throw for another cause an invalid payload, also with the name %s',
    async (name) => {
      class Group {
        names!: string[];
      }
      registerDecorator({
        name,
        target: Group,
        propertyName: 'names',
        options: { each: true },
        validator: new Fussy(),
      });
      expect(await fieldsOf(toClass({ names: ['rejects', 'throws'] }, Group))).toEqual([]);
    },
  );

  it('are validators, but not functions of @Transform', async () => {
    class Author {
      @Transform(async () => 'found')
      name?: string;
    }
    class Book {
      @Allow()
      @Transform(async () => {
        throw new Error('the database is down');
      })
      title?: string;

      @Allow()
      @Type(() => Author)
      authors?: Author[];
    }
    const message = 'cannot be converted';
    expect(await fieldsOf(toClass({ title: 'x' }, Book))).toEqual([{ path: '', message }]);
    expect(await fieldsOf(toClass({ authors: [{ name: 'x' }] }, Book))).toEqual([
      { path: '', message },
    ]);
    expect(await toClass({ authors: [] }, Book)).toBeInstanceOf(Book);
  });
});

describe('null in a list whose members have a class by their discriminator', () => {
  class Animal {
    @IsString()
    name!: string;
  }
  class Dog extends Animal {}
  const discriminator = { property: 'kind', subTypes: [{ name: 'dog', value: Dog }] };
  const dog = { kind: 'dog', name: 'Rex' };

  class Zoo {
    @IsOptional()
    @ValidateNested({ each: true })
    @Type(() => Animal, { discriminator })
    list?: Animal[];

    @IsOptional()
    @ValidateNested({ each: true })
    @Type(() => Animal, { discriminator })
    set?: Set<Animal>;

    @IsOptional()
    @ValidateNested({ each: true })
    @Type(() => Animal, { discriminator })
    map?: Map<string, Animal>;

    @IsOptional()
    @ValidateNested()
    @Type(() => Animal, { discriminator })
    one?: Animal;
  }
  class Unvalidated {
    @Type(() => Animal, { discriminator })
    list?: Animal[];
  }
  it.each([
    [Zoo, { list: [dog, null] }, 'list.1'],
    [Zoo, { set: [null, dog] }, 'set.0'],
    [Zoo, { map: { a: null } }, 'map.a'],
    [Unvalidated, { list: [null] }, 'list.0'],
  ])('is a mistake of the client: %o %j', async (type, value, path) => {
    const failure = await Promise.resolve()
      .then(() => toClass(value, type))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'payload-invalid',
      cause: undefined,
      fields: [{ path, message: expect.stringContaining('object') as unknown }],
    });
  });

  it('does not concern a single object', async () => {
    expect(await toClass({ one: null, list: [dog] }, Zoo)).toMatchObject({ one: null });
  });
});

describe('a discriminator', () => {
  abstract class Animal {
    @IsString()
    kind!: string;
  }
  class Dog extends Animal {
    @IsString()
    breed!: string;
  }
  class Cat extends Animal {}
  const subTypes = [
    { name: 'dog', value: Dog },
    { name: 'cat', value: Cat },
  ];
  const options = {
    keepDiscriminatorProperty: true,
    discriminator: { property: 'kind', subTypes },
  };
  const typed = Type(() => Animal as typeof Cat, options);

  class Zoo {
    @IsOptional()
    @ValidateNested()
    @typed
    one?: Animal;

    @IsOptional()
    @ValidateNested({ each: true })
    @typed
    list?: Animal[];

    @IsOptional()
    @ValidateNested({ each: true })
    @typed
    set?: Set<Animal>;

    @IsOptional()
    @ValidateNested({ each: true })
    @typed
    map?: Map<string, Animal>;
  }
  class Unvalidated {
    @typed
    one?: Animal;
  }
  class Transformed {
    @ValidateNested()
    @typed
    @Transform(({ value }) => value as Animal)
    one?: Animal;
  }
  /** The class is chosen by another property when the value has no name. */
  class Chosen {
    @ValidateNested()
    @Type((given) => ((given!.object as Chosen).isDog ? Dog : Cat), options)
    one!: Animal;
    @IsBoolean()
    isDog!: boolean;
  }

  it.each<[value: object, type: Constructor, path: string]>(
    [
      { kind: 'wolf' },
      { kind: 'constructor' },
      { kind: '__proto__' },
      { kind: 5 },
      { kind: ['dog'] },
      {},
    ].flatMap((wrong): [object, Constructor, string][] => [
      [{ one: wrong }, Zoo, 'one.kind'],
      [{ list: [{ kind: 'cat' }, wrong] }, Zoo, 'list.1.kind'],
      [{ set: [wrong] }, Zoo, 'set.0.kind'],
      [{ map: { a: wrong } }, Zoo, 'map.a.kind'],
      [{ one: wrong }, Unvalidated, 'one.kind'],
      [{ one: wrong }, Transformed, 'one.kind'],
    ]),
  )('that names no class makes a payload invalid: %j', async (value, type, path) => {
    await expect(Promise.resolve().then(() => toClass(value, type))).rejects.toMatchObject({
      code: 'payload-invalid',
      fields: [{ path, message: 'must be one of: dog, cat' }],
    });
  });

  it('selects the class, whose validators run', async () => {
    const zoo = await toClass({ one: { kind: 'cat' }, list: [{ kind: 'dog', breed: 'b' }] }, Zoo);
    expect(zoo).toMatchObject({ one: expect.any(Cat) as Cat, list: [expect.any(Dog) as Dog] });
    await expect(Promise.resolve(toClass({ one: { kind: 'dog' } }, Zoo))).rejects.toMatchObject({
      fields: [{ path: 'one.breed' }],
    });
  });

  it('may be missing when a function of @Type chooses the class', async () => {
    const chosen = await toClass({ isDog: true, one: { kind: 'x', breed: 'b' } }, Chosen);
    expect(chosen).toMatchObject({ one: expect.any(Dog) as Dog });
  });
});

describe('a mistake of the application', () => {
  function failureOf(act: () => unknown): Promise<MessagingError> {
    return Promise.resolve()
      .then(act)
      .then(
        () => expect.unreachable(),
        (error: unknown) => error as MessagingError,
      );
  }

  class Rejecting {
    validate(): Promise<boolean> {
      // oxlint-disable-next-line prefer-promise-reject-errors -- applications in JavaScript do this
      return Promise.reject(undefined);
    }
  }
  ValidatorConstraint({ async: true })(Rejecting);

  it('has a cause, which is logged, also when a validator rejects with undefined', async () => {
    class Login {
      @Validate(Rejecting)
      name!: string;
    }
    const { code, cause } = await failureOf(() => toClass({ name: 'x' }, Login));
    expect([code, cause]).toEqual([
      'payload-invalid',
      new Error('The application has thrown undefined.'),
    ]);
  });

  it.each([
    [
      'throws',
      () => {
        throw undefined;
      },
    ],
    // oxlint-disable-next-line prefer-promise-reject-errors -- applications in JavaScript do this
    ['rejects with', () => Promise.reject(undefined)],
  ])('has a cause, also when a schema %s undefined', async (_, validate) => {
    const schema: StandardSchema = {
      '~standard': { version: 1, vendor: 'test', validate: validate as never },
    };
    const { code, cause } = await failureOf(() => parseWithSchema(1, schema));
    expect([code, cause]).toEqual([
      'payload-invalid',
      new Error('The application has thrown undefined.'),
    ]);
  });

  it('names the field when the message of a validator is not a text', async () => {
    class Named {
      @Length(5, 10, { message: () => undefined as never })
      name!: string;
    }
    expect(await fieldsOf(toClass({ name: 'x' }, Named))).toEqual([
      { path: 'name', message: 'is not valid' },
    ]);
  });
});

describe('hostile objects', () => {
  it('do not pollute prototypes', async () => {
    const source =
      '{"text":"hi","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}';
    for (const type of [Order, Plain]) {
      const value = await toClass(JSON.parse(source), type);
      expect(Reflect.get(value as object, 'admin')).toBeUndefined();
      expect(Object.getPrototypeOf(value)).toBe(type.prototype);
      expect(Reflect.get({}, 'admin')).toBeUndefined();
    }
  });

  it('that replace the constructor of a nested object are rejected', async () => {
    await fieldsOf(toClass(JSON.parse('{"text":"hi","more":{"constructor":5}}'), Plain));
    await fieldsOf(toClass(JSON.parse('{"text":"hi","more":{"constructor":{"name":"x"}}}'), Plain));
  });

  it('may be at most 32 levels deep', async () => {
    expect(await toClass({ text: 'hi', more: nested(31) })).toBeInstanceOf(Order);
    expect(await fieldsOf(toClass({ text: 'hi', more: nested(32) }))).toEqual([
      { path: '', message: 'must not be nested deeper than 32 levels' },
    ]);
    await fieldsOf(toClass({ text: 'hi', more: nested(10_000) }));
  });

  it('may have at most 256 keys', async () => {
    const keys = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    expect(await toClass({ text: 'hi', more: keys(256) })).toBeInstanceOf(Order);
    expect(await fieldsOf(toClass({ text: 'hi', more: keys(257) }))).toEqual([
      { path: '', message: 'must not have more than 256 keys in an object' },
    ]);
    await fieldsOf(toClass(keys(100_000)));
  });

  it('with hundreds of invalid items cause a short error', async () => {
    expect(
      await fieldsOf(toClass({ text: 'hi', items: Array.from({ length: 500 }, () => ({})) })),
    ).toHaveLength(20);
  });

  it('may contain at most 1,000 objects, and arrays in arrays', async () => {
    const message = 'must not contain more than 1000 objects (limits.maxPayloadObjects)';
    const objects = (length: number) => Array.from({ length }, () => ({ name: 'a', price: 1 }));
    expect(await toClass({ text: 'hi', items: objects(1000) })).toBeInstanceOf(Order);
    for (const more of [objects(1001), Array(1001).fill([]), [objects(500), objects(500)]]) {
      expect(await fieldsOf(toClass({ text: 'hi', more }))).toEqual([{ path: '', message }]);
      expect(await fieldsOf(toClass({ more }, Plain))).toEqual([{ path: '', message }]);
    }
    expect(await fieldsOf(toClass({ text: 'hi', items: objects(1001) }))).toEqual([
      { path: '', message },
    ]);
  });

  it('may contain arrays of any length, because numbers and texts cost little', async () => {
    const instance = await toClass({ text: 'hi', more: Array(30_000).fill(1) });
    expect(instance).toBeInstanceOf(Order);
  });

  it.each(['toString', 'valueOf', 'hasOwnProperty'])(
    'with an inherited key %s, which class-transformer would ignore, are rejected',
    async (key) => {
      const fields = await fieldsOf(toClass({ text: 'hi', more: { [key]: 'x' } }));
      expect(fields).toEqual([{ path: 'more', message: `must not have the key '${key}'` }]);
    },
  );

  it('are rejected when the constructor of the class throws', async () => {
    class Touchy {
      constructor() {
        throw new Error('secret');
      }
    }
    await fieldsOf(toClass({}, Touchy));
  });
});

describe('a schema', () => {
  const order = z.object({
    text: z.string().min(1),
    items: z.array(z.object({ price: z.number() })).default([]),
  });

  it('returns its output', async () => {
    expect(await toSchema({ text: 'hi', more: 1 }, order)).toEqual({ text: 'hi', items: [] });
  });

  it('is applied synchronously if it is synchronous', () => {
    expect(parseWithSchema({ text: 'hi' }, order)).toEqual({ text: 'hi', items: [] });
  });

  it('reports the invalid field', async () => {
    const fields = await fieldsOf(
      toSchema({ text: 'hi', items: [{ price: 1 }, { price: 'secret' }] }, order),
    );
    expect(fields).toEqual([
      { path: 'items.1.price', message: 'Invalid input: expected number, received string' },
    ]);
  });

  it('may be asynchronous', async () => {
    const later = z.object({
      name: z.string().refine(async (name) => Promise.resolve(name === 'free'), 'is taken'),
    });
    expect(await toSchema({ name: 'free' }, later)).toEqual({ name: 'free' });
    expect(await fieldsOf(toSchema({ name: 'used' }, later))).toEqual([
      { path: 'name', message: 'is taken' },
    ]);
  });

  it('does not repeat values or keys of the client in messages', async () => {
    expect(await fieldsOf(toSchema({ secret: 1 }, z.strictObject({})))).toEqual([
      { path: '', message: 'is not valid' },
    ]);
    const repeating = (message: string): StandardSchema => ({
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => ({ issues: [{ message, path: [{ key: 'a' }] }] }),
      },
    });
    expect(
      await fieldsOf(toSchema({ a: 'secret' }, repeating('expected x, got "secret"'))),
    ).toEqual([{ path: 'a', message: 'is not valid' }]);
    expect(await fieldsOf(toSchema({ a: 'cat' }, repeating('pick a category')))).toEqual([
      { path: 'a', message: 'pick a category' },
    ]);
  });

  it('does not repeat another field of the client in messages', async () => {
    const period = z
      .object({ start: z.string(), end: z.string(), tags: z.array(z.string()).optional() })
      .superRefine(({ end, tags }, context) => {
        const message = `${tags === undefined ? '"start" must be before' : tags.join()} ${end}`;
        context.addIssue({ code: 'custom', path: ['start'], message });
        context.addIssue({ code: 'custom', path: ['end'], message: '"start" is too late' });
      });
    for (const tags of [undefined, ['secret']])
      expect(await fieldsOf(toSchema({ start: 'b', end: 'secret', tags }, period))).toEqual([
        { path: 'start', message: 'is not valid' },
        { path: 'end', message: '"start" is too late' },
      ]);
  });

  it.each([
    null,
    undefined,
    true,
    {},
    { value: 1, issues: null },
    { issues: 'wrong' },
    { issues: [null] },
    { issues: [{ message: 'a', path: null }] },
    { issues: [{ message: 'a', path: [null] }] },
    { issues: [{}] },
  ])('that returns %j rejects the payload with a cause', async (result) => {
    const wrong = (validate: () => unknown): StandardSchema => ({
      '~standard': { version: 1, vendor: 'test', validate: validate as () => never },
    });
    for (const validate of [() => result, async () => Promise.resolve(result)]) {
      const error: unknown = await toSchema({}, wrong(validate)).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'payload-invalid',
        cause: { message: "The schema's result is malformed." },
      });
    }
  });

  it('may return a promise of another library', async () => {
    const thenable: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        // oxlint-disable-next-line unicorn/no-thenable -- the test is about thenables that are not native promises
        validate: () => ({ then: (done: (result: unknown) => void) => done(refusal) }) as never,
      },
    };
    const refusal = { issues: [{ message: 'is taken' }] };
    expect(await fieldsOf(toSchema('used', thenable))).toEqual([{ path: '', message: 'is taken' }]);
  });

  it('that throws or rejects rejects the payload', async () => {
    const throwing = (act: () => never): StandardSchema => ({
      '~standard': { version: 1, vendor: 'test', validate: act },
    });
    const rejecting: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async () => Promise.reject(new Error('secret')),
      },
    };
    const overflow = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    await fieldsOf(toSchema(1, throwing(overflow)));
    await fieldsOf(toSchema(1, rejecting));
  });
});
