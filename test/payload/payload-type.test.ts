// The payload types of design types.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { payloadTypeOf, type PayloadType } from '../../src/payload/payload-type.js';
import { parseWithSchema } from '../../src/payload/standard-schema.js';

class Dto {}
abstract class Shape {}
enum Color {
  Red = 'red',
}

describe('the payload type of a design type', () => {
  it.each([
    [String, 'text'],
    [Uint8Array, 'bytes'],
    [Buffer, 'bytes'],
    [Object, 'any'],
    [undefined, 'any'],
    [Color, 'any'],
    ['red', 'any'],
    [Dto, 'class'],
    [Shape, 'class'],
    [z.object({}), 'schema'],
    [Number, 'schema'],
  ])('of %s is %s', (type, kind) => {
    expect(payloadTypeOf(type)?.kind).toBe(kind);
  });

  it.each([
    ['an arrow function that returns a class', () => Dto],
    ['an asynchronous function', async () => Dto],
    ['a bound class', Dto.bind(null)],
  ])('does not exist for %s', (_, type) => {
    expect(payloadTypeOf(type)).toBeUndefined();
  });

  it.each([Function, Date, Map, Promise, Error, Symbol, ArrayBuffer])(
    'does not exist for %s',
    (type) => {
      expect(payloadTypeOf(type)).toBeUndefined();
    },
  );

  it.each([
    [Number, 7, '7', 'must be a number'],
    [Boolean, false, 0, 'must be true or false'],
    [Array, [1], {}, 'must be an array'],
  ])('of %s is checked', (type, good, bad, message) => {
    const { schema } = payloadTypeOf(type) as PayloadType & { kind: 'schema' };
    expect(parseWithSchema(good, schema)).toEqual(good);
    expect(() => parseWithSchema(bad, schema)).toThrow(
      expect.objectContaining({ code: 'payload-invalid', fields: [{ path: '', message }] }),
    );
  });
});
