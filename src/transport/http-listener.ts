// An HTTP server of our own, for applications that bring none: it serves the endpoints and nothing else.
import { createServer, type Server } from 'node:http';
import { listen } from './listening.js';

export class HttpListener {
  readonly http: Server = createServer((_request, response) => {
    response
      .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
      .end('Only WebSocket endpoints are served here.\n');
  });

  /** Listens on a port of a host, or on the path of a Unix socket. Errors: `listen-failed`. */
  listen(where: number | string, host: string): Promise<void> {
    return listen(this.http, where, host);
  }

  /** Takes no more connections and ends those that are no client's; resolves when the last one has gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.http.close(() => resolve());
      // Not the idle ones alone: one that never sent a whole request would keep us waiting for ever.
      this.http.closeAllConnections();
    });
  }
}
