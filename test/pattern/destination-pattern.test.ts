// Application patterns: matching, variables, ranking and combination.
import { describe, expect, it } from 'vitest';
import {
  combineDestinations,
  compareSpecificity,
  compileDestination,
} from '../../src/pattern/destination-pattern.js';
import { MessagingError } from '../../src/message/error.js';
import type { Separator } from '../../src/pattern/separator.js';

const compile = compileDestination;

const matches = (pattern: string, destination: string, separator?: Separator) =>
  compile(pattern, separator).match(destination) !== undefined;

const captured = (pattern: string, destination: string) => {
  const values = compile(pattern).match(destination);
  return values && Object.fromEntries(values);
};

describe('a pattern matches', () => {
  it.each([
    ['/topic/a', '/topic/a'],
    ['topic', 'topic'],
    ['/', '/'],
    ['/t?st', '/test'],
    ['/t?st', '/t😀st'],
    ['/??', '/ab'],
    ['/topic/*', '/topic/a'],
    ['/*/a', '/topic/a'],
    ['/topic/price.stock.*', '/topic/price.stock.ibm'],
    ['/topic/price.stock.*', '/topic/price.stock.'],
    ['/topic/*.stock.*', '/topic/price.stock.ibm'],
    ['/a*a*a', '/aXaaa'],
    ['/*', '/*'],
    ['/**', '/'],
    ['/**', '/a/b/c/'],
    ['/topic/**', '/topic'],
    ['/topic/**', '/topic/'],
    ['/topic/**', '/topic/a/b'],
    ['/a/**/b', '/a/b'],
    ['/a/**/b', '/a/x/y/b'],
    ['/a/**/b/**/c', '/a/b/x/b/c/c'],
    ['/**/a/*', '/a/a/a/x'],
    ['/bla/**/**/bla', '/bla/bla/bla'],
    ['/a/*/', '/a/b/'],
    ['/a/*', '//a//b'],
    ['/{room}/x', '/lobby/x'],
    ['/{id:\\d+}', '/42'],
    ['/{id:[^/]+}', '/a'],
  ])('%s with %s', (pattern, destination) => {
    expect(matches(pattern, destination)).toBe(true);
  });
});

describe('a pattern does not match', () => {
  it.each([
    ['/topic/a', '/topic/A'],
    ['/topic/a', '/topic//a'],
    ['/t?st', '/tst'],
    ['/t?st', '/teest'],
    ['/topic/*', '/topic'],
    ['/topic/*', '/topic/'],
    ['/topic/*', '/topic/a/b'],
    ['/topic/*', 'topic/a'],
    ['topic/*', '/topic/a'],
    ['/topic/*', '/topic/a/'],
    ['/topic/*/', '/topic/a'],
    ['/topic/price.stock.*', '/topic/price.bond.x'],
    ['/ab*ba', '/aba'],
    ['/*ab*b', '/ab'],
    ['*b*b', 'b'],
    ['/a*b*c', '/acb'],
    ['/**', 'a'],
    ['/a/**/b', '/a/b/c'],
    ['/topic/**', '/topicx'],
    ['/{a}-{b}', '/ab'],
    ['/{id:\\d+}', '/x'],
    ['/{id:\\d+}', '/4x'],
    ['/{id:\\d+}', '/'],
  ])('%s with %s', (pattern, destination) => {
    expect(matches(pattern, destination)).toBe(false);
  });
});

describe('dots as separator', () => {
  it('separate segments', () => {
    expect(matches('red.{c}.green', 'red.blue.green', '.')).toBe(true);
    expect(matches('red.*', 'red.blue.green', '.')).toBe(false);
    expect(matches('red.**', 'red.blue.green', '.')).toBe(true);
    expect(matches('/topic/red.*', '/topic/red.a/b', '.')).toBe(true);
  });
});

describe('variables', () => {
  it.each([
    ['/rooms/{room}', '/rooms/lobby', { room: 'lobby' }],
    ['/{a}-{b}', '/x-y-z', { a: 'x-y', b: 'z' }],
    ['/{a}-{b}', '/-', { a: '', b: '' }],
    ['/{a}{b}', '/xy', { a: 'xy', b: '' }],
    ['/{name}.*', '/a.b.c', { name: 'a.b' }],
    ['/v{a}?{b}', '/vxyz', { a: 'xy', b: '' }],
    ['/{a:\\d+}-{b}', '/12-3-x', { a: '12', b: '3-x' }],
    ['/{a:\\d+}{b:\\d}', '/123', { a: '12', b: '3' }],
    ['/{a:(x|y)(z?)}-{b:(?<inner>\\d)\\d}-{c}', '/yz-12-3', { a: 'yz', b: '12', c: '3' }],
    ['/{a:(?i)x+}{b}', '/Xxy', { a: 'Xx', b: 'y' }],
    ['/{a:(?:ab)+}{b}', '/ababa', { a: 'abab', b: 'a' }],
    [
      '/{symbol:[a-z.]+}-{version:\\d\\.\\d}.*',
      '/com.x-1.0.jar',
      { symbol: 'com.x', version: '1.0' },
    ],
    ['/**/{last}', '/a/b/c', { last: 'c' }],
    ['/{first}/**/x/{last}', '/a/x/b/x/c', { first: 'a', last: 'c' }],
  ])('of %s in %s have values', (pattern, destination, expected) => {
    expect(captured(pattern, destination)).toEqual(expected);
  });

  it('are listed from left to right', () => {
    expect(compile('/{b}/{a:\\d+}-{c}').variables).toEqual(['b', 'a', 'c']);
  });

  it('share one empty map if there are none', () => {
    expect(compile('/a').match('/a')).toBe(compile('/b/*').match('/b/c'));
  });
});

it("a pattern with '**' after a slash is refused if the separator is a dot", () => {
  expect(() => compileDestination('/topic/**', '.')).toThrow(
    "The pattern '/topic/**' is not valid at position 6: `**` must be a whole segment, and the separator is '.'; write `/*.**`.",
  );
  expect(matches('/topic/*.**', '/topic/a.b', '.')).toBe(true);
});

describe('a literal', () => {
  it('is a pattern without wildcards', () => {
    expect(compile('/a/b').literal).toBe(true);
    for (const pattern of ['/a/*', '/**', '/a?', '/{a}'])
      expect(compile(pattern).literal).toBe(false);
  });
});

describe('a malformed pattern', () => {
  it.each([
    ['/a/{', 3, 'a brace is not closed'],
    ['/a/{b', 3, 'a brace is not closed'],
    ['/a/b}', 4, 'a brace is closed but not opened'],
    ['/{}', 1, 'a variable has no name'],
    ['/{:x}', 1, 'a variable has no name'],
    ['/{*rest}', 1, `the name of a variable must not contain '*'`],
    ['/{a{b}}', 1, `the name of a variable must not contain '{'`],
    ['/{a/b}', 1, `the name of a variable must not contain '/'`],
    ['/{a}/{a}', 5, 'two variables have the same name'],
    ['/{a:}', 4, 'the expression of a variable is empty'],
    ['/x/{a:(b}', 3, "the expression '(b' is malformed (missing closing ))"],
    ['/{a:x)(y}-{b}', 1, "the expression 'x)(y' is malformed (unexpected ))"],
    ['/{a:(?=x)x}', 1, "the expression '(?=x)x' is malformed (invalid or unsupported Perl syntax)"],
    ['/x'.repeat(33), 65, 'a pattern has at most 32 segments'],
    ['/{a:x{1001}}', 1, "the expression 'x{1001}' is malformed (invalid repeat count)"],
  ])('%s is refused at %i', (pattern, position, problem) => {
    expect(() => compile(pattern)).toThrow(
      new MessagingError(
        'pattern-invalid',
        `The pattern '${pattern}' is not valid at position ${position}: ${problem}.`,
      ),
    );
  });

  it('may have 32 segments', () => {
    expect(compile('/*'.repeat(32)).match('/a'.repeat(32))).toBeDefined();
  });
});

describe('the more specific of two patterns', () => {
  const compare = (a: string, b: string) => Math.sign(compareSpecificity(compile(a), compile(b)));

  it.each([
    ['/a/b', '/a/*'],
    ['/a/b', '/a/b?'],
    ['/a/{x}', '/a/*'],
    ['/a/*', '/a/**'],
    ['/a/**', '/**'],
    ['/a/{x}', '/**'],
    ['/a/{x}/c', '/{x}/{y}/c'],
    ['/a/{x}.html', '/a/{x}'],
    ['/a/{x}', '/{x}'],
    ['/a/{x}', '/a/b/c/d/**'],
    ['/a/b/**', '/a/**'],
    ['/a/{x}/**', '/a/*/**'],
    ['/a/{x}/*/**', '/a/{x}/**'],
    ['/a/*/{x}/*', '/**/a'],
    ['/**/a', '/a/b/**'],
    ['/x/**/a', '/**/a'],
    ['/{a-long-name}/b', '/{x}/*'],
  ])('%s comes before %s', (a, b) => {
    expect([compare(a, b), compare(b, a)]).toEqual([-1, 1]);
  });

  it.each([
    ['/a/{x}', '/a/{y}'],
    ['/a/{x}', '/{x}/b'],
    ['/a/*', '/*/b'],
    ['/**', '/**/**'],
  ])('%s and %s cannot be ranked', (a, b) => {
    expect([compare(a, b), compare(b, a)]).toEqual([0, 0]);
  });
});

describe('a prefix and a pattern', () => {
  it.each([
    ['', '', ''],
    ['/a', '', '/a'],
    ['', '/b', '/b'],
    ['/a', '/b', '/a/b'],
    ['/a', 'b', '/a/b'],
    ['/a/', '/b', '/a/b'],
    ['/a/*', '/b', '/a/b'],
    ['/a/*', 'b', '/a/b'],
    ['/a/*', '/{b}', '/a/{b}'],
    ['/a/**', '/b', '/a/**/b'],
    ['/*', '/hotel', '/hotel'],
    ['/**', '/a/{b}', '/a/{b}'],
    ['/user', '/user', '/user/user'],
    ['/{a}', '/{b}', '/{a}/{b}'],
  ])('%j and %j make %j', (type, method, both) => {
    expect(combineDestinations(type, method, '/')).toBe(both);
  });

  it('are joined by a dot if the separator is a dot', () => {
    expect(combineDestinations('foo', 'bar', '.')).toBe('foo.bar');
    expect(combineDestinations('foo.*', 'bar', '.')).toBe('foo.bar');
  });
});
