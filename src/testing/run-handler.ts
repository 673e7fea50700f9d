// Runs one handler without a client and without the broker: its arguments, the method and its reply decorator.
import { compileControllers } from '../controller/compile.js';
import { Dispatcher, type CallOutcome } from '../dispatch/dispatcher.js';
import type { Route } from '../dispatch/route.js';
import { RouteTable } from '../dispatch/route-table.js';
import { MessagingError } from '../message/error.js';
import type { Message, Principal } from '../message/message.js';
import { nearest } from '../message/nearest.js';
import type { Target } from '../message/target.js';
import { compileDestination } from '../pattern/destination-pattern.js';
import type { Constructor, Payloads } from '../payload/converter.js';
import type { ResolvedOptions } from '../server/options.js';
import type { Session } from '../session/session.js';
import type { TestEnvironment } from './environment.js';
import type { ClientProblem } from './failure.js';
import { writeMessage, type PublishedMessage } from './messages.js';

/** The call that a handler receives. */
export interface InvokeOptions {
  /** Values of the variables in the destination pattern, such as `{ room: 'lobby' }`. Give all of them, or `destination`. @default none */
  readonly variables?: Readonly<Record<string, string | number | boolean>>;
  /** Payload of the frame. @default none: the body is empty */
  readonly payload?: unknown;
  /**
   * User of the session.
   *
   * @default undefined (anonymous)
   */
  readonly principal?: Principal | string;
  /**
   * Headers of the frame.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Properties of the session; the others are empty, and its id is `session-0`. @default {} */
  readonly session?: Partial<Omit<Session, 'principal' | 'user'>>;
  /** Destination with the application prefix. Needed if the handler has several destinations or a wildcard. @default the only one of the handler */
  readonly destination?: string;
  /** Kind of the frame. Needed if the handler serves both kinds. @default the only one of the handler */
  readonly on?: 'send' | 'subscribe';
  /**
   * Whether the payload is converted and validated like that of a client. With `false`, the handler receives it unchanged.
   *
   * @default true
   */
  readonly convert?: boolean;
  /** Signal for the parameter with `@Signal()`. @default a signal that is never aborted */
  readonly signal?: AbortSignal;
}

/** The result of a handler: its value, its error and its publications. */
export interface InvokeResult<R = unknown> {
  /** The value that the handler or its exception handler returned; undefined if it failed. */
  readonly result: R | undefined;
  /** The destinations to which the server would send the value. */
  readonly targets: readonly Target[];
  /** The problem that the client would receive; undefined if the handler succeeded. */
  readonly problem: ClientProblem | undefined;
  /** The error behind `problem`. */
  readonly thrown: unknown;
  /** Messages that the handler published with an injected `Publisher`. */
  readonly published: readonly PublishedMessage[];
}

/** The names of a controller's methods. */
export type MethodName<T> = {
  [K in keyof T]: T[K] extends (...given: never[]) => unknown ? K : never;
}[keyof T] &
  string;

/** The value that a method returns or resolves with. */
export type ResultOf<T, K extends keyof T> = T[K] extends (...given: never[]) => infer R
  ? Awaited<R>
  : never;

/** The body of a frame whose payload is not converted; any body that is not empty. */
const placeholderBody = new Uint8Array(1);

/**
 * Runs a handler.
 *
 * @throws {Error} when the class has no such handler, or several match the options
 * @throws {MessagingError} `payload-unwritable` when no converter can write the payload
 */
export async function runHandler(
  type: Constructor,
  instance: object,
  method: string,
  { server, payloads, clock }: Pick<TestEnvironment, 'server' | 'payloads' | 'clock'>,
  options: InvokeOptions,
): Promise<Omit<InvokeResult, 'published'>> {
  const { payload, convert = true } = options;
  const { separator, prefixes } = server.options;
  const { routes } = compileControllers([{ type, instance }], {
    payloads: convert ? payloads : { read: () => payload, checkType: () => [] },
    separator,
    prefixes: [...prefixes.broker, prefixes.user],
    application: prefixes.application,
    // The server has reported these mistakes at start.
    warn: () => {},
  });
  const match = findHandler(routes, `${type.name}.${method}`, options, server.options);
  const { route, destination, lookup } = match;
  const table = new RouteTable([route], { separator });
  const dispatcher = new Dispatcher({
    routes: table,
    clock,
    logger: server.options.logger,
    handlerTimeout: 0,
  });
  const message = messageFor(destination, options, payloads);
  try {
    const outcome = await dispatcher.dispatch({
      on: route.on,
      session: sessionFor(options),
      message,
      lookup,
      subscription: route.on === 'subscribe' ? 'sub-1' : undefined,
      closed: options.signal,
    });
    // Defined: the lookup matches the only route of the table.
    return { ...resultOf(outcome!), problem: undefined, thrown: undefined };
  } catch (error) {
    if (!(error instanceof MessagingError)) throw error;
    const { code, detail, fields } = error;
    return {
      result: undefined,
      targets: [],
      problem: { code, message: error.message, detail, destination, fields },
      thrown: error.cause ?? error,
    };
  }
}

function resultOf(outcome: CallOutcome): Pick<InvokeResult, 'result' | 'targets'> {
  if (outcome.kind === 'none') return { result: undefined, targets: [] };
  const { targets } = outcome;
  return { result: outcome.kind === 'value' ? outcome.value : outcome.stream, targets };
}

function messageFor(
  destination: string,
  { payload, headers = {}, convert = true }: InvokeOptions,
  payloads: Payloads,
): Message {
  if (convert || payload === undefined)
    return writeMessage(destination, payload, headers, payloads);
  return { destination, headers: new Map(Object.entries(headers)), body: placeholderBody };
}

function sessionFor({ principal: given, session = {} }: InvokeOptions): Session {
  const principal = typeof given === 'string' ? { name: given } : given;
  return {
    id: 'session-0',
    handshake: {
      url: '',
      headers: new Map(),
      remoteAddress: undefined,
      subprotocol: undefined,
      secure: false,
      principal,
    },
    protocol: '',
    attributes: new Map(),
    signal: new AbortController().signal,
    close: () => {},
    ...session,
    principal,
    user: principal?.name,
  };
}

type DestinationOptions = Pick<ResolvedOptions, 'prefixes' | 'separator'>;

/** A route and a destination that matches its pattern. */
interface RouteMatch {
  readonly route: Route;
  /** With the application prefix. */
  readonly destination: string;
  /** Without the application prefix. */
  readonly lookup: string;
}

/** Finds the one route of a handler that matches the options. */
function findHandler(
  routes: readonly Route[],
  handler: string,
  options: InvokeOptions,
  server: DestinationOptions,
): RouteMatch {
  const own = routes.filter((route) => route.handler === handler);
  if (own.length === 0) throw new Error(unknownHandler(handler, routes));
  const candidates = own.filter(({ on }) => on === (options.on ?? on));
  const matches = candidates.flatMap((route) => matchRoute(route, options, server) ?? []);
  const [first, ...others] = matches;
  if (first === undefined) throw new Error(noMatch(handler, candidates, options, server));
  if (others.length > 0) throw new Error(severalMatches(handler, matches));
  return first;
}

function matchRoute(
  route: Route,
  options: InvokeOptions,
  server: DestinationOptions,
): RouteMatch | undefined {
  const { separator, prefixes } = server;
  const pattern = compileDestination(route.pattern, separator);
  const [prefix = ''] = prefixes.application;
  const lookup =
    options.destination === undefined
      ? fillPattern(route.pattern, pattern.variables, options.variables ?? {})
      : withoutPrefix(options.destination, server);
  if (lookup === undefined || pattern.match(lookup) === undefined) return undefined;
  const destination = lookup.startsWith('/') ? prefix + lookup : `${prefix}/${lookup}`;
  return { route, lookup, destination: options.destination ?? destination };
}

/** Replaces each variable by its value. Undefined for a pattern with wildcards, and if the values do not fit the variables. */
function fillPattern(
  pattern: string,
  names: readonly string[],
  values: NonNullable<InvokeOptions['variables']>,
): string | undefined {
  const given = Object.keys(values);
  if (given.length !== names.length || !names.every((name) => given.includes(name)))
    return undefined;
  if (hasWildcard(pattern, names)) return undefined;
  return replaceVariables(pattern, names, (name) => String(values[name]));
}

function hasWildcard(pattern: string, names: readonly string[]): boolean {
  return /[*?]/.test(replaceVariables(pattern, names, () => ''));
}

function replaceVariables(
  pattern: string,
  names: readonly string[],
  valueOf: (name: string) => string,
): string {
  return names.reduce((text, name) => {
    const start = text.search(new RegExp(`\\{${name}[:}]`));
    return text.slice(0, start) + valueOf(name) + text.slice(closingBrace(text, start) + 1);
  }, pattern);
}

/** Index of the brace that closes the one at `start`; expressions can contain braces. */
function closingBrace(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    if (text[index] === '{') depth++;
    else if (text[index] === '}' && --depth === 0) return index;
  }
  return text.length;
}

function withoutPrefix(
  destination: string,
  { prefixes, separator }: DestinationOptions,
): string | undefined {
  const prefix = prefixes.application.find((each) => destination.startsWith(`${each}/`));
  return prefix === undefined
    ? undefined
    : destination.slice(separator === '/' ? prefix.length : prefix.length + 1);
}

function unknownHandler(handler: string, routes: readonly Route[]): string {
  const names = [...new Set(routes.map((route) => route.handler))];
  const hint = names.length === 0 ? '' : ` The nearest handler is ${nearest(handler, names)}.`;
  return `${handler} is not a handler: it has neither @MessageMapping nor @SubscribeMapping.${hint}`;
}

function noMatch(
  handler: string,
  candidates: readonly Route[],
  options: InvokeOptions,
  { separator }: DestinationOptions,
): string {
  const { on, destination, variables = {} } = options;
  if (candidates.length === 0) return `${handler} does not serve ${on!.toUpperCase()} frames.`;
  const patterns = candidates.map((route) => `${route.on.toUpperCase()} ${route.pattern}`);
  const given =
    destination === undefined
      ? `the variables ${JSON.stringify(variables)}`
      : `the destination ${destination}`;
  const wild =
    destination === undefined &&
    candidates.some(({ pattern }) =>
      hasWildcard(pattern, compileDestination(pattern, separator).variables),
    );
  const hint = wild ? " A pattern with wildcards needs the option 'destination'." : '';
  return `${handler} does not match ${given}: it serves ${patterns.join(' and ')}.${hint}`;
}

function severalMatches(handler: string, matches: readonly RouteMatch[]): string {
  const all = matches.map(({ route, destination }) => `${route.on.toUpperCase()} ${destination}`);
  return `${handler} serves ${all.join(' and ')}: choose one with 'destination' or 'on'.`;
}
