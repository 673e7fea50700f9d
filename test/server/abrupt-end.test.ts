// What ends without a word: octets of no protocol, and clients that are gone in the middle of a frame.
import { expect, it } from 'vitest';
import { createServer, memoryTransport, silentLogger } from '../../src/index.js';
import { countingClock } from '../counting-clock.js';
import { connect, open } from '../stomp-client.js';

async function serve() {
  const clock = countingClock();
  const transport = memoryTransport();
  const server = await createServer({ transports: [transport], clock, logger: silentLogger });
  await server.start();
  return { clock, transport, server };
}

it('a first octet of no protocol closes without a word', async () => {
  const { transport, server } = await serve();
  const client = open(transport);
  client.connection.send(Uint8Array.of(0x16, 3, 1));
  expect(await client.connection.closed).toEqual({ code: 1002, reason: 'protocol-unknown' });
  await server.close();
});

it('a client that leaves in the middle of a frame leaves nothing', async () => {
  const { transport, server, clock } = await serve();
  const client = await connect(transport);
  client.connection.send('SEND\ndestination:/to');
  client.connection.vanish();
  await client.connection.closed;
  await server.idle();
  expect(server.sessions.size).toBe(0);
  await server.close();
  expect(clock.timers).toBe(0);
});
