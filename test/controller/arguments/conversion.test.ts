// The conversion of headers and variables: which texts are values of a type, and which types are refused at start.
import { describe, expect, it } from 'vitest';
import {
  Controller,
  DestinationVariable,
  Header,
  listOf,
  MessageMapping,
  oneOf,
  uuid,
  type TextConverter,
  type TextType,
} from '../../../src/index.js';
import { mistakes, serve } from '../serve.js';

enum Color {
  Red = 'red',
  Blue = 'blue',
}

enum Level {
  Low,
  High,
}

const length: TextConverter = {
  expected: 'a word',
  read: (text) => (text === '' ? undefined : text.length),
};

/** The value of a header whose decorator names a type. */
async function valueOf(type: TextType, text: string): Promise<unknown> {
  const seen: unknown[] = [];
  @Controller()
  class A {
    @MessageMapping('/a')
    a(@Header('x', type) x: unknown) {
      seen.push(x);
    }
  }
  await serve(A).send('/a', { headers: { x: text } });
  return seen[0];
}

const id = '019c1f2e-8a4b-7c3d-9e5f-0123456789ab';

describe('a text is converted to', () => {
  it.each<[name: string, type: TextType, texts: readonly (readonly [string, unknown])[]]>([
    ['a string, unchanged', String, ['', ' a ', '0x10'].map((text) => [text, text])],
    [
      'a number',
      Number,
      [
        ['0', 0],
        ['-12', -12],
        ['007', 7],
        ['3.50', 3.5],
        [' 5\t', 5],
        ['9007199254740991', 9007199254740991],
        ['-9007199254740991', -9007199254740991],
      ],
    ],
    [
      'a boolean',
      Boolean,
      [
        ...['true', 'TRUE', 'on', 'Yes', '1', ' true'].map((text) => [text, true] as const),
        ...['false', 'False', 'off', 'NO', '0'].map((text) => [text, false] as const),
      ],
    ],
    [
      'a bigint',
      BigInt,
      [
        ['9007199254740993', 9007199254740993n],
        ['-1', -1n],
      ],
    ],
    [
      'a date',
      Date,
      [
        ['2026-11-27', new Date(Date.UTC(2026, 10, 27))],
        ['2026-11-27T10:00Z', new Date(Date.UTC(2026, 10, 27, 10))],
        ['2026-11-27T10:00:01+02:00', new Date(Date.UTC(2026, 10, 27, 8, 0, 1))],
        ['2026-11-27T10:00:00.123456789Z', new Date(Date.UTC(2026, 10, 27, 10, 0, 0, 123))],
        ['2028-02-29', new Date(Date.UTC(2028, 1, 29))],
      ],
    ],
    [
      'a UUID in lower case',
      uuid,
      [
        [id, id],
        [id.toUpperCase(), id],
      ],
    ],
    ['a value of an enum', oneOf(Color), [['blue', Color.Blue]]],
    [
      'a value of an enum of numbers',
      oneOf(Level),
      [
        ['0', Level.Low],
        ['1', Level.High],
      ],
    ],
    [
      'one of a list',
      oneOf(['asc', 2]),
      [
        ['asc', 'asc'],
        ['2', 2],
      ],
    ],
    [
      'a list',
      listOf(Number),
      [
        ['1, 2,3', [1, 2, 3]],
        ['7', [7]],
        ['', []],
      ],
    ],
    ['a list of strings', listOf(String), [['a , b,,', ['a', 'b', '', '']]]],
    ['the value of a converter', length, [['word', 4]]],
  ])('%s', async (_, type, texts) => {
    for (const [text, value] of texts) expect(await valueOf(type, text)).toStrictEqual(value);
  });
});

describe('a text is refused with the name of the header if it is not', () => {
  it.each<[expected: string, type: TextType, texts: readonly string[]]>([
    [
      'a decimal number such as 12 or -3.5',
      Number,
      // Hexadecimal numbers and exponents, and integers that a number would round.
      ['', ' ', 'x', '0x10', '#10', '1e3', '1_000', '1,5', '.5', '5.', '+5', '١', 'NaN', 'Infinity']
        .concat('1'.repeat(400))
        .concat('9007199254740992', '9007199254740993', '-9007199254740993', '9007199254740993.5'),
    ],
    ['true or false', Boolean, ['', '2', 'y', 'wahr']],
    ['a whole number', BigInt, ['', '1.0', '0x10', '1n', '+1']],
    [
      'a date such as 2026-11-27 or 2026-11-27T10:00:00Z',
      Date,
      // Without an offset a time depends on the time zone of the server.
      [
        '',
        'today',
        '2026',
        '1764237600000',
        '2026-11-27T10:00:00',
        '27.11.2026',
        '2026-13-01',
      ].concat('2026-02-30', '2026-11-27T25:00:00Z', '2026-11-27 10:00:00Z'),
    ],
    ['a UUID', uuid, ['', id.slice(1), `{${id}}`, id.replaceAll('-', '')]],
    ['one of red, blue', oneOf(Color), ['', 'Red', 'green', 'toString']],
    ['one of 0, 1', oneOf(Level), ['Low', '2', '0.0']],
    ['one of asc, 2', oneOf(['asc', 2]), ['ASC', '']],
    [
      'a list separated by commas, and each item a decimal number such as 12 or -3.5',
      listOf(Number),
      ['1,x', '1,', ','],
    ],
    ['a word', length, ['', '  ']],
  ])('%s', async (expected, type, texts) => {
    for (const text of texts)
      await expect(valueOf(type, text)).rejects.toMatchObject({
        code: 'argument-invalid',
        message: `The header 'x' must be ${expected}.`,
      });
  });
});

describe('the type of a header or variable', () => {
  it('is the recorded type of the parameter, unless the decorator names one', async () => {
    const seen: unknown[] = [];
    @Controller()
    class A {
      @MessageMapping('/a/{n}/{b}/{d}')
      a(
        @DestinationVariable('n') n: number,
        @DestinationVariable('b') b: bigint,
        @DestinationVariable('d', Date) d: Date | undefined,
        @Header('x', Number, { required: false }) x: number | undefined,
        @Header('y', Number, { default: 3 }) y = 4,
        @Header('z', { required: false }) z?: boolean,
      ) {
        seen.push(n, b, d, x, y, z);
      }
    }
    await serve(A).send('/a/1/2/2026-11-27', { headers: { z: 'yes' } });
    await serve(A).send('/a/1/2/2026-11-27', { headers: { x: '5', y: '6' } });
    const date = new Date('2026-11-27');
    expect(seen).toEqual([1, 2n, date, undefined, 3, true, 1, 2n, date, 5, 6, undefined]);
  });

  it('must be known and supported', () => {
    class Id {}
    @Controller()
    class A {
      @MessageMapping('/a/{v}')
      a(
        @DestinationVariable('v') v: Id,
        @Header('n') n: number | undefined,
        @Header('d') d = 3,
        @Header('t') t: string[],
        @Header('i', Id as unknown as TextType) i: unknown,
      ) {
        return [v, n, d, t, i];
      }
    }
    const supported =
      'use String, Number, Boolean, BigInt, Date, uuid, oneOf(), listOf() or a TextConverter.';
    const unknown =
      'or String for text. Compilers record no type for a union or for a parameter with only a default value, and esbuild and tsx record none at all.';
    expect(mistakes(A)).toEqual([
      `A.a, parameter 0: text cannot be converted to Id; ${supported}`,
      `A.a, parameter 1: its type is unknown; name it, as in @Header('n', Number), ${unknown}`,
      `A.a, parameter 2: its type is unknown; name it, as in @Header('d', Number), ${unknown}`,
      `A.a, parameter 3: the type of its items is unknown; name it, as in @Header('t', listOf(Number)).`,
      `A.a, parameter 4: text cannot be converted to Id; ${supported}`,
    ]);
  });

  it('of the items of a list must be supported', () => {
    expect(() => listOf({} as TextType)).toThrow('listOf(): text cannot be converted to {};');
  });
});

describe('an asynchronous converter', () => {
  const lookup: TextConverter = {
    expected: 'a known tag',
    read: async (text) => {
      if (text === 'away') throw new RangeError('The database is away.');
      return text === 'unknown' ? undefined : text.toUpperCase();
    },
  };

  @Controller()
  class Tags {
    @MessageMapping('/one')
    one(@Header('tag', lookup) tag: string) {
      return tag;
    }

    @MessageMapping('/list')
    list(@Header('tag', listOf(lookup)) tags: string[]) {
      return tags;
    }

    @MessageMapping('/all')
    all(@Header('tag', lookup, { all: true }) tags: string[]) {
      return tags;
    }
  }

  const send = (destination: string, tags: readonly string[]) =>
    serve(Tags).send(destination, {
      headers: { tag: tags[0]! },
      repeatedHeaders: { tag: tags.slice(1) },
    });

  it('is awaited, also for a list and for all values of a header', async () => {
    await expect(send('/one', ['a'])).resolves.toMatchObject({ value: 'A' });
    await expect(send('/list', ['a, b'])).resolves.toMatchObject({ value: ['A', 'B'] });
    await expect(send('/all', ['a', 'b'])).resolves.toMatchObject({ value: ['A', 'B'] });
  });

  it('can find that the text is not valid', async () => {
    const invalid = { code: 'argument-invalid' };
    await expect(send('/one', ['unknown'])).rejects.toMatchObject(invalid);
    await expect(send('/list', ['a,unknown'])).rejects.toMatchObject(invalid);
    await expect(send('/all', ['a', 'unknown'])).rejects.toMatchObject(invalid);
  });

  it('fails the call when it rejects, once or several times', async () => {
    const failed = { code: 'handler-failed' };
    await expect(send('/one', ['away'])).rejects.toMatchObject(failed);
    await expect(send('/list', ['away,away'])).rejects.toMatchObject(failed);
    await expect(send('/all', ['away', 'away'])).rejects.toMatchObject(failed);
    await new Promise(setImmediate);
  });
});

describe('mistakes in a decorator are reported at start', () => {
  const circular = undefined as unknown as TextType;

  it('in the type, the name and the options', () => {
    @Controller()
    class A {
      @MessageMapping('/{id}')
      a(
        @Header('x', circular) x: number,
        @Header('x', null as never) y: number,
        @Header('x', 'number' as never) z: number,
        @Header('') empty: number,
        @Header(undefined as never) missing: number,
        @Header('x', { requird: false } as never) option: number,
        @Header('x', Number, { defualt: 1 } as never) value: number,
        @Header('x', Number, null as never) options: number,
        @DestinationVariable('id', circular) id: number,
        @DestinationVariable('id', null as never) other: number,
        @Header('x', Number, undefined) valid: number,
      ) {
        return [x, y, z, empty, missing, option, value, options, id, other, valid];
      }
    }
    const use =
      'use String, Number, Boolean, BigInt, Date, uuid, oneOf(), listOf() or a TextConverter.';
    const undefinedType = `text cannot be converted to undefined; look for a circular import, or ${use}`;
    expect(mistakes(A)).toEqual(
      [
        undefinedType,
        `text cannot be converted to null; ${use}`,
        `text cannot be converted to 'number'; ${use}`,
        "the name of its header is ''; name one, as in @Header('limit').",
        "the name of its header is undefined; name one, as in @Header('limit').",
        "The option 'requird' is unknown; the nearest known one is 'required'.",
        "The option 'defualt' is unknown; the nearest known one is 'default'.",
        'The options must be an object, such as { required: ... }.',
        undefinedType,
        `text cannot be converted to null; ${use}`,
      ].map((text, index) => `A.a, parameter ${index}: ${text}`),
    );
  });

  it.each([[[]], [undefined], [{}], [[{}]], [[null]]])('oneOf(%j)', (values) => {
    expect(() => oneOf(values as never)).toThrow(/^oneOf\(\): .* look for a circular import\.$/);
  });
});
