// An HTTP server of our own, for applications that bring none: it serves the endpoints and nothing else.
import { createServer, type Server } from 'node:http';
import { MessagingError } from '../message/error.js';

export class HttpListener {
  readonly http: Server = createServer((_request, response) => {
    response
      .writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
      .end('Only WebSocket endpoints are served here.\n');
  });

  /** Listens on a port of a host, or on the path of a Unix socket. Errors: `listen-failed`. */
  listen(where: number | string, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) => reject(listenFailed(error, where, host));
      const onListening = () => {
        this.http.off('error', onError);
        resolve();
      };
      this.http.once('error', onError).once('listening', onListening);
      if (typeof where === 'number') this.http.listen(where, host);
      else this.http.listen(where);
    });
  }

  /** Takes no more connections; resolves when the last one has gone. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.http.close(() => resolve());
      this.http.closeIdleConnections();
    });
  }
}

function listenFailed(
  error: NodeJS.ErrnoException,
  where: number | string,
  host: string,
): MessagingError {
  const place = typeof where === 'number' ? `port ${where} of ${host}` : `'${where}'`;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `${place} is taken; stop what listens there, or choose another.`,
    EACCES: `${place} needs rights that this process lacks; choose another.`,
    EADDRNOTAVAIL: `${place} is no address of this machine.`,
    ENOTFOUND: `${place} is no known host.`,
  };
  return new MessagingError(
    'listen-failed',
    `Cannot listen: ${why[error.code ?? ''] ?? `${place}: ${error.message}`}`,
    { cause: error },
  );
}
