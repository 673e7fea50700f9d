// Tests the messages for examples that cannot be served.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { mount } from './greeting/greeting.server.js';
import { serve } from './serve.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Returns the printed reason why the example cannot be served. */
async function reasonFor(env: Readonly<Record<string, string>>): Promise<unknown> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  await serve('greeting', async (http) => [await mount(http, '/')]);
  expect(process.exitCode).toBe(1);
  return error.mock.calls[0]?.[0];
}

describe('serving', () => {
  it('names another port if the port is taken', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await reasonFor({ PORT: String(port) })).toBe(
      `Port ${port} of 127.0.0.1 is taken; choose another one: PORT=${port + 1} npm start`,
    );
    other.close();
  });

  it.each(['http', '-1', '65536', ''])('refuses the port %s', async (port) => {
    const reason = `PORT must be a number from 0 to 65535, not '${port}'.`;
    expect(await reasonFor({ PORT: port })).toBe(reason);
  });

  it('refuses a host that is not an address of this machine', async () => {
    const reason = `HOST must be an address of this machine, not '192.0.2.1'.`;
    expect(await reasonFor({ PORT: '0', HOST: '192.0.2.1' })).toBe(reason);
  });
});
