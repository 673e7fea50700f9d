// The options of SockJS: their defaults, and the texts for wrong ones.
import { describe, expect, it } from 'vitest';
import { createServer, memoryTransport, silentLogger } from '../../../src/index.js';
import { defaultSockJs, resolveSockJs } from '../../../src/transport/sockjs/options.js';

describe('the option sockjs', () => {
  it('is off by default, and an empty object switches it on', () => {
    expect([resolveSockJs(), resolveSockJs(false)]).toEqual([undefined, undefined]);
    expect([resolveSockJs(true), resolveSockJs({})]).toEqual([defaultSockJs, defaultSockJs]);
    expect(resolveSockJs({ responseLimit: 4096 })).toEqual({
      ...defaultSockJs,
      responseLimit: 4096,
    });
  });

  it.each([
    [1, "'endpoints.sockjs' must be true, false or an object"],
    [null, "'endpoints.sockjs' must be true, false or an object"],
    [{ heartbeat: 1 }, "'endpoints.sockjs.heartbeat' is unknown"],
    [
      { heartbeatInterval: 0 },
      "'endpoints.sockjs.heartbeatInterval' must be a whole number of at least 1",
    ],
    [
      { heartbeatInterval: 2 ** 31 },
      "'endpoints.sockjs.heartbeatInterval' must not be greater than 2147483647",
    ],
    [
      { disconnectDelay: 1.5 },
      "'endpoints.sockjs.disconnectDelay' must be a whole number of at least 1",
    ],
    [{ responseLimit: '1' }, "'endpoints.sockjs.responseLimit' must be a number"],
    [{ responseLimit: 0 }, "'endpoints.sockjs.responseLimit' must be a whole number of at least 1"],
    [{ maxBodyBytes: -1 }, "'endpoints.sockjs.maxBodyBytes' must be a whole number of at least 0"],
    [{ sessionCookie: 'yes' }, "'endpoints.sockjs.sessionCookie' must be true or false"],
    [{ websocket: 1 }, "'endpoints.sockjs.websocket' must be true or false"],
    [{ transports: 'xhr' }, "'endpoints.sockjs.transports' must be a list"],
    [
      { transports: ['xhr-streaming'] },
      "'endpoints.sockjs.transports' must be some of xhr_streaming, eventsource",
    ],
    [{ transports: [], websocket: false }, 'without WebSocket at least one'],
    [{ clientLibrary: 'sockjs.js' }, "'endpoints.sockjs.clientLibrary' must be a URL"],
    [{ clientLibrary: '/a"><script>' }, "'endpoints.sockjs.clientLibrary' must be a URL"],
    [{ clientLibrary: 'javascript:alert(1)' }, "'endpoints.sockjs.clientLibrary' must be a URL"],
  ])('%j is refused at start', async (sockjs, text) => {
    await expect(
      createServer({ endpoints: [{ path: '/ws', sockjs: sockjs as object }] }),
    ).rejects.toThrow(text);
  });

  it('needs another path than the root', async () => {
    await expect(createServer({ endpoints: [{ path: '/', sockjs: true }] })).rejects.toThrow(
      "The option 'endpoints.sockjs' needs another path than '/', such as '/ws'.",
    );
  });

  it('is off where a server starts without HTTP', async () => {
    const server = await createServer({
      endpoints: [{ path: '/ws', sockjs: true }],
      transports: [memoryTransport()],
      logger: silentLogger,
    });
    await server.start();
    await server.close();
  });
});
