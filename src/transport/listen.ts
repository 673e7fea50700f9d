// Starts to listen on a port or a Unix socket, explains why that failed, and logs the address.
import type { Server } from 'node:net';
import { MessagingError } from '../message/error.js';
import type { Logger } from '../message/logger.js';

/** The address that servers listen on by default: they accept only clients of this machine. */
export const defaultHost = '127.0.0.1';

/**
 * Listens on a port of a host, or on the path of a Unix socket. A string of digits is a port, because environment
 * variables are strings.
 * @throws {MessagingError} `listen-failed`
 */
export async function listen(server: Server, given: number | string, host: string): Promise<void> {
  // Node also accepts such a string as a port, but then listens on all addresses.
  const where = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
  try {
    await new Promise<void>((resolve, reject) => {
      // Never removed: a later error, such as a lack of file descriptors for a new client, must not end the process.
      server.on('error', reject);
      if (typeof where === 'string') server.listen(where, resolve);
      else server.listen(where, host, resolve);
    });
  } catch (error) {
    throw listenFailed(error as NodeJS.ErrnoException, where, host);
  }
}

/**
 * Logs the address of a server that listens, and the fix when only clients of this machine can reach it: the defaults of
 * containers and of most other servers differ.
 * @param fix the call or option that accepts other machines
 */
export function logAddress(server: Pick<Server, 'address'>, logger: Logger, fix: string): void {
  const place = server.address();
  if (place === null) return;
  if (typeof place === 'string') return logger.info(`Listening on ${place}.`);
  const { address, port } = place;
  const text = `Listening on ${address.includes(':') ? `[${address}]` : address}:${port}`;
  logger.info(
    isLoopback(address)
      ? `${text}, for clients on this machine only. To accept clients on other machines: ${fix}`
      : `${text}.`,
  );
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function listenFailed(
  error: NodeJS.ErrnoException,
  where: number | string,
  host: string,
): MessagingError {
  const place = typeof where === 'number' ? `port ${where} of ${host}` : `'${where}'`;
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `${place} is in use; stop the process that listens there, or choose another.`,
    // For the path of a Unix socket, Node reports this error also when the folder does not exist.
    EACCES: `${place} requires permissions that this process does not have${typeof where === 'number' ? '' : ', or its folder does not exist'}; choose another.`,
    EADDRNOTAVAIL: `${place} is not an address of this machine.`,
    ENOTFOUND: `${place} is not a known host.`,
    ERR_SOCKET_BAD_PORT: `a port is a whole number from 0 to 65535, not ${where}.`,
    ERR_SERVER_ALREADY_LISTEN: `this transport already listens on ${place}.`,
  };
  return new MessagingError(
    'listen-failed',
    `Cannot listen: ${why[error.code ?? ''] ?? `${place}: ${error.message}`}`,
    { cause: error },
  );
}
