// Mistakes in the decorators of payload classes, which the server reports at start.
import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsDate,
  IsInstance,
  IsObject,
  IsOptional,
  IsString,
  MaxDate,
  MinDate,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { loggedClassRules } from '../../src/payload/class-log.js';
import { checkClass, prepareClasses } from '../../src/payload/class-validation.js';
import { Controller, MessageMapping, Payload } from '../../src/index.js';
import { mistakes } from '../controller/serve.js';
import { withoutTypes } from './without-types.js';

class Item {
  @IsString()
  name!: string;
}

class Unchecked {
  name!: string;
}

abstract class Shape {}

class Circle extends Shape {
  @IsString()
  name!: string;
}

class Named extends Shape {
  @IsString()
  kind!: string;
  @IsOptional()
  @IsString()
  label?: string;
  @Allow()
  any: unknown;
}

const subTypes = [{ name: 'named', value: Named }];
const discriminator = { property: 'kind', subTypes };

beforeAll(() => prepareClasses());

describe('a payload class has no mistake', () => {
  it('with types of the compiler and @Type', () => {
    class Right {
      @ValidateNested()
      item!: Item;
      @IsArray()
      @ValidateNested({ each: true })
      @Type(() => Item)
      items!: Item[];
      @ValidateNested({ each: true })
      @Type(() => Item)
      byName!: Map<string, Item>;
      @IsString({ each: true })
      @Type(() => String)
      words!: Set<string>;
      @IsOptional()
      @ValidateNested()
      right?: Right;
      @IsDate()
      at!: Date;
      @MinDate(new Date(0))
      since!: Date;
      @IsDate({ each: true })
      @Type(() => Date)
      days!: Date[];
    }
    expect(checkClass(Right)).toEqual([]);
  });

  it('with @Transform, which may return any value', () => {
    class Transformed {
      @ValidateNested()
      @Transform(({ value }) => Object.assign(new Item(), value))
      item!: unknown;
      @IsString({ each: true })
      @Transform(({ value }) => new Set(value as string[]))
      words!: Set<string>;
    }
    expect(checkClass(Transformed)).toEqual([]);
  });

  it('with a class that @Type chooses by the payload', () => {
    class Chosen {
      @IsObject()
      @ValidateNested()
      @Type((options) => ((options!.object as { circle: boolean }).circle ? Circle : Item))
      chosen!: object;
      @ValidateNested({ each: true })
      @Type(() => Shape, {
        discriminator: { property: 'kind', subTypes: [{ name: 'circle', value: Circle }] },
      })
      shapes!: Shape[];
    }
    expect(checkClass(Chosen)).toEqual([]);
  });

  it('with a discriminator that is kept, that may be missing, or that has no validator', () => {
    class Kept {
      @ValidateNested()
      @Type(() => Named, { keepDiscriminatorProperty: true, discriminator })
      kept!: Shape;
      @ValidateNested()
      @Type(() => Named, { discriminator: { property: 'size', subTypes } })
      removed!: Shape;
      @ValidateNested()
      @Type(() => Named, { discriminator: { property: 'label', subTypes } })
      optional!: Shape;
      @ValidateNested()
      @Type(() => Named, { discriminator: { property: 'any', subTypes } })
      allowed!: Shape;
    }
    expect(checkClass(Kept)).toEqual([]);
  });

  it('with a constructor that needs no arguments, and with excluded properties that are valid', () => {
    class Created {
      @IsString()
      @Exclude()
      fixed = 'x';
      @Exclude()
      internal!: string;
      @IsString()
      @Exclude({ toPlainOnly: true })
      password!: string;
      @IsOptional()
      @IsString()
      @Exclude()
      optional?: string;
      constructor(readonly parent?: string) {}
    }
    @Exclude()
    class Exposed {
      @IsString()
      @Expose()
      name!: string;
    }
    expect([checkClass(Created), checkClass(Exposed)]).toEqual([[], []]);
  });

  it('with types that the compiler records as Object, if its decorators name the form', () => {
    class Unions {
      @IsObject()
      @ValidateNested()
      @Type(() => Item)
      item!: Item | null;
      @IsArray()
      @ValidateNested({ each: true })
      @Type(() => Item)
      items!: readonly Item[] | null;
      @ArrayMaxSize(5)
      @IsString({ each: true })
      words!: string[] | null;
      @ValidateNested({ each: true })
      @Type(() => Item)
      @Reflect.metadata('design:type', Map)
      byName!: ReadonlyMap<string, Item> | null;
      @IsDate()
      @Type(() => Date)
      at!: Date | null;
    }
    expect(checkClass(Unions)).toEqual([]);
  });

  it('without types of the compiler, if its decorators name the form', () => {
    const Explicit = withoutTypes(() => {
      class Explicit {
        @IsArray()
        @ValidateNested({ each: true })
        items!: Item[];
        @IsObject()
        @ValidateNested()
        item!: Item;
        @IsInstance(Item)
        @ValidateNested()
        instance!: Item;
        @MinLength(1)
        text!: string;
      }
      return Explicit;
    });
    // class-transformer needs reflect-metadata for its records.
    for (const name of ['items', 'item', 'instance']) Type(() => Item)(Explicit.prototype, name);
    expect(checkClass(Explicit)).toEqual([]);
  });
});

describe('a payload class is reported', () => {
  it('for a nested list without @Type', () => {
    class Order {
      @ValidateNested({ each: true })
      items!: Item[];
    }
    expect(checkClass(Order)).toEqual([
      expect.stringMatching(
        /^Order\.items: the class of its value is unknown.*@Type\(\(\) => Item\)/,
      ),
    ]);
  });

  it('for a nested interface, and for a class that is undefined because of a circular import', () => {
    class Order {
      @ValidateNested()
      item!: object;
      @ValidateNested()
      @Type(() => undefined as never)
      other!: object;
    }
    expect(checkClass(Order)).toEqual([
      expect.stringContaining('Order.item: the class of its value is unknown'),
      expect.stringContaining('Order.other: the class of its value is unknown'),
    ]);
  });

  it('for a nested class without validators', () => {
    class Order {
      @ValidateNested()
      item!: Unchecked;
    }
    expect(checkClass(Order)).toEqual([
      expect.stringContaining('Order.item: its class Unchecked has no decorators'),
    ]);
  });

  it('for a discriminator that is removed although a class has a validator for it', () => {
    class Drawing {
      @ValidateNested()
      @Type(() => Named, { discriminator })
      shape!: Shape;
      @IsArray()
      @ValidateNested({ each: true })
      @Type(() => Named, { keepDiscriminatorProperty: false, discriminator })
      shapes!: Shape[];
    }
    const text =
      "class-transformer removes the discriminator 'kind', and Named has a validator for it, so every payload with this property would be invalid; add keepDiscriminatorProperty: true to the options of @Type().";
    expect(checkClass(Drawing)).toEqual([`Drawing.shape: ${text}`, `Drawing.shapes: ${text}`]);
  });

  it('for a class of a discriminator that is undefined because of a circular import', () => {
    class Drawing {
      @ValidateNested()
      @Type(() => Named, {
        discriminator: {
          property: 'size',
          subTypes: [...subTypes, { name: 'late', value: undefined as never }],
        },
      })
      shape!: Shape;
    }
    expect(checkClass(Drawing)).toEqual([
      "Drawing.shape: the class of 'late' in the discriminator is undefined (a circular import), so every payload with this name would be invalid; move the class to the module of Drawing, or to one that does not import it.",
    ]);
  });

  it('for a constructor that needs arguments, also of a nested class', () => {
    class Point {
      @IsString()
      x: string;
      constructor(given: { x: string }) {
        this.x = given.x;
      }
    }
    class Drawing {
      @ValidateNested()
      point!: Point;
    }
    expect(checkClass(Drawing)).toEqual([
      expect.stringMatching(
        /^Point cannot be created without arguments \(TypeError: .*reading 'x'.*\), so every payload would be invalid; remove the parameters of its constructor, or give them default values\.$/,
      ),
    ]);
  });

  it('for validators of a property that class-transformer excludes', () => {
    class Login {
      @IsString()
      @Exclude()
      password!: string;
      @IsString()
      @Exclude({ toClassOnly: true })
      secret!: string;
    }
    @Exclude()
    class Hidden {
      @IsString()
      name!: string;
    }
    const text = '@Exclude() removes it from every payload, so every payload would be invalid';
    expect([...checkClass(Login), ...checkClass(Hidden)]).toEqual([
      expect.stringContaining(`Login.password: ${text}`),
      expect.stringContaining(`Login.secret: ${text}`),
      expect.stringContaining(`Hidden.name: ${text}`),
    ]);
  });

  it('for a Map or Set without @Type', () => {
    class Order {
      @ValidateNested({ each: true })
      items!: Map<string, Item>;
      @IsString({ each: true })
      words!: Set<string>;
    }
    expect(checkClass(Order)).toEqual([
      expect.stringContaining('Order.items: payloads are converted to a Map only with @Type()'),
      expect.stringContaining('Order.words: payloads are converted to a Set only with @Type()'),
    ]);
  });

  it('for a nested property and for `each` members without types of the compiler', () => {
    const Early = withoutTypes(() => {
      class Early {
        @ValidateNested()
        item!: Item;
        @IsString({ each: true })
        words!: string[];
        @IsString()
        name!: string;
      }
      return Early;
    });
    const text =
      /the compiler's type is missing.*'reflect-metadata'.*@IsArray\(\) or @IsObject\(\)/;
    expect(checkClass(Early)).toEqual([expect.stringMatching(text), expect.stringMatching(text)]);
    expect(checkClass(Early)[0]).toMatch(
      /^Early\.item: .*add @IsArray\(\) or @IsObject\(\), and @Type\(\(\) => Item\) of class-transformer\./,
    );
    expect(checkClass(Early)[1]).toMatch(/add @IsArray\(\) or @IsObject\(\)\./);
  });

  it('for values and members whose type the compiler records as Object', () => {
    class Unions {
      @ValidateNested()
      @Type(() => Item)
      item!: Item | null;
      @ValidateNested({ each: true })
      @Type(() => Item)
      items!: Item[] | null;
      @IsString({ each: true })
      words!: string[] | null;
      @ValidateNested()
      @Type(() => Item)
      part!: Partial<Item>;
      @ValidateNested({ each: true })
      @Type(() => Item)
      set!: ReadonlySet<Item>;
      @ValidateNested({ each: true })
      @Type(() => Item)
      record!: Record<string, Item>;
      @IsArray({ each: true })
      lists!: string[][] | null;
    }
    const names = ['item', 'items', 'words', 'part', 'set', 'record', 'lists'];
    expect(checkClass(Unions)).toHaveLength(names.length);
    for (const name of names)
      expect(checkClass(Unions)).toContainEqual(
        expect.stringMatching(
          new RegExp(`^Unions\\.${name}: .*as Object.*@IsArray\\(\\) or @IsObject\\(\\)`),
        ),
      );
  });

  it('for members of an object that the compiler did not record as a Map', () => {
    class Unions {
      @IsObject()
      @ValidateNested({ each: true })
      @Type(() => Item)
      items!: Map<string, Item> | null;
    }
    const Early = withoutTypes(() => {
      class Early {
        @IsObject()
        @IsString({ each: true })
        words!: Map<string, string>;
      }
      return Early;
    });
    const text = /members of an object are validated only in a Map.*'design:type', Map/;
    expect(checkClass(Unions)).toEqual([expect.stringMatching(text)]);
    expect(checkClass(Early)).toEqual([expect.stringMatching(text)]);
  });

  it('for a validator that refuses every value of the declared type', () => {
    class Order {
      @IsArray()
      @IsString({ each: true })
      @Type(() => String)
      words!: Set<string>;
      @ArrayMaxSize(3)
      @ValidateNested({ each: true })
      @Type(() => Item)
      byName!: Map<string, Item>;
      @IsObject()
      @IsString({ each: true })
      list!: string[];
      @IsArray()
      @ValidateNested()
      item!: Item;
    }
    expect(checkClass(Order)).toEqual([
      expect.stringMatching(/^Order\.words: @IsArray\(\) refuses every value/),
      expect.stringMatching(/^Order\.byName: @ArrayMaxSize\(\) refuses every value/),
      expect.stringMatching(/^Order\.list: @IsObject\(\) refuses every value/),
      expect.stringMatching(/^Order\.item: @IsArray\(\) refuses every value/),
    ]);
  });

  it('for dates and instances that no payload can have without @Type', () => {
    class Order {
      @IsDate()
      at!: Date | null;
      @MaxDate(new Date(0))
      until!: Date | undefined | null;
      @IsDate({ each: true })
      days!: Date[];
      @IsInstance(Item)
      item!: Item;
    }
    const Early = withoutTypes(() => {
      class Early {
        @IsDate()
        at!: Date;
      }
      return Early;
    });
    const dates = expect.stringContaining('add @Type(() => Date)') as string;
    expect(checkClass(Order)).toEqual([
      dates,
      dates,
      dates,
      expect.stringContaining('Order.item: it accepts only instances of Item'),
    ]);
    expect(checkClass(Early)).toEqual([dates]);
  });

  it('for a class with validators that is not validated without @ValidateNested', () => {
    class Order {
      @IsObject()
      @Type(() => Item)
      item!: Item;
      @IsArray()
      @Type(() => Item)
      items!: Item[];
      @IsObject()
      @Type(() => Unchecked)
      other!: Unchecked;
    }
    expect(checkClass(Order)).toEqual([
      expect.stringMatching(/^Order\.item: .* class Item have no effect; add @ValidateNested\(\)/),
      expect.stringMatching(/^Order\.items: .* class Item have no effect; add @ValidateNested\(\)/),
    ]);
  });

  it('for the mistakes of its nested classes and its base class', () => {
    class Base {
      @ValidateNested()
      base!: object;
    }
    class Middle extends Base {
      @ValidateNested()
      middle!: object;
    }
    class Outer {
      @ValidateNested()
      inner!: Middle;
    }
    expect(checkClass(Outer).map((text) => text.split(':')[0])).toEqual([
      'Middle.middle',
      'Middle.base',
    ]);
  });

  it('for decorators of a second copy of class-transformer', () => {
    const { cache } = createRequire(import.meta.url);
    const file = '/other/node_modules/class-transformer/cjs/storage.js';
    class Order {
      @ValidateNested()
      item!: Item;
    }
    const none = new Map();
    const defaultMetadataStorage = {
      _typeMetadatas: new Map([[Order, none]]),
      _transformMetadatas: none,
      _exposeMetadatas: none,
      _excludeMetadatas: none,
    };
    cache[file] = { exports: { defaultMetadataStorage } } as unknown as NodeJS.Module;
    try {
      expect(checkClass(Order)).toEqual([
        expect.stringMatching(
          /^Order has decorators of a second copy of class-transformer, .*other/,
        ),
      ]);
      expect(checkClass(Item)).toEqual([]);
    } finally {
      Reflect.deleteProperty(cache, file);
    }
  });
});

it('a class without validators is not a mistake, and is logged once', () => {
  const lines: string[] = [];
  const logger = { error: () => {}, info: () => {}, warn: (text: string) => void lines.push(text) };
  const rules = loggedClassRules('drop', 1000, logger);
  for (const type of [Unchecked, Unchecked, Item]) expect(checkClass(type, rules)).toEqual([]);
  expect(lines).toEqual([expect.stringContaining('Payloads of Unchecked are not validated')]);
});

describe('a property with @Type() and no decorator of class-validator', () => {
  class Part {
    @Type(() => Date)
    made!: Date;
    @IsString()
    name!: string;
  }
  class Whole {
    @Type(() => Item)
    item!: Item;
    @ValidateNested()
    @Type(() => Part)
    part!: Part;
  }
  const linesOf = (policy: 'drop' | 'reject' | 'keep') => {
    const lines: string[] = [];
    const warn = (text: string) => void lines.push(text);
    const rules = loggedClassRules(policy, 1000, { error: () => {}, info: () => {}, warn });
    for (let i = 0; i < 2; i++) expect(checkClass(Whole, rules)).toEqual([]);
    return lines;
  };

  it('is logged at start, once', () => {
    expect(linesOf('drop')).toEqual([
      'Payloads of Whole: the property "item" has @Type(), but no decorator of class-validator, so it is dropped. Add @ValidateNested(), for the members of an array, Set or Map with { each: true }.',
      'Payloads of Part: the property "made" has @Type(), but no decorator of class-validator, so it is dropped. Add one, such as @Allow().',
    ]);
    expect(linesOf('reject')[1]).toContain('so payloads that have it are invalid');
    expect(linesOf('keep')).toEqual([]);
  });
});

it('a second copy of class-validator is logged once, with its file', async () => {
  const { cache } = createRequire(import.meta.url);
  const file = '/other/node_modules/class-validator/cjs/index.js';
  const lines: string[] = [];
  const logger = { error: () => {}, info: () => {}, warn: (text: string) => void lines.push(text) };
  const rules = loggedClassRules('drop', 1000, logger);
  await prepareClasses(rules);
  expect(lines).toEqual([]);
  cache[file] = {} as NodeJS.Module;
  try {
    await prepareClasses(rules);
    await prepareClasses(rules);
  } finally {
    Reflect.deleteProperty(cache, file);
  }
  expect(lines).toEqual([
    expect.stringMatching(/^class-validator is loaded 2 times: .*other.*Install one version/),
  ]);
});

it('a mistake is reported with handler, parameter, class and property', () => {
  class Order {
    @ValidateNested({ each: true })
    items!: Item[];
  }
  @Controller()
  class OrderController {
    @MessageMapping('/declared')
    declared(_order: Order) {}
    @MessageMapping('/named')
    named(@Payload(Order) _order: unknown) {}
  }
  expect(mistakes(OrderController)).toEqual([
    expect.stringContaining('OrderController.declared, parameter 0: Order.items: '),
    expect.stringContaining('OrderController.named, parameter 0: Order.items: '),
  ]);
});
