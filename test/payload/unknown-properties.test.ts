// Properties of a payload for which the class has no validator, and keys that would change more than a property.
import 'reflect-metadata';
import { Expose, plainToInstance, Transform, Type } from 'class-transformer';
import { Allow, IsArray, IsNumber, IsOptional, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import { loggedClassRules } from '../../src/payload/class-log.js';
import {
  defaultClassRules,
  type ClassRules,
  type UnknownProperties,
} from '../../src/payload/class-rules.js';
import { toInstance } from '../../src/payload/class-validation.js';
import type { Constructor } from '../../src/payload/converter.js';

class Item {
  @IsString()
  name!: string;
}

class Order {
  @IsString()
  name!: string;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Item)
  items?: Item[];

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Item)
  byKey?: Map<string, Item>;

  @Allow()
  anything?: unknown;

  age?: number;
  state = 'new';
}

const policies = ['drop', 'reject', 'keep'] as const;

function rulesFor(unknownProperties: UnknownProperties): ClassRules & { dropped: string[] } {
  const dropped: string[] = [];
  const onDropped = (type: Constructor, property: string) =>
    void dropped.push(`${type.name}.${property}`);
  return { ...defaultClassRules, unknownProperties, onDropped, dropped };
}

/** Also reports problems as rejections that are found synchronously. */
async function resultOf(value: unknown, type: Constructor, rules: ClassRules): Promise<object> {
  return toInstance(value, type, rules);
}

async function convert(value: unknown, policy: UnknownProperties, type: Constructor = Order) {
  const rules = rulesFor(policy);
  const result: unknown = await resultOf(value, type, rules).catch(
    ({ fields }: MessagingError) => fields,
  );
  return { result, dropped: rules.dropped };
}

const plain = () => ({
  name: 'a',
  age: 3,
  items: [{ name: 'b', more: { deep: [] } }],
  byKey: { age: { name: 'c', more: 1 } },
  anything: { more: 1 },
});

describe('an unknown property', () => {
  it('is dropped and reported, also in nested objects', async () => {
    const { result, dropped } = await convert(plain(), 'drop');
    expect(result).toMatchObject({ name: 'a', items: [{ name: 'b' }], anything: { more: 1 } });
    expect(JSON.stringify(result)).not.toContain('deep');
    expect(result).not.toHaveProperty('age');
    expect((result as Order).byKey!.get('age')).toEqual({ name: 'c' });
    expect(dropped).toEqual(['Order.age', 'Item.more', 'Item.more']);
  });

  it("makes the payload invalid with 'reject'", async () => {
    const { result, dropped } = await convert(plain(), 'reject');
    expect(result).toEqual([
      { path: 'age', message: 'is unknown' },
      { path: 'items.0.more', message: 'is unknown' },
      { path: 'byKey.age.more', message: 'is unknown' },
    ]);
    expect(dropped).toEqual([]);
  });

  it("is reported with all other invalid fields with 'reject'", async () => {
    const wrong = { age: 3, items: [{ more: 1 }, 'x'], byKey: { a: { name: 1 } } };
    expect((await convert(wrong, 'reject')).result).toEqual([
      { path: 'age', message: 'is unknown' },
      { path: 'items.0.more', message: 'is unknown' },
      { path: 'name', message: 'name must be a string' },
      { path: 'items.0.name', message: 'name must be a string' },
      { path: 'items.1', message: expect.stringContaining('object') as string },
      { path: 'byKey.a.name', message: 'name must be a string' },
    ]);
    expect((await convert(Object.freeze({ age: 3 }), 'reject')).result).toEqual([
      { path: 'age', message: 'is unknown' },
    ]);
  });

  it("reaches the handler with 'keep'", async () => {
    const { result, dropped } = await convert(plain(), 'keep');
    expect(result).toMatchObject({ age: 3, items: [{ name: 'b', more: { deep: [] } }] });
    expect(dropped).toEqual([]);
  });

  it('makes the payload invalid if it cannot be dropped from a frozen object', async () => {
    const { result } = await convert(Object.freeze({ name: 'a', age: 3 }), 'drop');
    expect(result).toEqual([{ path: 'age', message: 'is unknown' }]);
  });

  it('does not replace a default of the class, unless it is kept', async () => {
    const value = () => ({ name: 'a', state: 'paid' });
    expect((await convert(value(), 'drop')).result).toMatchObject({ state: 'new' });
    expect((await convert(value(), 'reject')).result).toEqual([
      { path: 'state', message: 'is unknown' },
    ]);
    expect((await convert(value(), 'keep')).result).toMatchObject({ state: 'paid' });
  });

  it.each(policies)("leaves the class's own properties alone with '%s'", async (policy) => {
    expect((await convert({ name: 'a' }, policy)).result).toMatchObject({ state: 'new' });
  });

  it('is one with @Type, @Transform or @Expose alone', async () => {
    class Partly {
      @IsString()
      name!: string;
      @Type(() => Number)
      typed?: number;
      @Transform(() => 'b')
      transformed?: string;
      @Expose()
      exposed?: string;
    }
    const value = { name: 'a', typed: 1, transformed: 'a', exposed: 'a' };
    const { dropped } = await convert(value, 'drop', Partly);
    expect(dropped).toEqual(['Partly.typed', 'Partly.transformed', 'Partly.exposed']);
  });

  it.each(policies)("is not the key of an exposed property with '%s'", async (policy) => {
    class Exposed {
      @Expose({ name: 'first_name' })
      @IsString()
      firstName!: string;
    }
    const { result, dropped } = await convert({ first_name: 'a' }, policy, Exposed);
    expect(result).toEqual(Object.assign(new Exposed(), { firstName: 'a' }));
    expect(dropped).toEqual([]);
  });

  it('is found if two properties have exchanged their keys', async () => {
    class Exchanged {
      @Expose({ name: 'text' })
      @ValidateNested()
      item!: Item;
      @Expose({ name: 'item' })
      @IsString()
      text!: string;
    }
    const value = () => ({ text: { name: 'a', admin: true }, item: 'b' });
    const { result, dropped } = await convert(value(), 'drop', Exchanged);
    expect(result).toMatchObject({ item: { name: 'a' }, text: 'b' });
    expect(dropped).toEqual(['Item.admin']);
    expect((await convert({ text: [{ name: 'a' }], item: 'b' }, 'drop', Exchanged)).result).toEqual(
      [{ path: 'item', message: 'must be an object' }],
    );
  });

  it.each(policies)("does not exist in a class without validators, with '%s'", async (policy) => {
    class Open {}
    const { result } = await convert({ a: { b: 1 } }, policy, Open);
    expect(result).toEqual(Object.assign(new Open(), { a: { b: 1 } }));
  });

  it('is not the key that selects a class', async () => {
    class Circle {
      @IsNumber()
      radius!: number;
    }
    class Square {
      @IsNumber()
      side!: number;
    }
    class Drawing {
      @IsArray()
      @ValidateNested({ each: true })
      @Type(() => Circle, {
        discriminator: {
          property: 'kind',
          subTypes: [
            { name: 'circle', value: Circle },
            { name: 'square', value: Square },
          ],
        },
      })
      shapes!: (Circle | Square)[];
    }
    const shapes = [
      { kind: 'circle', radius: 1 },
      { kind: 'square', side: 2, radius: 1 },
    ];
    const { result, dropped } = await convert({ shapes }, 'drop', Drawing);
    expect((result as Drawing).shapes).toEqual([
      Object.assign(new Circle(), { radius: 1 }),
      Object.assign(new Square(), { side: 2 }),
    ]);
    expect(dropped).toEqual(['Square.radius']);
  });
});

describe('the key of an inherited getter', () => {
  class Labelled {
    get label(): string {
      return 'label';
    }
  }
  class Part extends Labelled {
    @IsString()
    name!: string;
  }
  class Whole extends Part {
    @IsOptional()
    @ValidateNested()
    part?: Part;
  }
  class Loose extends Labelled {
    name?: string;
  }
  const value = () => ({ name: 'a', label: 'x', part: { name: 'b', label: 'y' } });

  it.each(['drop', 'keep'] as const)("is ignored with '%s'", async (policy) => {
    const { result } = await convert(value(), policy, Whole);
    expect(result).toMatchObject({ name: 'a', label: 'label', part: { name: 'b' } });
    expect((await convert({ label: 'x' }, policy, Loose)).result).toBeInstanceOf(Loose);
  });

  it("is unknown with 'reject'", async () => {
    expect((await convert(value(), 'reject', Whole)).result).toEqual([
      { path: 'label', message: 'is unknown' },
      { path: 'part.label', message: 'is unknown' },
    ]);
  });
});

describe.each(policies)("with '%s', a key that names a prototype", (policy) => {
  const attack = '{"admin":true,"prototype":{"admin":true}}';
  const sources = [
    `{"name":"a","__proto__":${attack}}`,
    `{"name":"a","constructor":${attack}}`,
    `{"name":"a","items":[{"name":"b","__proto__":${attack}}]}`,
    `{"name":"a","items":[{"name":"b","constructor":${attack}}]}`,
    `{"name":"a","byKey":{"__proto__":${attack}}}`,
    `{"name":"a","byKey":{"constructor":${attack}}}`,
    `{"name":"a","anything":{"__proto__":${attack},"a":{"__proto__":${attack}}}}`,
    `{"name":"a","anything":{"constructor":${attack}}}`,
    `{"name":"a","more":{"__proto__":${attack}}}`,
    `{"name":"a","more":{"constructor":{"prototype":${attack}}}}`,
    '{"name":"a","toString":{},"hasOwnProperty":{},"valueOf":1}',
  ];

  it.each(sources)('changes nothing: %s', async (source) => {
    const outcome: unknown = await resultOf(JSON.parse(source), Order, rulesFor(policy)).catch(
      (error: unknown) => error,
    );
    // Some payloads are refused as invalid, without an error to log.
    const isRefused =
      outcome instanceof MessagingError &&
      outcome.code === 'payload-invalid' &&
      outcome.cause === undefined;
    const order = isRefused ? new Order() : (outcome as Order);
    expect(Object.getPrototypeOf(order)).toBe(Order.prototype);
    const parts = [order, ...(order.items ?? []), order.anything ?? {}] as object[];
    expect(parts.filter((part) => 'admin' in part)).toEqual([]);
    expect(Reflect.get({}, 'admin')).toBeUndefined();
    expect(Reflect.get(Order, 'admin')).toBeUndefined();
  });
});

describe('the log', () => {
  function rulesWithLog() {
    const lines: string[] = [];
    const logger = {
      error: () => {},
      info: () => {},
      warn: (text: string) => void lines.push(text),
    };
    return { lines, rules: loggedClassRules('drop', 1000, logger) };
  }

  it('names a dropped property once, with class and fix', async () => {
    const { lines, rules } = rulesWithLog();
    for (let i = 0; i < 3; i++) await resultOf({ name: 'a', age: i }, Order, rules);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/Order.*"age".*@Allow\(\)/);
  });

  it('names at most 20 properties of a class, shortened and escaped', async () => {
    const { lines, rules } = rulesWithLog();
    for (let i = 0; i < 100; i++)
      await resultOf({ name: 'a', [`${i}\n${'x'.repeat(1000)}`]: i }, Order, rules);
    expect(lines).toHaveLength(20);
    for (const line of lines) {
      expect(line).not.toContain('\n');
      expect(line.length).toBeLessThan(400);
    }
  });

  it('does not name keys of attacks', async () => {
    const { lines, rules } = rulesWithLog();
    await resultOf(JSON.parse('{"name":"a","__proto__":1,"constructor":1}'), Order, rules);
    expect(lines).toEqual([]);
  });

  it('receives the error of a failing constructor once', async () => {
    class Failing {
      constructor() {
        throw new Error('It failed.');
      }
    }
    const { rules } = rulesWithLog();
    const causes = [];
    for (let i = 0; i < 3; i++)
      causes.push(await resultOf({}, Failing, rules).catch(({ cause }: Error) => cause));
    expect(causes).toEqual([new Error('It failed.'), undefined, undefined]);
  });
});

describe('an unknown property of an object that @Transform builds', () => {
  class Box {
    @ValidateNested()
    item!: Item;
  }

  class Built {
    @ValidateNested()
    @Transform(({ value }) => plainToInstance(Item, value))
    item!: Item;

    @IsOptional()
    @ValidateNested({ each: true })
    @Transform(({ value }) =>
      (value as Box[]).map(({ item }) =>
        Object.assign(new Box(), { item: plainToInstance(Item, item) }),
      ),
    )
    boxes?: Box[];
  }

  const item = { name: 'a', admin: true };
  const payload = () => structuredClone({ item, boxes: [{ item }] });

  it("is dropped with 'drop', at all depths", async () => {
    const { result, dropped } = await convert(payload(), 'drop', Built);
    expect(JSON.parse(JSON.stringify(result))).toEqual({
      item: { name: 'a' },
      boxes: [{ item: { name: 'a' } }],
    });
    expect(dropped).toEqual(['Item.admin', 'Item.admin']);
  });

  it("is reported with 'reject'", async () => {
    expect((await convert(payload(), 'reject', Built)).result).toEqual([
      { path: 'item.admin', message: 'is unknown' },
      { path: 'boxes.0.item.admin', message: 'is unknown' },
    ]);
  });

  it("is kept with 'keep'", async () => {
    const { result } = await convert(payload(), 'keep', Built);
    expect(result).toMatchObject({ item, boxes: [{ item }] });
  });
});
