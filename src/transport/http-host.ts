// The paths of an HTTP server that transports claim, for upgrades and for plain requests; the application serves all other paths.
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';
import { MessagingError } from '../message/error.js';
import { sharedValue } from '../message/shared-value.js';
import {
  compareSpecificity,
  compileDestination,
  type DestinationPattern,
} from '../pattern/destination-pattern.js';

/** Receives the upgrade requests of one path. The socket has a listener for its errors. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
/** Receives the other requests of one path. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** The members of Node's `http.Server` and `https.Server` that signalbox uses. */
export interface NodeHttpServer {
  /** Adds a listener for upgrade requests. */
  on(event: 'upgrade', listener: UpgradeListener): unknown;
  /** Adds a listener for all requests. */
  on(event: 'request', listener: RequestListener): unknown;
  /** Removes a listener for all requests. */
  off(event: 'request', listener: RequestListener): unknown;
  /** Returns the number of listeners for upgrade requests. */
  listenerCount(event: 'upgrade'): number;
  /** Emits an event; signalbox wraps it to receive the requests of its paths first. */
  emit: (event: string, ...values: unknown[]) => boolean;
}

/**
 * An HTTP server as transports see it. A claim is an exact path without query, a pattern such as `/rooms/{room}`, or ends in `/**`
 * and covers all longer paths: `/ws/**` covers `/ws/info`, but not `/ws`. An exact claim has priority, then the most specific pattern,
 * then the longest claim that ends in `/**`, then the most specific one with variables.
 */
export interface HttpHost {
  /**
   * Sends the WebSocket upgrades of a path to `listener`. The returned function releases the path: until another claim, its upgrades
   * are answered with 503.
   * @throws {MessagingError} `option-invalid` when the path is already claimed for upgrades
   */
  claimUpgrades(path: string, listener: UpgradeListener): () => void;
  /**
   * Sends the other requests of a path to `listener`, and not to the application. The returned function releases the path.
   * @throws {MessagingError} `option-invalid` when the path is already claimed for requests
   */
  claimRequests(path: string, listener: RequestListener): () => void;
}

/**
 * @throws {MessagingError} `option-invalid` for other objects, such as a server of `node:net`, which emits no requests, and the
 *   application of a framework, which emits no upgrades
 */
export function requireHttpServer(http: unknown): void {
  const given = Object(http) as Readonly<Record<string, unknown>>;
  // Express, Koa and Connect: their applications are event emitters.
  if (typeof http === 'function' || typeof given['use'] === 'function')
    throw new MessagingError(
      'option-invalid',
      'attach() needs an HTTP server, and it received an application; pass the server that app.listen() or http.createServer(app) returns.',
    );
  const isEmitter = ['on', 'listenerCount', 'emit'].every(
    (name) => typeof given[name] === 'function',
  );
  // All servers of Node count their connections, but only HTTP servers have a timeout.
  if (isEmitter && (given['getConnections'] === undefined || 'timeout' in given)) return;
  throw new MessagingError(
    'option-invalid',
    `attach() needs an HTTP server, such as createServer() of node:http; it received ${inspect(http, { depth: 0 }).slice(0, 100)}.`,
  );
}

/** By the HTTP server. A path can be claimed once, also by servers of different copies of the package. */
const hosts = sharedValue('httpHosts', () => new WeakMap<NodeHttpServer, HttpHost>());

/**
 * The host of an HTTP server. One for each server, so that several signalbox servers can share it.
 *
 * @param onUpgrade called by a new host before it passes an upgrade of a socket to a claim
 */
export function httpHostOf(server: NodeHttpServer, onUpgrade?: (socket: Duplex) => void): HttpHost {
  let host = hosts.get(server);
  if (host === undefined) hosts.set(server, (host = new ServerHost(server, onUpgrade)));
  return host;
}

class ServerHost implements HttpHost {
  readonly #upgrades: Claims<UpgradeListener>;
  readonly #requests: Claims<RequestListener>;
  /** The response to the latest request of each socket. */
  readonly #latestResponses = new WeakMap<Duplex, ServerResponse>();
  /** Requests that wait for the answers to earlier ones, for each socket that had a request of a claim. */
  readonly #waiting = new WeakMap<Duplex, number>();

  constructor(
    private readonly server: NodeHttpServer,
    private readonly onUpgrade?: (socket: Duplex) => void,
  ) {
    this.#upgrades = new Claims(() => {
      server.on('request', this.#onRequest);
      server.on('upgrade', this.#onUpgrade);
    }, answerUnavailable);
    this.#requests = new Claims(() => this.#interceptRequests());
  }

  claimUpgrades(path: string, listener: UpgradeListener): () => void {
    return this.#upgrades.add(path, listener);
  }

  claimRequests(path: string, listener: RequestListener): () => void {
    return this.#requests.add(path, listener);
  }

  readonly #onRequest: RequestListener = ({ socket }, response) =>
    void this.#latestResponses.set(socket, response);

  /** Waits for the answers to earlier requests of the socket: Node reports a pipelined upgrade before they are written. */
  readonly #onUpgrade: UpgradeListener = (request, socket, head) => {
    // Node has removed its own listener, so an error of the socket would end the process. The listener stays: the error of a failed
    // write is emitted after the response has closed.
    if (!socket.listeners('error').includes(ignoreError)) socket.on('error', ignoreError);
    const latest = this.#latestResponses.get(socket);
    if (latest === undefined || latest.closed) return this.#upgrade(request, socket, head);
    latest.once('close', () => {
      // The answer to the earlier request has started the timeout of an idle connection.
      request.socket.setTimeout(0);
      if (!socket.destroyed) this.#upgrade(request, socket, head);
    });
  };

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const isWebSocket = /(?:^|,)[\t ]*websocket[\t ]*(?:,|$)/i.test(request.headers.upgrade ?? '');
    const listener = isWebSocket ? this.#upgrades.find(request.url) : undefined;
    if (listener !== undefined) {
      this.onUpgrade?.(socket);
      return listener(request, socket, head);
    }
    // With other listeners, the path or the protocol may belong to the application.
    if (this.server.listenerCount('upgrade') > 1) return;
    if (isWebSocket) rejectUpgrade(socket, 404);
    else this.#serveWithoutUpgrade(request, socket, head);
  }

  /**
   * Serves a request whose upgrade is ignored, such as `h2c`. With a listener for `upgrade`, Node has stopped to read HTTP from its
   * socket, so the socket is given back as a new connection that begins with the same request.
   *
   * @see RFC 9110 section 7.8; the event `connection` of Node's `http.Server`
   */
  #serveWithoutUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.unshift(Buffer.concat([withoutUpgrade(request), head]));
    this.server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
  }

  /** Replaces `emit`, because a listener cannot prevent that listeners of the application answer as well. */
  #interceptRequests(): () => void {
    const { server } = this;
    const { emit } = server;
    const requests = this.#requests;
    // Without a listener, servers of `node:http2` emit no requests.
    server.on('request', this.#onRequest);
    const intercepting = (event: string, ...values: unknown[]): boolean => {
      if (event !== 'request') return emit.call(server, event, ...values);
      const [request, response] = values as Parameters<RequestListener>;
      if (this.#hasTooManyWaiting(request.socket, response)) return true;
      const listener = requests.find(request.url);
      if (listener === undefined) return emit.call(server, event, ...values);
      this.#onRequest(request, response);
      if (!this.#waiting.has(request.socket)) this.#waiting.set(request.socket, 0);
      listener(request, response);
      return true;
    };
    server.emit = intercepting;
    return () => {
      server.off('request', this.#onRequest);
      // If other code has replaced `emit` since then, ours stays below it: without claims it only passes events on.
      if (server.emit === intercepting) server.emit = emit;
    };
  }

  /** Counts a request of HTTP/1 that is not the next one of its socket. When too many wait, it closes the socket. */
  #hasTooManyWaiting(socket: Duplex, response: ServerResponse): boolean {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined || response.socket !== null) return false;
    if (waiting >= maxWaitingRequests) {
      socket.destroy();
      return true;
    }
    this.#waiting.set(socket, waiting + 1);
    response.once('socket', () => this.#waiting.set(socket, this.#waiting.get(socket)! - 1));
    return false;
  }
}

/**
 * Requests of one connection that may wait behind the response of a claim, which can be open for hours. Node limits neither their
 * number nor their memory, and its time to drop them grows with the square of their number.
 */
const maxWaitingRequests = 1000;

const ignoreError = (): void => {};

/** After a release, the application must not receive the upgrades of the path: it would answer them with a page. */
const answerUnavailable: UpgradeListener = (_request, socket) => rejectUpgrade(socket, 503);

/**
 * The listeners of one kind of request, by path. `begin` runs before the first claim; the function that it returns, after the last
 * one. With `afterRelease`, a path is never given back: this listener replaces the released one.
 */
class Claims<Listener> {
  readonly #exact = new Map<string, Listener>();
  /** By the text of the pattern. */
  readonly #matching = new Map<string, Listener>();
  /** The patterns of `#matching`, the most specific one first. */
  #patterns: readonly DestinationPattern[] = [];
  /** By the text before the `**`. */
  readonly #below = new Map<string, Listener>();
  /** By the pattern before the `/**`. */
  readonly #belowMatching = new Map<string, Listener>();
  /** The patterns of `#belowMatching`, the most specific one first. */
  #bases: readonly DestinationPattern[] = [];
  #begun = false;
  #end: (() => void) | void = undefined;

  constructor(
    private readonly begin: () => (() => void) | void,
    private readonly afterRelease?: Listener,
  ) {}

  add(path: string, listener: Listener): () => void {
    const { claims, key } = this.#placeOf(path);
    const current = claims.get(key);
    if (current !== undefined && current !== this.afterRelease) {
      throw new MessagingError(
        'option-invalid',
        `The path '${path}' is already an endpoint of this HTTP server.`,
      );
    }
    claims.set(key, listener);
    this.#rank();
    if (!this.#begun) this.#end = this.begin();
    this.#begun = true;
    return () => {
      // After an earlier release, another endpoint may have claimed the path.
      if (claims.get(key) === listener) this.#release(claims, key);
    };
  }

  #placeOf(path: string): { readonly claims: Map<string, Listener>; readonly key: string } {
    if (!path.endsWith('/**'))
      return { claims: isPattern(path) ? this.#matching : this.#exact, key: path };
    const base = path.slice(0, -'/**'.length);
    return isPattern(base)
      ? { claims: this.#belowMatching, key: base }
      : { claims: this.#below, key: `${base}/` };
  }

  #release(claims: Map<string, Listener>, key: string): void {
    if (this.afterRelease !== undefined) return void claims.set(key, this.afterRelease);
    claims.delete(key);
    this.#rank();
    const kinds = [this.#exact, this.#matching, this.#below, this.#belowMatching];
    if (kinds.some(({ size }) => size > 0)) return;
    this.#end?.();
    this.#begun = false;
  }

  find(url: string | undefined): Listener | undefined {
    const path = pathOf(url);
    const exact = this.#exact.get(path);
    if (exact !== undefined) return exact;
    const pattern = this.#patterns.find((each) => matchesPath(each, path));
    if (pattern !== undefined) return this.#matching.get(pattern.pattern);
    let longest = '';
    for (const prefix of this.#below.keys()) {
      if (prefix.length > longest.length && path.length > prefix.length && path.startsWith(prefix))
        longest = prefix;
    }
    const below = this.#below.get(longest);
    if (below !== undefined) return below;
    const base = this.#bases.find((each) => (splitPath(each, path)?.below ?? '').length > 1);
    return base && this.#belowMatching.get(base.pattern);
  }

  #rank(): void {
    this.#patterns = rankedPatterns(this.#matching);
    this.#bases = rankedPatterns(this.#belowMatching);
  }
}

function rankedPatterns(claims: ReadonlyMap<string, unknown>): readonly DestinationPattern[] {
  return [...claims.keys()].map((pattern) => compileDestination(pattern)).sort(compareSpecificity);
}

/** True for a path with variables or wildcards. */
export function isPattern(path: string): boolean {
  return /[*{]/.test(path);
}

/** Unlike in destinations, empty segments are not skipped: a proxy that protects `/rooms/` must also see `//rooms/a` as another path. */
export function matchesPath(pattern: DestinationPattern, path: string): boolean {
  return !path.includes('//') && pattern.match(path) !== undefined;
}

/** A path that begins with that of an endpoint. */
export interface SplitPath {
  /** The path of the endpoint, with the values of its variables. */
  readonly base: string;
  /** The rest; empty, or it begins with a slash. */
  readonly below: string;
}

/**
 * Divides a path: `/rooms/a/info` into `/rooms/a` and `/info`, for the pattern `/rooms/{room}`. Undefined when it does not begin as the
 * pattern, which must not contain `**`.
 */
export function splitPath(pattern: DestinationPattern, path: string): SplitPath | undefined {
  if (pattern.literal) {
    const base = pattern.pattern;
    const below = path.slice(base.length);
    return path.startsWith(base) && /^(?:$|\/)/.test(below) ? { base, below } : undefined;
  }
  // At most as many segments as slashes, which expressions can contain, too.
  const segments = pattern.pattern.split('/').length - 1;
  for (let i = 0, end = 0; i < segments && end < path.length; i++) {
    const slash = path.indexOf('/', end + 1);
    end = slash < 0 ? path.length : slash;
    const base = path.slice(0, end);
    if (matchesPath(pattern, base)) return { base, below: path.slice(end) };
  }
  return undefined;
}

/** The path of a request, without its query. */
export function pathOf(url?: string): string {
  const target = targetOf(url);
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/**
 * Path and query of a request. A client that takes the server for a proxy sends a whole URL.
 *
 * @see RFC 9112 section 3.2.2
 */
export function targetOf(url = '/'): string {
  if (url.startsWith('/')) return url;
  const target = url.replace(/^https?:\/\/[^/?]*/i, '');
  return target === '' || target.startsWith('?') ? `/${target}` : target;
}

/** The bytes of a request without its upgrade. Node decodes headers as Latin-1. */
function withoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name, value] = [rawHeaders[i]!, rawHeaders[i + 1]!];
    if (/^upgrade$/i.test(name)) continue;
    const kept = /^connection$/i.test(name) ? withoutUpgradeToken(value) : value;
    lines.push(`${name}: ${kept}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function withoutUpgradeToken(connection: string): string {
  return connection
    .split(',')
    .filter((token) => token.trim().toLowerCase() !== 'upgrade')
    .join(',');
}

/** The headers of a 426: the protocol that the endpoint serves. @see RFC 9110 section 15.5.22, RFC 6455 section 4.4 */
export const upgradeRequired = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Version': '13',
} as const;

/**
 * Answers an upgrade request with a status, and closes the socket.
 *
 * @param headers further headers; a list becomes several lines
 */
export function rejectUpgrade(
  socket: Duplex,
  status: number,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  body = '',
): void {
  const { Connection: connection, ...others } = headers;
  const lines = Object.entries({
    ...others,
    Connection: connection === undefined ? 'close' : `${String(connection)}, close`,
    ...(hasBody(status) && { 'Content-Length': `${Buffer.byteLength(body)}` }),
  }).flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\r\n`));
  // An HTTP server keeps sockets half-open, so a client that never ends its side would keep this one.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${hasBody(status) ? body : ''}`,
  );
}

/** False for statuses whose answers have no body and no `Content-Length`. @see RFC 9110 sections 6.4.1 and 8.6 */
export function hasBody(status: number): boolean {
  return status !== 204 && status !== 304;
}
