// Instances that do not have the shape that their class declares.
import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import { IsDate, IsObject, IsOptional, IsString, MinDate, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import type { FieldProblem, MessagingError } from '../../src/message/error.js';
import { checkClass, toInstance } from '../../src/payload/class-validation.js';
import type { Constructor } from '../../src/payload/converter.js';
import { withoutTypes } from './without-types.js';

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

/** Also reports problems as rejections that are found synchronously. */
async function convert(value: object, type: Constructor): Promise<object> {
  return toInstance(value, type);
}

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
      { path: 'item.tag', message: 'must be an object' },
      { path: 'item.words', message: 'must be an array' },
      { path: 'items.1.tag', message: 'must be an object' },
      { path: 'items.1.words', message: 'must be an array' },
    ]);
  });

  it('has no array where the class declares a member', async () => {
    const problem = [{ path: 'items.1', message: 'must be an object' }];
    for (const member of [[], [item], [[item]]])
      expect(await fieldsOf({ ...order, items: [item, member] })).toEqual(problem);
  });

  it('is reported together with invalid fields elsewhere', async () => {
    const wrong = { ...item, words: [1] };
    expect(await fieldsOf({ ...order, item: [wrong], items: [wrong] })).toEqual([
      { path: 'item', message: 'must be an object' },
      { path: 'items.0.words', message: 'each value in words must be a string' },
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
  await expect(convert({ nested: { a: 1 } }, Loose)).rejects.toMatchObject({
    fields: [{ path: 'nested' }],
  });
});

describe('the shape of a collection', () => {
  class Catalog {
    @IsOptional()
    @ValidateNested({ each: true })
    @Type(() => Tag)
    byName?: Map<string, Tag>;

    @IsOptional()
    @ValidateNested({ each: true })
    @Type(() => Tag)
    tags?: Set<Tag>;

    @IsOptional()
    @IsString({ each: true })
    @Type(() => String)
    words?: Set<string>;
  }

  const problemsOf = async (value: object) =>
    convert(value, Catalog).then(
      () => [],
      ({ fields }: MessagingError) => fields,
    );

  it('is converted with its members', async () => {
    const plain = { byName: { a: { name: 'a' } }, tags: [{ name: 'b' }], words: ['c'] };
    const { byName, tags, words } = (await toInstance(plain, Catalog)) as Catalog;
    expect(byName?.get('a')).toBeInstanceOf(Tag);
    expect([...tags!][0]).toBeInstanceOf(Tag);
    expect(words).toEqual(new Set(['c']));
  });

  it.each([
    [{ byName: [{ name: 'a' }] }, 'byName', 'must be an object'],
    [{ byName: [] }, 'byName', 'must be an object'],
    [{ byName: { a: [] } }, 'byName.a', 'must be an object'],
    [{ byName: { a: [{ name: 'a' }] } }, 'byName.a', 'must be an object'],
    [{ tags: { name: 'a' } }, 'tags', 'must be an array'],
    [{ tags: [[{ name: 'a' }]] }, 'tags.0', 'must be an object'],
    [{ words: 'a' }, 'words', 'must be an array'],
    [{ words: { a: 'a' } }, 'words', 'must be an array'],
    [{ byName: { a: { name: 1 } } }, 'byName.a.name', 'name must be a string'],
    [{ byName: { a: 1 } }, 'byName.a', expect.stringContaining('must be')],
    [{ tags: [null] }, 'tags.0', expect.stringContaining('must be')],
  ])('is not that of %j', async (value, path, message) => {
    expect(await problemsOf(value)).toEqual([{ path, message }]);
  });

  it.each(['constructor', 'size', 'values', 'toString', '__proto__'])(
    'has no entry %s in a map, which class-transformer would ignore',
    async (key) => {
      const value = JSON.parse(`{"byName":{"${key}":{"name":"a"}}}`) as object;
      expect(await problemsOf(value)).toEqual([
        { path: 'byName', message: `must not have the key '${key}'` },
      ]);
    },
  );
});

describe('a list in which 20 members are not objects', () => {
  const members = Array<number>(30_000).fill(1);
  const problems = (path: string) =>
    Array.from({ length: 20 }, (_, i) => ({ path: `${path}.${i}`, message: 'must be an object' }));

  it.each([
    [{ ...order, items: members }, 'items'],
    [{ ...order, items: members.map(() => null) }, 'items'],
    [{ ...order, item: members }, 'item'],
    [{ ...order, items: [members] }, 'items.0'],
  ])('is rejected before class-validator works on it', async (value, path) => {
    expect(await fieldsOf(value)).toEqual(problems(path));
  });

  it('may have other members if @Transform makes objects of them', async () => {
    class Tags {
      @ValidateNested({ each: true })
      @Transform(({ value }) =>
        (value as string[]).map((name) => Object.assign(new Tag(), { name })),
      )
      tags!: Tag[];
    }
    const { tags } = (await toInstance({ tags: Array(30).fill('a') }, Tags)) as Tags;
    expect(tags).toHaveLength(30);
  });
});

describe('a date', () => {
  class Period {
    @IsDate()
    start!: Date;

    @IsDate({ each: true })
    @Type(() => Date)
    days!: Date[];

    @IsOptional()
    @MinDate(new Date(0))
    end?: Date;
  }

  it('is made of a text or number', async () => {
    const period = await toInstance({ start: '2026-01-01', days: [0], end: 5 }, Period);
    expect(period).toEqual(
      Object.assign(new Period(), {
        start: new Date('2026-01-01'),
        days: [new Date(0)],
        end: new Date(5),
      }),
    );
  });

  it('is not made of true or false', async () => {
    await expect(convert({ start: true, days: [false] }, Period)).rejects.toMatchObject({
      fields: [
        { path: 'start', message: 'must be a date' },
        { path: 'days.0', message: 'must be a date' },
      ],
    });
  });
});

it('nested classes without @Type are converted in a class that @Type chooses by the payload', async () => {
  class Parcel {
    @ValidateNested()
    tag!: Tag;
  }
  class Letter {
    @IsString()
    text!: string;
  }
  class Post {
    @IsString()
    kind!: string;

    @IsObject()
    @ValidateNested()
    @Type((options) => ((options!.object as Post).kind === 'parcel' ? Parcel : Letter))
    content!: Parcel | Letter;
  }
  const post = (await toInstance(
    { kind: 'parcel', content: { tag: { name: 'a' } } },
    Post,
  )) as Post;
  expect((post.content as Parcel).tag).toBeInstanceOf(Tag);
  await expect(
    convert({ kind: 'parcel', content: { tag: { name: 1 } } }, Post),
  ).rejects.toMatchObject({ fields: [{ path: 'content.tag.name' }] });
});

it('a Map and a Set are converted whose types only @Reflect.metadata records', async () => {
  const Recorded = withoutTypes(() => {
    class Recorded {
      byName!: ReadonlyMap<string, Tag>;
      tags!: ReadonlySet<Tag> | null;
    }
    return Recorded;
  });
  for (const [name, collection] of Object.entries({ byName: Map, tags: Set }))
    for (const decorate of [
      Reflect.metadata('design:type', collection),
      Type(() => Tag),
      ValidateNested({ each: true }),
    ])
      decorate(Recorded.prototype, name);
  expect(checkClass(Recorded)).toEqual([]);
  const plain = { byName: { a: { name: 'a' } }, tags: [{ name: 'b' }] };
  const { byName, tags } = (await toInstance(plain, Recorded)) as InstanceType<typeof Recorded>;
  expect(byName.get('a')).toBeInstanceOf(Tag);
  expect([...tags!][0]).toBeInstanceOf(Tag);
  await expect(convert({ byName: [], tags: { a: 1 } }, Recorded)).rejects.toMatchObject({
    fields: [
      { path: 'byName', message: 'must be an object' },
      { path: 'tags', message: 'must be an array' },
    ],
  });
});

describe('a nested class without @Type', () => {
  class Inner {
    @IsDate()
    at!: Date;
  }

  class Middle {
    @ValidateNested()
    inner!: Inner;

    @IsOptional()
    @ValidateNested()
    middle?: Middle;
  }

  class Outer {
    @ValidateNested()
    middle!: Middle;
  }

  it('is converted by the type that the compiler recorded', async () => {
    const inner = { at: '2026-01-01T00:00:00Z' };
    const outer = (await toInstance({ middle: { inner, middle: { inner } } }, Outer)) as Outer;
    expect(outer.middle).toBeInstanceOf(Middle);
    expect(outer.middle.middle?.inner).toBeInstanceOf(Inner);
    expect(outer.middle.inner.at).toEqual(new Date(inner.at));
  });

  it('is validated', async () => {
    await expect(convert({ middle: { inner: { at: 'x' } } }, Outer)).rejects.toMatchObject({
      fields: [{ path: 'middle.inner.at' }],
    });
    await expect(convert({ middle: [] }, Outer)).rejects.toMatchObject({
      fields: [{ path: 'middle', message: 'must be an object' }],
    });
  });
});
