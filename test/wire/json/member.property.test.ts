// The place of a member in generated objects: the text there has the value that JSON.parse returns for it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memberOf } from '../../../src/wire/json/member.js';
import { cases } from '../../property.js';

const blank = fc.constantFrom('', '', ' ', '\t', '\r\n');
const names = fc.constantFrom(
  'payload',
  String.raw`p\u0061yload`,
  String.raw`\u0070\u0061\u0079\u006C\u006f\u0061\u0064`,
  String.raw`payload\"`,
  String.raw`paylo\u0061`,
  String.raw`\\u0070ayload`,
  'receipt',
  'payloadBase64',
  '__proto__',
  '',
  'é',
);
const values = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc
    .jsonValue({ maxDepth: 2 })
    .map((value) => JSON.stringify({ payload: value, x: [value, '"payload":1'] })),
  fc.constantFrom(
    '-0',
    '1e400',
    String.raw`"\\"`,
    String.raw`"\","`,
    '"}]"',
    '[ ]',
    '{ "payload" : 1 }',
  ),
);
const object = fc
  .array(fc.tuple(blank, names, blank, blank, values, blank), { maxLength: 5 })
  .map((members) =>
    members.map(([a, name, b, c, value, d]) => `${a}"${name}"${b}:${c}${value}${d}`),
  )
  .chain((members) => fc.tuple(blank, blank).map(([a, b]) => `${a}{${members.join(',')}}${b}`));

it('is the place of the value that JSON.parse uses', () => {
  fc.assert(
    fc.property(object, (text) => {
      const { payload } = JSON.parse(text) as { payload?: unknown };
      const bytes = Buffer.from(text);
      const place = memberOf(bytes, 'payload');
      const found = place && bytes.toString('utf8', place.start, place.end);
      expect(found).toBe(found?.trim());
      expect(found === undefined ? undefined : JSON.parse(found)).toEqual(payload);
    }),
    cases,
  );
});
