// Listens on a port or a Unix socket, explains failures, and logs the address.
import type { Server } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { inspect } from 'node:util';
import { MessagingError } from '../message/error.js';
import type { Logger } from '../message/logger.js';
import { checkShape, invalidOption, isGroup, type Shape } from '../message/option.js';

/** The address that servers listen on by default: they accept only clients of this machine. */
export const defaultHost = '127.0.0.1';

/** Options of `listen()` of a server. */
export interface ListenOptions {
  /** A port, 0 for any free port, or the path of a Unix socket. A text of digits, such as `process.env.PORT`, is a port. */
  readonly port: number | string;
  /**
   * The address to listen on; `'0.0.0.0'` accepts clients on other machines.
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * Key, certificate and other options of `node:tls`: clients connect by `wss` and `https`. `handshakeTimeout` is
   * 10,000 milliseconds by default.
   *
   * @default none: connections are not encrypted
   */
  readonly tls?: TlsOptions;
}

const shape: Shape<ListenOptions> = { port: undefined, host: '', tls: {} };

/** The place that `listen()` of a server received in one of its two forms, with the default host. */
export interface ListenPlace {
  readonly port: number | string;
  readonly host: string;
  readonly tls: TlsOptions | undefined;
}

/**
 * @throws {MessagingError} `option-invalid` for an unknown name or another type, for a value that is neither a port nor a path, and for
 *   TLS on a Unix socket
 */
export function resolvePlace(
  given: number | string | ListenOptions,
  givenHost: string | undefined = defaultHost,
): ListenPlace {
  if (!isGroup(given)) return checkedPlace({ port: given, host: givenHost, tls: undefined });
  checkShape<ListenOptions>('', given, shape);
  const { port, host = defaultHost, tls } = given;
  const place = checkedPlace({ port, host, tls });
  // The sockets of its clients have no addresses, by which unfinished handshakes are recognized.
  if (tls !== undefined && typeof place.port === 'string')
    throw invalidOption(
      'tls',
      'needs a port; only processes of this machine can reach a Unix socket, so it needs no encryption',
    );
  return place;
}

function checkedPlace({ port: given, host, tls }: ListenPlace): ListenPlace {
  const port = portOf(given);
  if (port === undefined && !isSocketPath(given))
    throw invalidOption(
      'port',
      `must be a port, which is a whole number from 0 to 65535, or the path of a Unix socket; ${inspect(given)} is neither`,
    );
  if (port !== undefined && !isHost(host))
    throw invalidOption(
      'host',
      `must be ${hostRule}; it is ${isGroup(host) ? 'an object. Pass options as listen({ port, host, tls })' : inspect(host)}`,
    );
  return { port: port ?? given, host, tls };
}

/**
 * Bytes in `sun_path` of `sockaddr_un`, without the zero at its end; a pipe of Windows has at most 256 characters. Node listens on the
 * beginning of a longer path.
 */
const longestSocketPath =
  process.platform === 'win32' ? 256 : process.platform === 'linux' ? 107 : 103;

/**
 * Listens on a port of a host, or on the path of a Unix socket.
 * @throws {MessagingError} `listen-failed`
 */
export async function listen(server: Server, given: number | string, host: string): Promise<void> {
  const where = portOf(given) ?? given;
  if (typeof where === 'string' && Buffer.byteLength(where) > longestSocketPath)
    throw failed(
      `${inspect(where)} has more than ${longestSocketPath} bytes, the longest path of a Unix socket; choose a shorter one, for example in /run or /tmp.`,
    );
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
 * The port that a number or a string of digits is, because environment variables are strings; undefined for other values. Node
 * accepts more texts as a port, such as `' 8080'` and `0x1f90`, and then listens on all addresses.
 */
export function portOf(given: unknown): number | undefined {
  const port = typeof given === 'string' && /^(?:0|[1-9]\d*)$/.test(given) ? Number(given) : given;
  return Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535
    ? (port as number)
    : undefined;
}

/** False also for a text that is probably a port with a mistake, such as `8080x`; a path such as `./8080` has a slash. */
function isSocketPath(given: unknown): given is string {
  if (typeof given !== 'string' || given === '') return false;
  // Node takes each text that is a number as a port.
  return Number.isNaN(Number(given)) && (/[/\\]/.test(given) || !/^[\s+.-]*\d/.test(given));
}

export const hostRule =
  "a text that is not empty, such as '127.0.0.1', or '0.0.0.0' for clients on other machines";

/** False for an empty text and for other types: Node would listen on all addresses. */
export function isHost(given: unknown): given is string {
  return typeof given === 'string' && given !== '';
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
    EADDRINUSE:
      typeof where === 'number'
        ? `${place} is in use; stop the process that listens there, or build another server with another address.`
        : `the file ${place} exists; stop the process that listens there. If no process does, for example because the server was killed, delete the file.`,
    // For the path of a Unix socket, Node reports this error also when the folder does not exist.
    EACCES: `${place} requires permissions that this process does not have${typeof where === 'number' ? '' : ', or its folder does not exist'}; choose another.`,
    EADDRNOTAVAIL: `${place} is not an address of this machine.`,
    ENOTFOUND: `${place} is not a known host.`,
    ERR_SERVER_ALREADY_LISTEN: `this transport already listens on ${place}.`,
  };
  return failed(why[error.code ?? ''] ?? `${place}: ${error.message}`, error);
}

function failed(why: string, cause?: unknown): MessagingError {
  return new MessagingError('listen-failed', `Cannot listen: ${why}`, { cause });
}
