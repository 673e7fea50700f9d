// Starts an HTTP server with examples on PORT and HOST, and closes it on SIGINT or SIGTERM.
import { createServer, type Server as HttpServer } from 'node:http';
import type { Server } from 'signalbox';

/**
 * Serves until SIGINT or SIGTERM. If the server cannot start, prints the reason and sets exit code 1.
 * @param what the name of the example, for the message at start
 */
export async function serve(
  what: string,
  mount: (http: HttpServer) => Promise<readonly Server[]>,
): Promise<void> {
  const host = process.env['HOST'] ?? '127.0.0.1';
  const given = process.env['PORT'] ?? '8080';
  const port = Number(given);
  if (!/^\d+$/.test(given) || port > 65_535)
    return fail(`PORT must be a number from 0 to 65535, not '${given}'.`);

  const http = createServer();
  let servers: readonly Server[];
  try {
    servers = await mount(http);
  } catch (error) {
    return fail((error as Error).message);
  }
  try {
    await listen(http, port, host);
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    return fail(reasonOf(error as NodeJS.ErrnoException, port, host));
  }
  console.log(`The ${what} can be seen at ${addressOf(http, host)}`);

  let closing = false;
  const close = async () => {
    // The terminal and the launcher may both send the signal.
    if (closing) return;
    closing = true;
    http.close();
    await Promise.all(servers.map((server) => server.close()));
    http.closeAllConnections();
  };
  process.on('SIGINT', () => void close());
  process.on('SIGTERM', () => void close());
}

function listen(http: HttpServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve();
    });
  });
}

/** Uses `localhost` if possible: then the page has the origin that the page of the Spring guide connects to. */
function addressOf(http: HttpServer, host: string): string {
  const address = http.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name =
    host === '127.0.0.1' || host === '::1' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}/`;
}

function reasonOf(error: NodeJS.ErrnoException, port: number, host: string): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is taken; choose another one: PORT=${port + 1} npm start`;
    case 'EACCES':
      return `Port ${port} of ${host} is not allowed; choose one above 1023: PORT=8080 npm start`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST must be an address of this machine, not '${host}'.`;
    default:
      return `Port ${port} of ${host} cannot be used: ${error.message}`;
  }
}

function fail(reason: string): void {
  console.error(reason);
  process.exitCode = 1;
}
