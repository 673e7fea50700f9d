// The converter for JSON writes values with their contents, also those that JSON.stringify would write as `{}`.
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { Payloads } from '../../src/payload/converter.js';
import { json } from '../../src/payload/json.js';
import { defaultConverters } from '../../src/server/defaults.js';
import { cases } from '../property.js';

const payloads = new Payloads(defaultConverters);
/** Undefined for values that have no JSON text. */
function jsonTextOf(value: unknown): string | undefined {
  const written = json.write(value, 'application/json');
  return written && Buffer.from(written.body).toString();
}

const { buffer } = new Uint8Array([1, 2, 3]);

class Money {
  constructor(readonly amount: number) {}
}

class Shown {
  toJSON() {
    return { shown: new Map([['a', 1]]) };
  }
}

class ShownError extends Error {
  toJSON() {
    return { text: this.message };
  }
}

class Empty {}

class Tagged {
  readonly a = 1;
  readonly [Symbol.toStringTag] = 'Tagged';
}

describe('a value is written with its contents', () => {
  it.each<[string, unknown, string]>([
    [
      'Map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Set(['b'])],
      ]),
      '{"2":["b"],"a":1}',
    ],
    ['Map with the key __proto__', new Map([['__proto__', 1]]), '{"__proto__":1}'],
    ['empty Map', new Map(), '{}'],
    ['Set', new Set([1, new Map([['a', 1]])]), '[1,{"a":1}]'],
    ['array of numbers', new Float64Array([1.5, 2]), '[1.5,2]'],
    ['empty array of numbers', new Int16Array(0), '[]'],
    ['Date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['instance of a class', new Money(3), '{"amount":3}'],
    ['instance without properties', new Empty(), '{}'],
    ['instance with a tag', new Tagged(), '{"a":1}'],
    ['result of toJSON', new Shown(), '{"shown":{"a":1}}'],
    ['Map of toJSON', { toJSON: () => new Map([['a', 1]]) }, '{"a":1}'],
    ['Set of an array with toJSON', Object.assign([], { toJSON: () => new Set([1]) }), '[1]'],
    ['bytes of toJSON', { toJSON: () => new Uint8Array([1, 2, 3]) }, '"AQID"'],
    ['Map of another realm', runInNewContext("new Map([['a', new Set([1])]])"), '{"a":[1]}'],
    ['error with toJSON', new ShownError('It failed.'), '{"text":"It failed."}'],
    ['object without prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ['boxed text', Object('a'), '"a"'],
    ['null', null, 'null'],
  ])('%s', (_, value, text) => {
    expect(jsonTextOf(value)).toBe(text);
    expect(jsonTextOf({ list: [value] })).toBe(`{"list":[${text}]}`);
  });

  it.each([
    ['Uint8Array', new Uint8Array([1, 2, 3])],
    ['Buffer', Buffer.from([1, 2, 3])],
    ['part of a Buffer', Buffer.from([0, 1, 2, 3, 4]).subarray(1, 4)],
    ['Uint8ClampedArray', new Uint8ClampedArray([1, 2, 3])],
    ['ArrayBuffer', buffer],
    ['SharedArrayBuffer', sharedBytes()],
    ['DataView', new DataView(buffer)],
  ])('%s as bytes, and inside of another value in base64', (_, value) => {
    const { body, contentType } = payloads.write(value);
    expect([...body]).toEqual([1, 2, 3]);
    expect(contentType).toBe('application/octet-stream');
    expect(jsonTextOf({ a: value })).toBe('{"a":"AQID"}');
  });

  it('other values as JSON.stringify writes them', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBoxedValues: true,
          withDate: true,
          withNullPrototype: true,
          withSparseArray: true,
          withBigInt: true,
        }),
        (value) => {
          const [expected, actual] = [
            attempt(() => JSON.stringify(value)),
            attempt(() => jsonTextOf(value)),
          ];
          expect(actual).toEqual(expected);
        },
      ),
      cases,
    );
  });
});

describe('a value without JSON form is refused with its kind and its place', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = { children: [cycle] };

  it.each<[string, unknown, RegExp]>([
    ['Error', new Error('It failed.'), /of type Error.*throw it/],
    ['Error with properties', Object.assign(new Error('a'), { code: 'ENOENT' }), /of type Error/],
    ['Error of toJSON', { toJSON: () => new Error('a') }, /of type Error/],
    [
      'Error of another realm',
      runInNewContext("Object.assign(new Error('a'), { code: 1 })"),
      /of type Error/,
    ],
    ['Map with objects as keys', new Map([[{}, 1]]), /Map with keys that are not text/],
    [
      'Map with equal texts as keys',
      new Map<unknown, unknown>([
        [1, 'a'],
        ['1', 'b'],
      ]),
      /Map with equal texts as keys/,
    ],
    ['Blob', new Blob(['a']), /of type Blob/],
    ['RegExp', /a/, /of type RegExp/],
    ['Promise', Promise.resolve(1), /of type Promise/],
    ['WeakMap', new WeakMap(), /of type WeakMap/],
    ['iterator', [1].values(), /of type Array Iterator/],
    ['bigint', 1n, /BigInt/],
    ['cycle', cycle, /circular/],
  ])('%s', (_, value, text) => {
    expect(() => jsonTextOf(value)).toThrow(text);
    expect(() => jsonTextOf({ deep: [{ here: value }] })).toThrow(text);
    expect(() => payloads.write({ deep: value })).toThrow(
      expect.objectContaining({ code: 'payload-unwritable' }),
    );
  });

  it('the error names the member', () => {
    expect(() => jsonTextOf({ cause: new Error('a') })).toThrow(
      'The member "cause" is of type Error',
    );
  });
});

function sharedBytes(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(3);
  new Uint8Array(shared).set([1, 2, 3]);
  return shared;
}

function attempt(write: () => unknown): unknown {
  try {
    return write();
  } catch {
    return 'refused';
  }
}
