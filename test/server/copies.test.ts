// Several copies of the package in one process: their servers do not share transports, containers and paths, and the log names the copies.
import { createServer as createHttpServer } from 'node:http';
import { Container } from 'inversify';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createServer, memoryTransport, silentLogger } from '../../src/index.js';
import { version } from '../../src/server/version.js';

const copies = Reflect.get(globalThis, Symbol.for('signalbox.copies')) as Map<string, string>;
const other = 'file:///app/node_modules/library/node_modules/signalbox/';
const own = new URL('../../', import.meta.url).href;

async function warnings(): Promise<string[]> {
  const lines: string[] = [];
  await createServer({ logger: { ...silentLogger, warn: (text) => void lines.push(text) } });
  return lines;
}

afterEach(() => void copies.delete(other));

it('one copy is not reported', async () => {
  expect(await warnings()).toEqual([]);
});

it('a second copy is reported with its folder, its version and the fix', async () => {
  copies.set(other, '0.0.9');
  expect(await warnings()).toEqual([
    `signalbox is loaded 2 times: ${own} (${version}) and ${other} (0.0.9). The copies share decorators and errors, but not services such as Publisher. Keep one: run npm dedupe, or install a linked package with npm install --install-links.`,
  ]);
});

describe('a server of another copy', () => {
  let copy: typeof import('../../src/index.js');

  beforeAll(async () => {
    // Imports the container of the first copy.
    await createServer();
    vi.resetModules();
    copy = await import('../../src/index.js');
  });

  it('cannot open a transport that is open, and can open it later', async () => {
    const transports = [memoryTransport()];
    const first = await createServer({ logger: silentLogger, transports });
    const [second, third] = [
      await copy.createServer({ logger: silentLogger, transports }),
      await copy.createServer({ logger: silentLogger, transports }),
    ];
    await first.start();
    await expect(second.start()).rejects.toMatchObject({
      code: 'listen-failed',
      message: "The transport 'memory' is already open; create one for each server.",
    });
    await first.close();
    await third.start();
    await third.close();
  });

  it('cannot use a container that is in use, and can use it later', async () => {
    const container = new Container();
    const first = await createServer({ container, logger: silentLogger });
    await expect(copy.createServer({ container })).rejects.toMatchObject({
      code: 'option-invalid',
      message: 'Another server uses the container; give each server its own container.',
    });
    await first.close();
    await (await copy.createServer({ container, logger: silentLogger })).close();
    await (await createServer({ container, logger: silentLogger })).close();
  });

  it('cannot claim a path of an HTTP server that is claimed, and can claim another one', async () => {
    const http = createHttpServer();
    const first = await createServer({ logger: silentLogger });
    const second = await copy.createServer({ logger: silentLogger });
    const third = await copy.createServer({ logger: silentLogger, endpoints: [{ path: '/b' }] });
    await first.attach(http);
    await expect(second.attach(http)).rejects.toMatchObject({
      code: 'option-invalid',
      message: "The path '/ws' is already an endpoint of this HTTP server.",
    });
    await third.attach(http);
    await Promise.all([first.close(), third.close()]);
  });
});
