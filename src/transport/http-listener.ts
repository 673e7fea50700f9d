// The HTTP server that signalbox starts when the application has none.
import { createServer, type Server } from 'node:http';
import { listen } from './listen.js';

export class HttpListener {
  /** Answers requests that no transport has claimed with 404. */
  readonly http: Server = createServer((_request, response) => {
    response
      .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
      .end('Only WebSocket endpoints are served here.\n');
  });

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
