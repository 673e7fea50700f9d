// Which destination a handler is to run for, from its name and what the test gives.
import type { Route } from '../dispatch/route.js';
import { compileDestination } from '../pattern/destination-pattern.js';
import type { ResolvedOptions } from '../server/options.js';
import { nearest } from '../message/nearest.js';
import type { InvokeOptions } from './handler-options.js';

type Shape = Pick<ResolvedOptions, 'prefixes' | 'separator'>;

export interface Called {
  readonly route: Route;
  /** With the application prefix. */
  readonly destination: string;
  /** Without it. */
  readonly lookup: string;
}

/**
 * The route of a handler that the test means.
 *
 * @param routes those of the handler's class
 * @throws Error with a sentence for people, where none can be meant or several
 */
export function findHandler(
  routes: readonly Route[],
  handler: string,
  given: InvokeOptions,
  shape: Shape,
): Called {
  const own = routes.filter((route) => route.handler === handler);
  if (own.length === 0) throw new Error(unknown(handler, routes));
  const wanted = own.filter(({ on }) => on === (given.on ?? on));
  const called = wanted.flatMap((route) => call(route, given, shape) ?? []);
  const [first, ...others] = called;
  if (first !== undefined && others.length === 0) return first;
  throw new Error(
    first === undefined ? noneFits(handler, wanted, given) : several(handler, called),
  );
}

function call(route: Route, given: InvokeOptions, shape: Shape): Called | undefined {
  const { separator, prefixes } = shape;
  const pattern = compileDestination(route.pattern, separator);
  const [prefix = ''] = prefixes.application;
  const lookup =
    given.destination === undefined
      ? filled(route.pattern, pattern.variables, given.variables ?? {})
      : withoutPrefix(given.destination, shape);
  if (lookup === undefined || pattern.match(lookup) === undefined) return undefined;
  const destination = lookup.startsWith('/') ? prefix + lookup : `${prefix}/${lookup}`;
  return { route, lookup, destination: given.destination ?? destination };
}

/** The pattern with each variable's value in its place; undefined unless the test gives just those. */
function filled(
  pattern: string,
  names: readonly string[],
  variables: NonNullable<InvokeOptions['variables']>,
): string | undefined {
  const known = Object.keys(variables);
  if (known.length !== names.length || !names.every((name) => known.includes(name)))
    return undefined;
  return names.reduce((text, name) => {
    const start = text.search(new RegExp(`\\{${name}[:}]`));
    return text.slice(0, start) + String(variables[name]) + text.slice(endOf(text, start) + 1);
  }, pattern);
}

/** Where the brace that opens at `start` closes; expressions have braces of their own. */
function endOf(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  return text.length;
}

function withoutPrefix(destination: string, { prefixes, separator }: Shape): string | undefined {
  const prefix = prefixes.application.find((each) => destination.startsWith(`${each}/`));
  return prefix === undefined
    ? undefined
    : destination.slice(separator === '/' ? prefix.length : prefix.length + 1);
}

function unknown(handler: string, routes: readonly Route[]): string {
  const names = [...new Set(routes.map((route) => route.handler))];
  const meant = names.length === 0 ? '' : ` The nearest handler is ${nearest(handler, names)}.`;
  return `${handler} is no handler: it has neither @MessageMapping nor @SubscribeMapping.${meant}`;
}

function noneFits(handler: string, wanted: readonly Route[], given: InvokeOptions): string {
  const patterns = wanted.map(({ on, pattern }) => `${on.toUpperCase()} ${pattern}`).join(', ');
  const serves = patterns === '' ? 'no such frames' : patterns;
  const { on, destination, variables = {} } = given;
  const what =
    destination !== undefined
      ? `the destination ${destination}`
      : `the variables ${JSON.stringify(variables)}`;
  const frames = on === undefined ? '' : ` on ${on}`;
  return `${handler} does not take ${what}${frames}: it serves ${serves}.`;
}

function several(handler: string, called: readonly Called[]): string {
  const all = called.map(({ route, destination }) => `${route.on.toUpperCase()} ${destination}`);
  return `${handler} serves ${all.join(' and ')}: say by 'destination' or 'on' which one.`;
}
