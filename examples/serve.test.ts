// What keeps an example from being served is said in a sentence.
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

/** What is said of a server that cannot be. */
async function complaintOf(env: Readonly<Record<string, string>>): Promise<unknown> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  await serve('greeting', async (http) => [await mount(http, '/')]);
  expect(process.exitCode).toBe(1);
  return said.mock.calls[0]?.[0];
}

describe('serving', () => {
  it('names another port when this one is taken', async () => {
    const other = createServer();
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await complaintOf({ PORT: String(port) })).toBe(
      `Port ${port} of 127.0.0.1 is taken; choose another one: PORT=${port + 1} npm start`,
    );
    other.close();
  });

  it.each(['http', '-1', '65536', ''])('refuses the port %s', async (port) => {
    const complaint = `PORT must be a number from 0 to 65535, unlike '${port}'.`;
    expect(await complaintOf({ PORT: port })).toBe(complaint);
  });

  it('refuses a host that is not this machine', async () => {
    const complaint = `HOST must be an address of this machine, unlike '192.0.2.1'.`;
    expect(await complaintOf({ PORT: '0', HOST: '192.0.2.1' })).toBe(complaint);
  });
});
