// Claims of upgrade paths: who gets a request, what becomes of the rest, and how claims end.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimUpgrade, refuseUpgrade, type UpgradeListener } from '../../src/transport/upgrade.js';

let http: Server;

beforeEach(async () => {
  http = createServer();
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});

afterEach(() => void http.close());

/** Answers with a status of its own, so that a test sees who answered. */
const answer =
  (status: number): UpgradeListener =>
  (_request, socket) =>
    refuseUpgrade(socket, status);

/** Asks for an upgrade and never ends its own side. */
async function ask(path: string) {
  const { port } = http.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  let text = '';
  socket.on('data', (data) => void (text += data.toString()));
  await once(socket, 'end');
  return { socket, status: Number(text.split(' ')[1]) };
}

async function statusOf(path: string): Promise<number> {
  const { socket, status } = await ask(path);
  socket.destroy();
  return status;
}

describe('a claim', () => {
  it('is of a path without its query, and shares one listener with the others', async () => {
    claimUpgrade(http, '/a', answer(403));
    claimUpgrade(http, '/b', answer(405));
    expect(http.listenerCount('upgrade')).toBe(1);
    expect([
      await statusOf('/a?x=/b'),
      await statusOf('/b'),
      await statusOf('/a/'),
      await statusOf('/'),
    ]).toEqual([403, 405, 404, 404]);
  });

  it('takes the listener along when it was the last', () => {
    const releases = [claimUpgrade(http, '/a', answer(403)), claimUpgrade(http, '/b', answer(403))];
    releases[0]!();
    expect(http.listenerCount('upgrade')).toBe(1);
    releases[1]!();
    expect(http.listenerCount('upgrade')).toBe(0);
  });

  it('is released once, whoever claims the path afterwards', async () => {
    claimUpgrade(http, '/kept', answer(403));
    const release = claimUpgrade(http, '/a', answer(403));
    release();
    claimUpgrade(http, '/a', answer(405));
    release();
    expect(await statusOf('/a')).toBe(405);
  });
});

describe('a refusal', () => {
  it('leaves no socket behind, though the client never ends its side', async () => {
    claimUpgrade(http, '/a', answer(403));
    const clients = [await ask('/a'), await ask('/nowhere')];
    const open = () =>
      new Promise<number>((resolve) => http.getConnections((_error, count) => resolve(count)));
    await expect.poll(open).toBe(0);
    for (const { socket } of clients) socket.destroy();
  });
});
