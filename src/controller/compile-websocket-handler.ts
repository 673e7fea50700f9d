// Compiles classes with @WebSocketHandler at start, and checks their paths together.
import { inspect } from 'node:util';
import { MessagingError } from '../message/error.js';
import { requireCount, shapeMistake, type Shape } from '../message/option.js';
import {
  compareSpecificity,
  compileDestination,
  type DestinationPattern,
} from '../pattern/destination-pattern.js';
import { mayOverlap } from '../pattern/overlap.js';
import {
  checkHandshakeOptions,
  encodedPath,
  handshakeShape,
  isPath,
} from '../session/handshake-options.js';
import type { Constructor } from '../payload/converter.js';
import type { MessageParts } from '../session/websocket-session.js';
import { pathOverlaps, servedPath, type ServedPath } from '../transport/path-overlap.js';
import type { WebSocketHandler, WebSocketPartsOptions } from './decorators/websocket-handler.js';
import { definitionOf, nameOf } from './definition.js';

/** A handler that receives whole messages, or one that receives parts if its options have `maxPartBytes`. */
export type AnyHandler = WebSocketHandler<string | Uint8Array | MessageParts>;

/** A class with `@WebSocketHandler`, ready to serve. */
export interface WebSocketRoute {
  /** Name of the class. */
  readonly name: string;
  readonly pattern: DestinationPattern;
  readonly options: Partial<WebSocketPartsOptions>;
  /** The handler of a new session. */
  readonly handler: () => AnyHandler | Promise<AnyHandler>;
  /** Destroys the handler of a session that has ended; undefined when one instance serves all sessions. */
  readonly destroy: ((handler: AnyHandler) => Promise<void>) | undefined;
}

/** One instance of a class for each session. */
export interface SessionInstances {
  readonly create: () => Promise<object>;
  readonly destroy: (instance: object) => Promise<void>;
}

const optionsShape: Shape<Partial<WebSocketPartsOptions>> = {
  ...handshakeShape,
  subprotocols: [],
  instance: '',
  maxMessageBytes: 0,
  maxPartBytes: 0,
};

/** Each part costs some hundred bytes and a turn of the event loop. */
const leastPartBytes = 1024;

const methodNames = ['open', 'message', 'close', 'error'] as const;

/** RFC 9110 section 5.6.2. */
const token = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * The route in a list; an empty list after a report that the path is not valid.
 *
 * @param instances undefined when one instance serves all sessions
 */
export function compileWebSocketHandler(
  type: Constructor,
  instance: object,
  instances: SessionInstances | undefined,
  report: (mistake: string) => void,
): readonly WebSocketRoute[] {
  const name = nameOf(type);
  const { webSocket, controller, methods, mistakes } = definitionOf(type);
  const { path, options } = webSocket!;
  for (const each of mistakes) report(name + each);
  if (controller)
    report(`${name}: it has both @Controller and @WebSocketHandler; divide it into two classes.`);
  else if (methods.size > 0)
    report(
      `${name}: its decorators for messages have no effect, because it has no @Controller; remove them.`,
    );
  // Its methods are checked below.
  const handler = instance as AnyHandler;
  if (methodNames.every((method) => typeof handler[method] !== 'function'))
    report(
      `${name}: it has none of the methods ${methodNames.join(', ')}; add one, as message(session, data).`,
    );
  const mistake = mistakeIn(options, path);
  if (mistake !== undefined) report(`${name}: its @WebSocketHandler is not valid: ${mistake}`);
  const pattern = compilePath(path, (text) => report(`${name}: ${text}`));
  if (pattern === undefined) return [];
  const { create = () => handler, destroy } = instances ?? {};
  return [{ name, pattern, options, handler: create, destroy }];
}

/** Reports valid paths whose requests over SockJS or SSE another path would receive. */
export function checkOverlaps(
  routes: readonly WebSocketRoute[],
  endpoints: readonly ServedPath[],
  report: (mistake: string) => void,
): void {
  const handlers = routes.map(({ name, pattern, options }) =>
    servedPath(pattern.pattern, options, name),
  );
  pathOverlaps([...endpoints, ...handlers]).forEach(report);
}

/** Reports paths that are taken, by another handler or by an endpoint. */
export function checkPaths(
  routes: readonly WebSocketRoute[],
  endpoints: readonly ServedPath[],
  report: (mistake: string) => void,
): void {
  for (const [i, a] of routes.entries()) {
    if (endpoints.some(({ path }) => path === a.pattern.pattern))
      report(
        `${a.name}: its path '${a.pattern.pattern}' is an endpoint of STOMP; change one of them, such as the one in the option 'endpoints'.`,
      );
    for (const b of routes.slice(i + 1)) {
      if (compareSpecificity(a.pattern, b.pattern) !== 0) continue;
      if (!mayOverlap(a.pattern.pattern, b.pattern.pattern, '/')) continue;
      report(
        `${a.name} and ${b.name}: their paths '${a.pattern.pattern}' and '${b.pattern.pattern}' match the same requests; change one.`,
      );
    }
  }
}

function mistakeIn(options: Partial<WebSocketPartsOptions>, path: string): string | undefined {
  const mistake = shapeMistake(options, optionsShape);
  if (mistake !== undefined) return mistake;
  const {
    subprotocols = [],
    instance = 'shared',
    maxMessageBytes = 1,
    maxPartBytes,
    perMessageDeflate = false,
  } = options;
  const unknown = subprotocols.find(
    (each: unknown) => typeof each !== 'string' || !token.test(each),
  );
  if (unknown !== undefined)
    return `The option 'subprotocols' must be a list of tokens; ${inspect(unknown)} is not a token.`;
  if (!['shared', 'connection'].includes(instance))
    return `The option 'instance' must be 'shared' or 'connection'.`;
  if (maxPartBytes !== undefined && perMessageDeflate !== false)
    return `The option 'maxPartBytes' cannot be used with 'perMessageDeflate': compressed messages cannot be divided.`;
  try {
    requireCount('maxMessageBytes', maxMessageBytes, 1);
    requireCount('maxPartBytes', maxPartBytes ?? leastPartBytes, leastPartBytes);
    checkHandshakeOptions(options, path, '');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function compilePath(
  path: unknown,
  report: (text: string) => void,
): DestinationPattern | undefined {
  if (typeof path !== 'string' || !isPath(path)) {
    report(
      `its path ${inspect(path)} is not valid; begin it with a slash, and leave out query and spaces.`,
    );
    return undefined;
  }
  const encoded = encodedPath(path);
  if (encoded !== path) {
    report(
      `its path '${path}' never matches, because clients send '${encoded}'; write it like this.`,
    );
    return undefined;
  }
  try {
    return compileDestination(path);
  } catch (error) {
    report(`its path '${path}' is not valid: ${MessagingError.from(error).message}`);
    return undefined;
  }
}
