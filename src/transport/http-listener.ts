// The HTTP server that signalbox starts when the application has none.
import { createServer, type Server } from 'node:http';
import { compileDestination } from '../pattern/destination-pattern.js';
import { isPattern, pathOf, upgradeRequired, type RequestListener } from './http-host.js';
import { listen } from './listen.js';

export class HttpListener {
  readonly http: Server;

  /** @param endpoints the paths of WebSocket endpoints, also with variables */
  constructor(endpoints: Iterable<string> = []) {
    this.http = createServer(answerPlainRequests([...endpoints]));
  }

  /**
   * Listens on a port of a host, or on the path of a Unix socket.
   * @throws {MessagingError} `listen-failed`
   */
  listen(where: number | string, host: string): Promise<void> {
    return listen(this.http, where, host);
  }

  /** Accepts no further connections and closes those that have no session; resolves when the last one has closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.http.close(() => resolve());
      // Not only the idle ones: a connection that never sends a whole request would delay the end forever.
      this.http.closeAllConnections();
    });
  }
}

/** Answers the requests that no transport has claimed, and that do not ask for a WebSocket. */
function answerPlainRequests(endpoints: readonly string[]): RequestListener {
  const exact = new Set(endpoints);
  const patterns = endpoints.filter(isPattern).map((path) => compileDestination(path));
  const isEndpoint = (path: string) =>
    exact.has(path) || patterns.some((pattern) => pattern.match(path) !== undefined);
  return ({ method, url }, response) => {
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    if (!isEndpoint(pathOf(url)))
      response.writeHead(404).end('Only WebSocket endpoints are served here.\n');
    else if (method === 'GET' || method === 'HEAD')
      response.writeHead(426, upgradeRequired).end('This is a WebSocket endpoint.\n');
    else response.writeHead(405, { Allow: 'GET' }).end('A WebSocket begins with GET.\n');
  };
}
