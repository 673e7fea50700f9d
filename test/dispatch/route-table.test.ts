// The route that a destination has, and routes that cannot stand side by side.
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/dispatch/route.js';
import { RouteTable } from '../../src/dispatch/route-table.js';

function route(
  pattern: string,
  handler = `Handler of ${pattern}`,
  on: Route['on'] = 'send',
): Route {
  return { on, pattern, handler, invoke: () => ({ value: undefined, targets: [] }) };
}

function table(patterns: readonly string[], separator: '/' | '.' = '/'): RouteTable {
  return new RouteTable(
    patterns.map((pattern) => route(pattern)),
    { separator },
  );
}

const found = (routes: RouteTable, lookup: string) => routes.find('send', lookup)?.route.pattern;

describe('finding a route', () => {
  it('prefers the literal one', () => {
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
  ])('of %j takes the most specific for %s', (patterns, lookup, expected) => {
    for (const order of [patterns, patterns.toReversed()]) {
      const routes = table(order);
      expect(routes.findings).toEqual([]);
      expect(found(routes, lookup)).toBe(expected);
    }
  });

  it('gives what the variables stand for', () => {
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

  it('obeys regular expressions', () => {
    const routes = table(['/items/{id:[0-9]+}']);
    expect(found(routes, '/items/7')).toBe('/items/{id:[0-9]+}');
    expect(found(routes, '/items/x')).toBeUndefined();
  });

  it('obeys dots as separators', () => {
    const routes = table(['red.{colour}.green'], '.');
    expect(routes.find('send', 'red.blue.green')?.variables.get('colour')).toBe('blue');
    expect(found(routes, 'red.a.b.green')).toBeUndefined();
  });

  it('keeps SEND and SUBSCRIBE apart', () => {
    const routes = new RouteTable(
      [route('/a', 'A.send'), route('/a', 'A.subscribe', 'subscribe')],
      { separator: '/' },
    );
    expect(routes.findings).toEqual([]);
    expect(routes.find('send', '/a')?.route.handler).toBe('A.send');
    expect(routes.find('subscribe', '/a')?.route.handler).toBe('A.subscribe');
  });

  it('finds nothing where nothing is', () => {
    expect(table(['/a', '/b/*']).find('send', '/c')).toBeUndefined();
    expect(table(['/a']).find('send', '/A')).toBeUndefined();
    expect(table([]).find('send', '')).toBeUndefined();
  });
});

describe('the findings', () => {
  it('name both handlers of one destination', () => {
    const { findings } = new RouteTable([route('/a', 'A.one'), route('/a', 'B.two')], {
      separator: '/',
    });
    expect(findings).toEqual([
      `SEND '/a' is served by A.one and B.two: give one another destination.`,
    ]);
  });

  it('name both handlers of patterns that cannot be ranked', () => {
    const { findings } = new RouteTable([route('/a/{x}', 'A.one'), route('/a/{y}', 'B.two')], {
      separator: '/',
    });
    expect(findings).toEqual([
      `SEND '/a/{x}' and '/a/{y}' match the same destinations and neither is more specific: A.one and B.two would both serve them.`,
    ]);
  });

  it('name malformed patterns, and all of them', () => {
    const { findings } = table(['/a/{}', '/b/{}']);
    expect(findings).toHaveLength(2);
    expect(findings[0]).toMatch(/^Handler of \/a\/\{\}: the pattern '\/a\/\{\}' is not valid: /);
  });

  it.each([
    ['/a/{x}', '/b/{x}'],
    ['/a/{x}/c', '/a/{x}/d'],
    ['/a/{id:[0-9]+}', '/a/{id:[a-z]+}'],
  ])('are none for %s beside %s', (a, b) => {
    expect(table([a, b]).findings).toEqual([]);
  });
});
