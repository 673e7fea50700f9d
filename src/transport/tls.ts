// TLS for listening servers: certificates that are checked at start and can be renewed, and a count of unfinished handshakes.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  type KeyObject,
  type SecureContextOptions,
  type Server,
  type TlsOptions,
} from 'node:tls';
import type { Clock } from '../message/clock.js';
import { MessagingError } from '../message/error.js';
import type { Logger } from '../message/logger.js';
import { invalidOption } from '../message/option.js';

/** Time for a TLS handshake, in milliseconds: a client that sends nothing must not stay connected. */
const handshakeTimeout = 10_000;

/** Counts a connection, and returns the function that ends the counting; undefined refuses the connection. */
export type BeginHandshake = (socket: Socket) => (() => void) | undefined;

/** A TLS handshake that has not finished. */
interface TlsHandshake {
  readonly socket: Socket;
  /** Ends its counting. */
  readonly end: () => void;
}

/** A server of `node:tls` or `node:https` with its certificate and its unfinished handshakes. */
export class SecureServer<S extends Server> {
  readonly server: S;
  #tls: TlsOptions;
  readonly #handshakes = new Map<string, TlsHandshake>();

  /** @throws {MessagingError} `option-invalid` for a certificate that clients could not use, and when Node rejects an option */
  constructor(tls: TlsOptions, begin: BeginHandshake, create: (options: TlsOptions) => S) {
    requireCertificate(tls);
    this.#tls = tls;
    this.server = explained(() => create({ handshakeTimeout, ...tls }));
    this.server.on('connection', (socket) => {
      // A client that has already left has no address.
      const end = socket.remoteAddress === undefined ? undefined : begin(socket);
      if (end === undefined) socket.destroy();
      else this.#begin(socket, end);
    });
    this.server.on('secureConnection', (socket) => this.#finish(peerOf(socket)));
    // Node reports a handshake that takes too long, but does not close its socket.
    this.server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  #begin(socket: Socket, end: () => void): void {
    const peer = peerOf(socket);
    // The client may use its port again before the end of its last connection is reported.
    this.#finish(peer);
    this.#handshakes.set(peer, { socket, end });
    socket.once('close', () => {
      if (this.#handshakes.get(peer)?.socket === socket) this.#finish(peer);
    });
  }

  #finish(peer: string): void {
    this.#handshakes.get(peer)?.end();
    this.#handshakes.delete(peer);
  }

  /** Destroys the sockets whose handshake has not finished; no connection exists for them yet. */
  abandonHandshakes(): void {
    for (const { socket } of this.#handshakes.values()) socket.destroy();
  }

  /**
   * Replaces the certificate for connections that begin later. Options without a new value stay.
   *
   * @throws {MessagingError} `option-invalid`; the server then keeps its certificate
   */
  renewCertificate(given: SecureContextOptions): void {
    // A new certificate never belongs to the old key.
    const { pfx: _pfx, cert: _cert, key: _key, passphrase: _passphrase, ...others } = this.#tls;
    const renewed: TlsOptions = { ...others, ...given };
    requireCertificate(renewed);
    // Node changes a part of the server before it rejects the rest.
    explained(() => createSecureContext(renewed));
    this.server.setSecureContext(renewed);
    this.#tls = renewed;
  }

  /** Logs each certificate that is not valid now: a server can start with it, but clients refuse it. */
  logExpiry(clock: Clock, logger: Logger): void {
    for (const pem of listOf(this.#tls.cert)) {
      const { subject, validFrom, validTo } = new X509Certificate(pem);
      const now = clock.date();
      if (now >= Date.parse(validFrom) && now < Date.parse(validTo)) continue;
      logger.warn(
        `The TLS certificate of ${subject.replaceAll('\n', ', ')} is valid from ${validFrom} to ${validTo}, so clients refuse it now; renew it.`,
      );
    }
  }
}

/** @throws {MessagingError} `option-invalid` without a server */
export function requireSecure<S extends SecureServer<Server>>(server: S | undefined): S {
  if (server !== undefined) return server;
  throw new MessagingError(
    'option-invalid',
    "renewCertificate() needs a server that listens with the option 'tls'.",
  );
}

/** Equal for a socket and for its TLS socket, which Node does not link to each other. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Node starts without a certificate and with some wrong ones, and then every handshake fails. */
function requireCertificate(tls: TlsOptions): void {
  const { pfx, cert, key, privateKeyIdentifier, SNICallback, pskCallback } = tls;
  const hasCertificate = pfx ?? (cert && (key ?? privateKeyIdentifier));
  if (!(hasCertificate ?? SNICallback ?? pskCallback))
    throw invalidOption('tls', 'must have a certificate: `key` and `cert`, or `pfx`');
  const certificates = listOf(cert).map(certificateOf);
  const keys = listOf(key).map((each) => privateKeyOf(each, tls.passphrase));
  if (keys.length === 0) return;
  for (const certificate of certificates) {
    if (keys.some((each) => certificate.checkPrivateKey(each))) continue;
    throw invalidOption('tls.key', otherKey);
  }
}

const otherKey =
  "does not belong to the certificate in 'tls.cert'; pass the key that the certificate was requested with. In a chain, the certificate of the server must be the first one";

function certificateOf(pem: string | Buffer): X509Certificate {
  requirePem('tls.cert', pem, 'CERTIFICATE', 'cert.pem');
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw damaged('tls.cert', cause);
  }
}

function privateKeyOf(given: string | Buffer | KeyObject, common: string | undefined) {
  const { pem, passphrase = common } =
    typeof given === 'string' || Buffer.isBuffer(given) ? { pem: given } : given;
  requirePem('tls.key', pem, 'PRIVATE KEY', 'key.pem');
  try {
    return createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch (cause) {
    if (!/ENCRYPTED/.test(pem.toString())) throw damaged('tls.key', cause);
    throw invalidOption(
      'tls.passphrase',
      `must be the passphrase of the encrypted key in 'tls.key'; ${passphrase === undefined ? 'there is none' : 'the given one does not open it'}`,
    );
  }
}

/** @param label the end of the label in the first line of the file */
function requirePem(name: string, pem: string | Buffer, label: string, file: string): void {
  const text = typeof pem === 'string' || Buffer.isBuffer(pem) ? pem.toString('latin1') : '';
  if (new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text)) return;
  throw invalidOption(
    name,
    `must be the content of a PEM file with '-----BEGIN ${label}-----', as readFileSync('${file}') returns it; ${differenceOf(text)}`,
  );
}

/** The text never contains the given value, which may be a secret. */
function differenceOf(text: string): string {
  const [, label] = /-----BEGIN ([A-Z ]+)-----/.exec(text) ?? [];
  if (label !== undefined) return `it contains '-----BEGIN ${label}-----'`;
  if (text === '') return 'it is empty or not a text';
  return /[\n\0]/.test(text) ? 'it is in another format' : 'it looks like the path of a file';
}

function damaged(name: string, cause: unknown): MessagingError {
  return new MessagingError(
    'option-invalid',
    `The option '${name}' cannot be read (${(cause as Error).message}); the file is damaged or incomplete.`,
    { cause },
  );
}

/** The rules behind errors of Node that do not name them. */
const fixes: Readonly<Record<string, string>> = {
  'mac verify failure': "must have the passphrase of 'pfx' as 'passphrase'",
  'not enough data':
    "must have the content of a PKCS#12 file as 'pfx', as readFileSync('cert.p12') returns it, not its path",
};

function explained<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    const { message } = cause as Error;
    const fix = fixes[message];
    if (fix !== undefined) throw invalidOption('tls', fix);
    throw new MessagingError('option-invalid', `The option 'tls' is not valid: ${message}`, {
      cause,
    });
  }
}

/** Node takes a single value or a list of them. */
function listOf<T>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined || given === null) return [];
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}
