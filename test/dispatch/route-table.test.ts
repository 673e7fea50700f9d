// The route table: the route of a destination, and routes that conflict.
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/dispatch/route.js';
import { RouteTable } from '../../src/dispatch/route-table.js';

function route(
  pattern: string,
  handler = `Handler of ${pattern}`,
  on: Route['on'] = 'send',
): Route {
  return { on, pattern, handler, invoke: () => ({ kind: 'none' }) };
}

function table(patterns: readonly string[], separator: '/' | '.' = '/'): RouteTable {
  return new RouteTable(
    patterns.map((pattern) => route(pattern)),
    { separator },
  );
}

const found = (routes: RouteTable, lookup: string) => routes.find('send', lookup)?.route.pattern;

describe('finding a route', () => {
  it('prefers the literal route', () => {
    const routes = table(['/a/*', '/a/b', '/{x}/b']);
    expect(found(routes, '/a/b')).toBe('/a/b');
    expect(found(routes, '/a/c')).toBe('/a/*');
  });

  it.each([
    [['/**', '/a/**', '/a/*'], '/a/b', '/a/*'],
    [['/**', '/a/**'], '/a/b', '/a/**'],
    [['/**', '/a/**'], '/b', '/**'],
    [['/a/{x}', '/a/{x}/c'], '/a/b/c', '/a/{x}/c'],
    [['/{x}/{y}', '/a/{y}'], '/a/b', '/a/{y}'],
    [['/a/*', '/a/{x}'], '/a/b', '/a/{x}'],
  ])('among %j returns the most specific one for %s', (patterns, lookup, expected) => {
    for (const order of [patterns, patterns.toReversed()]) {
      const routes = table(order);
      expect(routes.mistakes).toEqual([]);
      expect(found(routes, lookup)).toBe(expected);
    }
  });

  it('returns the values of the variables', () => {
    expect(
      table(['/rooms/{room}/by/{user}']).find('send', '/rooms/lobby/by/ann')?.variables,
    ).toEqual(
      new Map([
        ['room', 'lobby'],
        ['user', 'ann'],
      ]),
    );
    expect(table(['/a']).find('send', '/a')?.variables.size).toBe(0);
  });

  it('matches regular expressions', () => {
    const routes = table(['/items/{id:[0-9]+}']);
    expect(found(routes, '/items/7')).toBe('/items/{id:[0-9]+}');
    expect(found(routes, '/items/x')).toBeUndefined();
  });

  it('matches segments separated by dots', () => {
    const routes = table(['red.{color}.green'], '.');
    expect(routes.find('send', 'red.blue.green')?.variables.get('color')).toBe('blue');
    expect(found(routes, 'red.a.b.green')).toBeUndefined();
  });

  it('separates SEND and SUBSCRIBE', () => {
    const routes = new RouteTable(
      [route('/a', 'A.send'), route('/a', 'A.subscribe', 'subscribe')],
      { separator: '/' },
    );
    expect(routes.mistakes).toEqual([]);
    expect(routes.find('send', '/a')?.route.handler).toBe('A.send');
    expect(routes.find('subscribe', '/a')?.route.handler).toBe('A.subscribe');
  });

  it('returns undefined when no route matches', () => {
    expect(table(['/a', '/b/*']).find('send', '/c')).toBeUndefined();
    expect(table(['/a']).find('send', '/A')).toBeUndefined();
    expect(table([]).find('send', '')).toBeUndefined();
  });
});

describe('the mistakes', () => {
  it('name both handlers of one destination', () => {
    const { mistakes } = new RouteTable([route('/a', 'A.one'), route('/a', 'B.two')], {
      separator: '/',
    });
    expect(mistakes).toEqual([
      `SEND '/a' has two handlers, A.one and B.two: change the destination of one.`,
    ]);
  });

  it('name both handlers of equally specific patterns', () => {
    const { mistakes } = new RouteTable([route('/a/{x}', 'A.one'), route('/a/{y}', 'B.two')], {
      separator: '/',
    });
    expect(mistakes).toEqual([
      `SEND '/a/{x}' and '/a/{y}' match the same destinations and neither is more specific, so the choice between A.one and B.two is undefined: change one pattern.`,
    ]);
  });

  it('name all malformed patterns', () => {
    const { mistakes } = table(['/a/{}', '/b/{}']);
    expect(mistakes).toHaveLength(2);
    expect(mistakes[0]).toMatch(/^Handler of \/a\/\{\}: the pattern '\/a\/\{\}' is not valid: /);
  });

  it.each([
    ['/a/{x}', '/b/{x}'],
    ['/a/{x}/c', '/a/{x}/d'],
    ['/a/{id:[0-9]+}', '/a/{id:[a-z]+}'],
  ])('are empty for %s and %s', (a, b) => {
    expect(table([a, b]).mistakes).toEqual([]);
  });
});
