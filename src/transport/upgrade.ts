// One `upgrade` listener an HTTP server, however many endpoints share it: each claims its path.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { MessagingError } from '../message/error.js';

/** What is needed of an `http.Server` or `https.Server`. */
export interface HttpHost {
  on(event: 'upgrade', listener: UpgradeListener): unknown;
  off(event: 'upgrade', listener: UpgradeListener): unknown;
  listenerCount(event: 'upgrade'): number;
}

export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

interface Claims {
  readonly listener: UpgradeListener;
  readonly byPath: Map<string, UpgradeListener>;
}

const claimsOf = new WeakMap<HttpHost, Claims>();

/**
 * Sends upgrade requests of a path to `listener` until the returned function is called.
 * @throws `option-invalid` when the path is taken
 */
export function claimUpgrade(http: HttpHost, path: string, listener: UpgradeListener): () => void {
  const claims = claimsOf.get(http) ?? begin(http);
  if (claims.byPath.has(path)) {
    throw new MessagingError(
      'option-invalid',
      `The path '${path}' is an endpoint of this HTTP server already.`,
    );
  }
  claims.byPath.set(path, listener);
  return () => {
    // Released before, the path may be another's by now.
    if (claims.byPath.get(path) !== listener) return;
    claims.byPath.delete(path);
    if (claims.byPath.size > 0) return;
    http.off('upgrade', claims.listener);
    claimsOf.delete(http);
  };
}

function begin(http: HttpHost): Claims {
  const byPath = new Map<string, UpgradeListener>();
  const listener: UpgradeListener = (request, socket, head) => {
    const claimed = byPath.get(pathOf(request.url));
    if (claimed !== undefined) claimed(request, socket, head);
    else if (http.listenerCount('upgrade') === 1) refuseUpgrade(socket, 404);
    // Else the application listens too, and the path may be its own.
  };
  const claims = { listener, byPath };
  claimsOf.set(http, claims);
  http.on('upgrade', listener);
  return claims;
}

function pathOf(url = '/'): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  426: 'Upgrade Required',
};

/** Answers an upgrade request with a status and nothing else, and ends the socket. */
export function refuseUpgrade(
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
  // A client that is gone meanwhile is no error of ours.
  socket.on('error', () => {});
  // Sockets of an HTTP server stay half-open: a client that never ends its side would keep this one.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${reasons[status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  );
}
