// websocket(): the URL, the subprotocols and the class of a connection.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket as WsSocket } from 'ws';
import { sse, websocket, type ClientCloseEvent } from '../../src/client.js';
import { endpointUrl } from '../../src/client/endpoint-url.js';
import { fakeClass } from './fake-socket.js';

describe('websocket()', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('creates a new socket of the given class for each connection', () => {
    const { Socket, sockets } = fakeClass();
    const connect = websocket('wss://example.org/ws', { WebSocket: Socket });
    expect(sockets).toHaveLength(0);
    expect([connect(), connect()]).toEqual(sockets);
    expect(sockets).toHaveLength(2);
  });

  it('offers the versions of STOMP', () => {
    const { Socket, sockets } = fakeClass();
    websocket('ws://example.org/ws', { WebSocket: Socket })();
    expect(sockets[0]!.protocols).toEqual(['v12.stomp', 'v11.stomp', 'v10.stomp']);
  });

  it('offers the given subprotocols', () => {
    const { Socket, sockets } = fakeClass();
    const protocols = ['v1.json.signalbox'];
    websocket('ws://example.org/ws', { WebSocket: Socket, protocols })();
    expect(sockets[0]!.protocols).toEqual(protocols);
  });

  it('uses the global class that exists when it connects', () => {
    const connect = websocket('ws://example.org/ws');
    const { Socket, sockets } = fakeClass();
    vi.stubGlobal('WebSocket', Socket);
    expect(connect()).toBe(sockets[0]);
  });

  it('refuses subprotocols that are not a list', () => {
    const protocols = 'v12.stomp' as unknown as string[];
    for (const connect of [websocket, sse])
      expect(() => connect('ws://example.org/ws', { protocols })).toThrow(
        new TypeError('The option protocols must be a list.'),
      );
  });

  it('does not end the process when a socket of ws fails and the application has no listener', async () => {
    const socket = websocket('ws://127.0.0.1:1/ws', { WebSocket: WsSocket })();
    const { code } = await new Promise<ClientCloseEvent>((resolve) => (socket.onclose = resolve));
    expect(code).toBe(1006);
  });

  it('names the package ws where Node has no class', () => {
    vi.stubGlobal('WebSocket', undefined);
    expect(websocket('ws://example.org/ws')).toThrow(
      "This version of Node has no WebSocket class. Pass the one of the package 'ws' as the option WebSocket.",
    );
  });
});

describe('the URL of an endpoint', () => {
  it.each([
    ['http://example.org/ws', 'ws', 'ws://example.org/ws'],
    ['https://example.org:8443/ws?a=b', 'ws', 'wss://example.org:8443/ws?a=b'],
    ['wss://example.org/ws', 'ws', 'wss://example.org/ws'],
    ['ws://example.org/ws', 'http', 'http://example.org/ws'],
    ['wss://example.org/ws', 'http', 'https://example.org/ws'],
    ['https://example.org/ws#part', 'http', 'https://example.org/ws'],
  ] as const)('%s for %s is %s', (url, scheme, expected) => {
    expect(endpointUrl(url, scheme)).toBe(expected);
  });

  it('is refused when it is relative outside of a page', () => {
    expect(() => endpointUrl('/ws', 'ws')).toThrow(
      new TypeError("The URL '/ws' is not valid; outside of a page, it must be absolute."),
    );
  });
});
