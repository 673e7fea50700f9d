// Ports and hosts that a server cannot listen on, and the log line with its address.
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  createServer,
  silentLogger,
  tcpTransport,
  type Logger,
  type MessagingError,
} from '../../src/index.js';
import { logAddress } from '../../src/transport/listen.js';

/** A logger that keeps the lines of `info`. */
function recordingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, error: () => {}, warn: () => {}, info: (text) => void lines.push(text) };
}

function lineFor(address: string): string | undefined {
  const logger = recordingLogger();
  const server = { address: () => ({ address, family: '', port: 8080 }) };
  logAddress(server, logger, 'the fix');
  return logger.lines[0];
}

it.each([
  ['127.0.0.1', '127.0.0.1:8080'],
  ['127.0.0.2', '127.0.0.2:8080'],
  ['::1', '[::1]:8080'],
])('the log names the fix for %s, which other machines cannot reach', (address, shown) => {
  expect(lineFor(address)).toBe(
    `Listening on ${shown}, for clients on this machine only. To accept clients on other machines: the fix`,
  );
});

it.each([
  ['0.0.0.0', '0.0.0.0:8080'],
  ['::', '[::]:8080'],
  ['192.0.2.1', '192.0.2.1:8080'],
])('the log has only the address for %s, which other machines can reach', (address, shown) => {
  expect(lineFor(address)).toBe(`Listening on ${shown}.`);
});

it('the log has the path of a Unix socket', () => {
  const logger = recordingLogger();
  logAddress({ address: () => '/run/signalbox' }, logger, 'the fix');
  expect(logger.lines).toEqual(['Listening on /run/signalbox.']);
});

it('the addresses of TCP transports and of listen() are logged', async () => {
  const logger = recordingLogger();
  const tcp = tcpTransport({ port: 0 });
  const server = await createServer({ logger, transports: [tcp] });
  await server.listen(0);
  const { port } = server.address() as AddressInfo;
  const line = (at: number, fix: string) =>
    `Listening on 127.0.0.1:${at}, for clients on this machine only. To accept clients on other machines: ${fix}`;
  expect(logger.lines).toEqual([
    line(tcp.address()!.port, "tcpTransport({ port: 0, host: '0.0.0.0' })"),
    line(port, "listen(0, '0.0.0.0')"),
  ]);
  await server.close();
});

describe('listen() refuses', () => {
  const refusal = async (...given: readonly unknown[]): Promise<unknown> => {
    const server = await createServer({ logger: silentLogger });
    const [port, host] = given as [number, string];
    return server.listen(port, host).then(
      () => server.close(),
      ({ code, message }: MessagingError) => `${code} ${message}`,
    );
  };

  it.each(['', null, 5, false])('a host that Node reads as all addresses: %o', async (host) => {
    expect(await refusal(0, host)).toBe(
      `listen-failed Cannot listen: the host must be a text that is not empty, such as '127.0.0.1', or '0.0.0.0' for clients on other machines; it is ${inspect(host)}.`,
    );
  });

  it.each([undefined, null, '', '70000', -1, 0.5, Number.NaN, 1n, Symbol('port'), []])(
    'a port that is none: %o',
    async (port) => {
      expect(await refusal(port)).toBe(
        `listen-failed Cannot listen: ${inspect(port)} is neither a port, which is a whole number from 0 to 65535, nor the path of a Unix socket.`,
      );
    },
  );

  it('options in place of a host, without showing a key in them', async () => {
    expect(await refusal(0, { tls: { key: 'secret' } })).toBe(
      "listen-failed Cannot listen: the host must be a text that is not empty, such as '127.0.0.1', or '0.0.0.0' for clients on other machines; it is an object. Pass options as listen({ port, host, tls }).",
    );
  });

  it.each<[options: unknown, message: string]>([
    [{}, 'listen-failed Cannot listen: undefined is neither a port'],
    [{ port: 0, host: '' }, 'listen-failed Cannot listen: the host must be a text'],
    [
      { port: 0, hots: '::1' },
      "option-invalid The option 'hots' is unknown; the nearest known one is 'host'.",
    ],
    [{ port: 0, tls: true }, "option-invalid The option 'tls' must be an object."],
    [
      { port: '/run/signalbox', tls: {} },
      "option-invalid The option 'tls' needs a port; only processes of this machine can reach a Unix socket, so it needs no encryption.",
    ],
  ])('options that are not valid: %o', async (options, message) => {
    expect(await refusal(options)).toContain(message);
  });
});
