// The paths of an HTTP server that transports claim, for upgrades and for plain requests; all other paths stay with the application.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { MessagingError } from '../message/error.js';

export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** The members of Node's `http.Server` and `https.Server` that signalbox uses. */
export interface NodeHttpServer {
  on(event: 'upgrade', listener: UpgradeListener): unknown;
  off(event: 'upgrade', listener: UpgradeListener): unknown;
  listenerCount(event: 'upgrade'): number;
  emit: (event: string, ...values: unknown[]) => boolean;
}

/**
 * An HTTP server as transports see it. A claim is an exact path without query, or ends in `/**` and covers all longer
 * paths: `/ws/**` covers `/ws/info`, but not `/ws`. An exact claim has priority, then the longest one.
 */
export interface HttpHost {
  /**
   * Sends the upgrade requests of a path to `listener`. The returned function releases the path.
   * @throws {MessagingError} `option-invalid` when the path is already claimed for upgrades
   */
  claimUpgrades(path: string, listener: UpgradeListener): () => void;
  /**
   * Sends the other requests of a path to `listener`, and not to the application. The returned function releases the path.
   * @throws {MessagingError} `option-invalid` when the path is already claimed for requests
   */
  claimRequests(path: string, listener: RequestListener): () => void;
}

const hosts = new WeakMap<NodeHttpServer, HttpHost>();

/** The host of an HTTP server. One for each server, so that several signalbox servers can share it. */
export function httpHostOf(server: NodeHttpServer): HttpHost {
  let host = hosts.get(server);
  if (host === undefined) hosts.set(server, (host = new ServerHost(server)));
  return host;
}

class ServerHost implements HttpHost {
  readonly #upgrades: Claims<UpgradeListener>;
  readonly #requests: Claims<RequestListener>;

  constructor(private readonly server: NodeHttpServer) {
    const onUpgrade = this.#onUpgrade;
    this.#upgrades = new Claims(() => {
      server.on('upgrade', onUpgrade);
      return () => server.off('upgrade', onUpgrade);
    });
    this.#requests = new Claims(() => this.#interceptRequests());
  }

  claimUpgrades(path: string, listener: UpgradeListener): () => void {
    return this.#upgrades.add(path, listener);
  }

  claimRequests(path: string, listener: RequestListener): () => void {
    return this.#requests.add(path, listener);
  }

  readonly #onUpgrade: UpgradeListener = (request, socket, head) => {
    const listener = this.#upgrades.find(request.url);
    if (listener !== undefined) listener(request, socket, head);
    // With other listeners, the path may belong to the application.
    else if (this.server.listenerCount('upgrade') === 1) rejectUpgrade(socket, 404);
  };

  /** Replaces `emit`: a listener could not keep the application's listeners, added before or later, from answering as well. */
  #interceptRequests(): () => void {
    const { server } = this;
    const { emit } = server;
    const requests = this.#requests;
    const intercepting = (event: string, ...values: unknown[]): boolean => {
      if (event !== 'request') return emit.call(server, event, ...values);
      const [request, response] = values as Parameters<RequestListener>;
      const listener = requests.find(request.url);
      if (listener === undefined) return emit.call(server, event, ...values);
      listener(request, response);
      return true;
    };
    server.emit = intercepting;
    return () => {
      // If other code has replaced `emit` since then, ours stays below it: without claims it only passes events on.
      if (server.emit === intercepting) server.emit = emit;
    };
  }
}

/** The listeners of one kind of request, by path. `begin` runs before the first claim; the function it returns, after the last one. */
class Claims<Listener> {
  readonly #exact = new Map<string, Listener>();
  /** By the text before the `**`. */
  readonly #below = new Map<string, Listener>();
  #end: (() => void) | undefined;

  constructor(private readonly begin: () => () => void) {}

  add(path: string, listener: Listener): () => void {
    const isBelow = path.endsWith('/**');
    const claims = isBelow ? this.#below : this.#exact;
    const key = isBelow ? path.slice(0, -2) : path;
    if (claims.has(key)) {
      throw new MessagingError(
        'option-invalid',
        `The path '${path}' is already an endpoint of this HTTP server.`,
      );
    }
    claims.set(key, listener);
    this.#end ??= this.begin();
    return () => {
      // After an earlier release, another endpoint may have claimed the path.
      if (claims.get(key) !== listener) return;
      claims.delete(key);
      if (this.#exact.size + this.#below.size > 0) return;
      this.#end?.();
      this.#end = undefined;
    };
  }

  find(url = '/'): Listener | undefined {
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const exact = this.#exact.get(path);
    if (exact !== undefined) return exact;
    let longest = '';
    for (const prefix of this.#below.keys()) {
      if (prefix.length > longest.length && path.length > prefix.length && path.startsWith(prefix))
        longest = prefix;
    }
    return this.#below.get(longest);
  }
}

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** Answers an upgrade request with a status, and closes the socket. */
export function rejectUpgrade(
  socket: Duplex,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): void {
  const lines = Object.entries({
    ...headers,
    Connection: 'close',
    'Content-Length': `${Buffer.byteLength(body)}`,
  });
  // The client may have disconnected already.
  socket.on('error', () => {});
  // An HTTP server keeps sockets half-open, so a client that never ends its side would keep this one.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${reasonPhrases[status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  );
}
