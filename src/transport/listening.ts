// Beginning to listen, and the sentence that says why it cannot be.
import type { Server } from 'node:net';
import { MessagingError } from '../message/error.js';

/**
 * Listens on a port of a host, or on the path of a Unix socket; a text of digits is a port, as environment variables
 * have it. Errors: `listen-failed`.
 */
export async function listen(server: Server, given: number | string, host: string): Promise<void> {
  // Node takes such a text for a port as well, but would listen on every address.
  const where = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
  try {
    await new Promise<void>((resolve, reject) => {
      // Stays: a client that cannot be accepted later, as when no file descriptor is left, harms nobody else.
      server.on('error', reject);
      if (typeof where === 'string') server.listen(where, resolve);
      else server.listen(where, host, resolve);
    });
  } catch (error) {
    throw listenFailed(error as NodeJS.ErrnoException, where, host);
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
    // Of a socket's path Node says the same when its folder is not there.
    EACCES: `${place} needs rights that this process lacks${typeof where === 'number' ? '' : ', or a folder that is not there'}; choose another.`,
    EADDRNOTAVAIL: `${place} is no address of this machine.`,
    ENOTFOUND: `${place} is no known host.`,
    ERR_SOCKET_BAD_PORT: `a port is a whole number from 0 to 65535, unlike ${where}.`,
    ERR_SERVER_ALREADY_LISTEN: `${place} is listened on by this transport already.`,
  };
  return new MessagingError(
    'listen-failed',
    `Cannot listen: ${why[error.code ?? ''] ?? `${place}: ${error.message}`}`,
    { cause: error },
  );
}
