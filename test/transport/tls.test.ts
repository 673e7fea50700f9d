// Certificates of TLS servers: the wrong ones that are refused, those that have expired, and renewal.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  connect,
  createSecureContext,
  createServer as createTlsServer,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createServer, silentLogger, tcpTransport, type Logger } from '../../src/index.js';
import { systemClock } from '../../src/message/clock.js';
import { SecureServer } from '../../src/transport/tls.js';
import { selfSigned } from '../certificate.js';
import { portOf } from '../clients/server.js';

const certificate = selfSigned();
const renewed = selfSigned('renewed.example');

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** The text of the error for these options. */
function refusal(tls: TlsOptions): string {
  try {
    new SecureServer(tls, () => undefined, createTlsServer);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

function openssl(input: Buffer, ...args: readonly string[]): Buffer {
  return spawnSync('openssl', args, { input }).stdout;
}

/** The name in the certificate that a client receives; the connection stays open until the end of the test. */
async function nameOf(port: number, servername = ''): Promise<string | string[] | undefined> {
  return (await dial(port, servername)).getPeerCertificate().subject.CN;
}

async function dial(port: number, servername = ''): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
  closers.push(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

describe.skipIf(certificate === undefined)('a certificate is refused', () => {
  // Without openssl, the rows of the skipped tests are still made.
  const empty = { key: Buffer.alloc(0), cert: Buffer.alloc(0) };
  const { key, cert } = certificate ?? empty;
  const other = renewed ?? empty;
  const isPem = (name: string, label: string, difference: string) =>
    `The option 'tls.${name}' must be the content of a PEM file with '-----BEGIN ${label}-----', as readFileSync('${name}.pem') returns it; ${difference}.`;
  const isPath = 'it looks like the path of a file';
  const isOtherKey =
    "The option 'tls.key' does not belong to the certificate in 'tls.cert'; pass the key that the certificate was requested with. In a chain, the certificate of the server must be the first one.";

  it.each<[string, TlsOptions, string]>([
    [
      'without a key',
      { cert },
      "The option 'tls' must have a certificate: `key` and `cert`, or `pfx`.",
    ],
    ['that is a path', { key, cert: './cert.pem' }, isPem('cert', 'CERTIFICATE', isPath)],
    ['whose key is a path', { key: 'key.pem', cert }, isPem('key', 'PRIVATE KEY', isPath)],
    [
      'that is a key, and the key a certificate',
      { key: cert, cert: key },
      isPem('cert', 'CERTIFICATE', "it contains '-----BEGIN PRIVATE KEY-----'"),
    ],
    [
      'in the format DER',
      { key, cert: openssl(cert, 'x509', '-outform', 'DER') },
      isPem('cert', 'CERTIFICATE', 'it is in another format'),
    ],
    [
      'that is not a text',
      { key, cert: [5] as unknown as string },
      isPem('cert', 'CERTIFICATE', 'it is empty or not a text'),
    ],
    ['with the key of another one', { key: other.key, cert }, isOtherKey],
    [
      'with a key of another type',
      { key: openssl(key, 'genpkey', '-algorithm', 'ed25519'), cert },
      isOtherKey,
    ],
    [
      'behind another one of its chain',
      { key, cert: Buffer.concat([other.cert, cert]) },
      isOtherKey,
    ],
  ])('%s', (_name, tls, message) => {
    expect(refusal(tls)).toBe(message);
  });

  it.each<[string, TlsOptions]>([
    ['cert', { key, cert: cert.subarray(0, 100) }],
    ['key', { key: key.subarray(0, 100), cert }],
  ])('that is incomplete: %s', (name, tls) => {
    expect(refusal(tls)).toMatch(
      new RegExp(
        `^The option 'tls.${name}' cannot be read \\(.+\\); the file is damaged or incomplete\\.$`,
      ),
    );
  });

  it('whose encrypted key has no passphrase, or another one', () => {
    for (const format of [[], ['-traditional']]) {
      const encrypted = openssl(key, 'pkey', '-aes256', '-passout', 'pass:right', ...format);
      const required =
        "The option 'tls.passphrase' must be the passphrase of the encrypted key in 'tls.key'; ";
      expect(refusal({ key: encrypted, cert })).toBe(`${required}there is none.`);
      for (const tls of [
        { key: encrypted, cert, passphrase: 'wrong' },
        { key: [{ pem: encrypted, passphrase: 'wrong' }], cert, passphrase: 'right' },
      ])
        expect(refusal(tls)).toBe(`${required}the given one does not open it.`);
      expect(refusal({ key: encrypted, cert, passphrase: 'right' })).toBe('');
    }
  });

  it('whose PKCS#12 file is a path, or has another passphrase', () => {
    const both = Buffer.concat([key, cert]);
    const pfx = openssl(both, 'pkcs12', '-export', '-passout', 'pass:right');
    expect(refusal({ pfx, passphrase: 'right' })).toBe('');
    expect(refusal({ pfx, passphrase: 'wrong' })).toBe(
      "The option 'tls' must have the passphrase of 'pfx' as 'passphrase'.",
    );
    expect(refusal({ pfx: 'cert.p12' })).toBe(
      "The option 'tls' must have the content of a PKCS#12 file as 'pfx', as readFileSync('cert.p12') returns it, not its path.",
    );
  });

  it('together with another option that Node refuses, in the words of Node', () => {
    expect(refusal({ key, cert, ciphers: 'none' })).toMatch(
      /^The option 'tls' is not valid: .*no cipher match/,
    );
  });

  it('by listen(), which can then be called again, and by tcpTransport()', async () => {
    const server = await createServer({ logger: silentLogger });
    closers.push(() => server.close());
    const wrong = { key: 'key.pem', cert };
    const error = { code: 'option-invalid', message: isPem('key', 'PRIVATE KEY', isPath) };
    await expect(server.listen({ port: 0, tls: wrong })).rejects.toMatchObject(error);
    expect(() => tcpTransport({ port: 0, tls: wrong })).toThrow(error.message);
    await server.listen({ port: 0, tls: { key, cert } });
    expect(await nameOf(portOf(server))).toBe('localhost');
  });
});

describe.skipIf(certificate === undefined)('several certificates', () => {
  it('are accepted in any order of their keys', () => {
    const { key, cert } = selfSigned('rsa.example', 'rsa')!;
    const tls = { cert: [certificate!.cert, cert], key: [key, { pem: certificate!.key }] };
    expect(refusal(tls)).toBe('');
    expect(refusal({ ...tls, key: [key, renewed!.key] })).toMatch(/does not belong/);
  });

  it('are chosen by the name that the client requests', async () => {
    const context = createSecureContext(renewed!);
    const server = await createServer({ logger: silentLogger });
    closers.push(() => server.close());
    await server.listen({
      port: 0,
      tls: {
        ...certificate!,
        SNICallback: (name, done) => done(null, name === 'renewed.example' ? context : undefined),
      },
    });
    expect(await nameOf(portOf(server), 'renewed.example')).toBe('renewed.example');
    expect(await nameOf(portOf(server), 'other.example')).toBe('localhost');
  });
});

describe.skipIf(certificate === undefined)('a certificate that is not valid now', () => {
  const day = 24 * 60 * 60 * 1000;

  it.each([
    ['has expired', 2 * day, 1],
    ['is not valid yet', -day, 1],
    ['is valid', 1000, 0],
  ])('is logged: %s', async (_name, difference, lines) => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (text) => void warnings.push(text) };
    const clock = { ...systemClock, date: () => Date.now() + difference };
    const tcp = tcpTransport({ port: 0, tls: certificate! });
    const server = await createServer({ logger, clock, transports: [tcp] });
    closers.push(() => server.close());
    await server.listen({ port: 0, tls: certificate! });
    expect(warnings).toHaveLength(2 * lines);
    for (const line of warnings)
      expect(line).toMatch(
        /^The TLS certificate of CN=localhost is valid from .+ GMT to .+ GMT, so clients refuse it now; renew it\.$/,
      );
  });
});

describe.skipIf(certificate === undefined)('renewCertificate()', () => {
  /** A server with both kinds of TLS port. */
  async function start(tls: TlsOptions) {
    const tcp = tcpTransport({ port: 0, tls });
    const server = await createServer({ logger: silentLogger, transports: [tcp] });
    closers.push(() => server.close());
    await server.listen({ port: 0, tls });
    return [
      { port: portOf(server), renew: (given: TlsOptions) => server.renewCertificate(given) },
      { port: tcp.address()!.port, renew: (given: TlsOptions) => tcp.renewCertificate(given) },
    ];
  }

  it('replaces the certificate for new connections, and keeps open ones', async () => {
    for (const { port, renew } of await start(certificate!)) {
      const open = await dial(port);
      renew(renewed!);
      expect(await nameOf(port)).toBe('renewed.example');
      expect(open.readyState).toBe('open');
    }
  });

  it('keeps the other options, and the certificate if the new one is wrong', async () => {
    const options = { ...certificate!, maxVersion: 'TLSv1.2' } as const;
    for (const { port, renew } of await start(options)) {
      expect(() => renew({ key: certificate!.key, cert: renewed!.cert })).toThrow(
        /does not belong/,
      );
      expect(() => renew({ ...renewed!, ciphers: 'none' })).toThrow(/no cipher match/);
      expect(() => renew({})).toThrow(/must have a certificate/);
      expect(await nameOf(port)).toBe('localhost');
      renew(renewed!);
      const socket = await dial(port);
      expect([socket.getPeerCertificate().subject.CN, socket.getProtocol()]).toEqual([
        'renewed.example',
        'TLSv1.2',
      ]);
    }
  });

  it('is refused without TLS', async () => {
    const tcp = tcpTransport({ port: 0 });
    const server = await createServer({ logger: silentLogger });
    const error = "renewCertificate() needs a server that listens with the option 'tls'.";
    expect(() => tcp.renewCertificate(certificate!)).toThrow(error);
    expect(() => server.renewCertificate(certificate!)).toThrow(error);
    await server.listen(0);
    closers.push(() => server.close());
    expect(() => server.renewCertificate(certificate!)).toThrow(error);
  });
});
