// The options of Server-Sent Events: their defaults, and the texts for wrong ones.
import { describe, expect, it } from 'vitest';
import { createServer, memoryTransport, silentLogger } from '../../../src/index.js';
import { defaultSse, resolveSse } from '../../../src/transport/sse/options.js';

describe('the option sse', () => {
  it('is off by default, and an empty object switches it on', () => {
    expect([resolveSse(), resolveSse(false)]).toEqual([undefined, undefined]);
    expect([resolveSse(true), resolveSse({})]).toEqual([defaultSse, defaultSse]);
    expect(resolveSse({ bufferBytes: 0 })).toEqual({ ...defaultSse, bufferBytes: 0 });
  });

  it.each([
    [1, "'endpoints.sse' must be true, false or an object"],
    [null, "'endpoints.sse' must be true, false or an object"],
    [{ heartbeat: 1 }, "'endpoints.sse.heartbeat' is unknown"],
    [
      { heartbeatInterval: 0 },
      "'endpoints.sse.heartbeatInterval' must be a whole number of at least 1",
    ],
    [
      { heartbeatInterval: 2 ** 31 },
      "'endpoints.sse.heartbeatInterval' must not be greater than 2147483647",
    ],
    [
      { disconnectDelay: 1.5 },
      "'endpoints.sse.disconnectDelay' must be a whole number of at least 1",
    ],
    [
      { disconnectDelay: 2 ** 31 },
      "'endpoints.sse.disconnectDelay' must not be greater than 2147483647",
    ],
    [{ bufferBytes: '1' }, "'endpoints.sse.bufferBytes' must be a number"],
    [{ bufferBytes: -1 }, "'endpoints.sse.bufferBytes' must be a whole number of at least 0"],
    [{ maxBodyBytes: -1 }, "'endpoints.sse.maxBodyBytes' must be a whole number of at least 0"],
  ])('%j is refused at start', async (sse, text) => {
    await expect(
      createServer({ endpoints: [{ path: '/ws', sse: sse as object }] }),
    ).rejects.toThrow(text);
  });

  it('is off where a server starts without HTTP', async () => {
    const server = await createServer({
      endpoints: [{ path: '/ws', sse: true }],
      transports: [memoryTransport()],
      logger: silentLogger,
    });
    await server.start();
    await server.close();
  });
});
