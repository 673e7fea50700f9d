// auto(): the order of the transports, their time limits, and the memory of the one that worked.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { auto, type AutoOptions, type ClientSocket, type ClientStorage } from '../../src/client.js';
import { fakeFetch } from './fake-fetch.js';
import { fakeClass, microtasks, recordEvents, type FakeSocket } from './fake-socket.js';

const url = 'https://example.org/ws?token=secret';

let webSockets: FakeSocket[];
let sockjsSockets: FakeSocket[];
let stored: Map<string, string>;
let storage: ClientStorage;
let chosen: string[];
let connect: (options?: AutoOptions) => ClientSocket;

beforeEach(() => {
  vi.useFakeTimers();
  const [first, second] = [fakeClass(), fakeClass()];
  [webSockets, sockjsSockets] = [first.sockets, second.sockets];
  stored = new Map();
  storage = {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => void stored.set(key, value),
    removeItem: (key) => void stored.delete(key),
  };
  chosen = [];
  const onTransport: AutoOptions['onTransport'] = (name, failures) =>
    void chosen.push([name, ...failures].join('; '));
  connect = (options) =>
    auto(url, {
      WebSocket: first.Socket,
      SockJS: second.Socket,
      transports: ['websocket', 'sockjs'],
      storage,
      onTransport,
      ...options,
    })();
});

afterEach(() => {
  if (vi.getTimerCount() > 0) throw new Error('A timer is left.');
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a connection over the first transport', () => {
  it('passes messages and the close of the server on', async () => {
    const socket = connect();
    const events = recordEvents(socket);
    expect(socket).toMatchObject({ readyState: 0, protocol: '', url });
    webSockets[0]!.open('v12.stomp');
    expect(socket).toMatchObject({ readyState: 1, protocol: 'v12.stomp' });
    expect(chosen).toEqual(['websocket']);
    webSockets[0]!.receive('a');
    socket.send('b');
    expect(webSockets[0]!.sent).toEqual(['b']);
    webSockets[0]!.end(1001, 'server-stopping');
    expect(socket.readyState).toBe(3);
    await microtasks();
    expect(events).toEqual(['open', 'message a', 'close 1001 clean server-stopping']);
    expect(sockjsSockets).toEqual([]);
  });

  it('is closed with the code and reason of the client', async () => {
    const socket = connect();
    const events = recordEvents(socket);
    webSockets[0]!.open();
    socket.close(3001, 'enough');
    expect(socket.readyState).toBe(2);
    expect(webSockets[0]!.closeCalls).toEqual([[3001, 'enough']]);
    webSockets[0]!.end(3001, 'enough');
    await microtasks();
    expect(events).toEqual(['open', 'close 3001 clean enough']);
  });

  it('is not replaced by another transport when it is lost', async () => {
    const events = recordEvents(connect());
    webSockets[0]!.open();
    webSockets[0]!.fail('reset');
    await microtasks();
    expect(events).toEqual(['open', 'error reset', 'close 1006 lost ']);
    expect(sockjsSockets).toEqual([]);
  });

  it('sends no message before it is open, and drops messages after its end', () => {
    const socket = connect();
    expect(() => socket.send('early')).toThrow('before the connection is open');
    webSockets[0]!.open();
    webSockets[0]!.end(1000);
    socket.send('late');
    expect(webSockets[0]!.sent).toEqual([]);
  });

  it('has the binary type that is set before or after it opens', () => {
    const socket = connect();
    expect(webSockets[0]!.binaryType).toBe('arraybuffer');
    socket.binaryType = 'blob';
    webSockets[0]!.open();
    expect(webSockets[0]!.binaryType).toBe('blob');
    webSockets[0]!.end(1000);
  });

  it('continues after an exception of a handler', () => {
    const socket = connect();
    const received: unknown[] = [];
    webSockets[0]!.open();
    socket.onmessage = ({ data }) => {
      received.push(data);
      throw new Error(`of the handler: ${data as string}`);
    };
    webSockets[0]!.receive('a');
    expect(() => vi.runAllTimers()).toThrow('of the handler: a');
    webSockets[0]!.receive('b');
    expect(() => vi.runAllTimers()).toThrow('of the handler: b');
    expect(received).toEqual(['a', 'b']);
    webSockets[0]!.end(1000);
  });
});

describe('the next transport is tried', () => {
  it('when the first one fails', () => {
    const socket = connect();
    const events = recordEvents(socket);
    webSockets[0]!.fail();
    expect(socket.readyState).toBe(0);
    sockjsSockets[0]!.open();
    sockjsSockets[0]!.receive('a');
    expect(events).toEqual(['open', 'message a']);
    expect(chosen).toEqual(['sockjs; websocket: closed with 1006']);
  });

  it('when the class of the first one throws', () => {
    class Forbidden {
      constructor() {
        throw new Error('insecure page');
      }
      close(): void {}
    }
    connect({ WebSocket: Forbidden });
    sockjsSockets[0]!.open();
    expect(chosen).toEqual(['sockjs; websocket: insecure page']);
  });

  it('when the first one is not open in time, and its later events are ignored', () => {
    const events = recordEvents(connect({ connectTimeout: 300 }));
    vi.advanceTimersByTime(299);
    expect(sockjsSockets).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(webSockets[0]!.closeCalls).toEqual([[]]);
    webSockets[0]!.open();
    webSockets[0]!.receive('late');
    webSockets[0]!.fail();
    expect(sockjsSockets).toHaveLength(1);
    sockjsSockets[0]!.open();
    expect(events).toEqual(['open']);
    expect(chosen).toEqual(['sockjs; websocket: not open after 300 ms']);
  });

  it('in the given order', () => {
    connect({ transports: ['sockjs', 'websocket'] });
    expect(webSockets).toEqual([]);
    sockjsSockets[0]!.fail('no server');
    webSockets[0]!.open();
    expect(chosen).toEqual(['websocket; sockjs: no server']);
  });

  it('in the order WebSocket, SSE, SockJS by default', async () => {
    const { fetch, requests } = fakeFetch();
    connect({ transports: undefined, fetch });
    webSockets[0]!.fail();
    await microtasks();
    requests[0]!.respond(404);
    await microtasks();
    sockjsSockets[0]!.open();
    expect(chosen).toEqual([
      'sockjs; websocket: closed with 1006; sse: The server has answered 404.',
    ]);
  });

  it('without SockJS when the option SockJS is absent', async () => {
    const { fetch, requests } = fakeFetch();
    const events = recordEvents(connect({ transports: undefined, SockJS: undefined, fetch }));
    webSockets[0]!.fail('refused');
    await microtasks();
    requests[0]!.respond(403);
    await microtasks();
    expect(events.at(-1)).toBe(
      'close 1006 lost websocket: refused; sse: The server has answered 403.',
    );
  });

  it('until all have failed', async () => {
    const socket = connect();
    const events = recordEvents(socket);
    webSockets[0]!.fail('refused');
    sockjsSockets[0]!.end(1002, 'Cannot connect to server');
    expect(socket.readyState).toBe(3);
    await microtasks();
    const reason = 'websocket: refused; sockjs: Cannot connect to server';
    expect(events).toEqual([`error ${reason}`, `close 1006 lost ${reason}`]);
  });
});

describe('before a transport is open', () => {
  it.each(['close', 'terminate'] as const)('%s() ends the connection once', async (method) => {
    const socket = connect();
    const events = recordEvents(socket);
    socket[method]!();
    expect(events).toEqual([]);
    expect(socket.readyState).toBe(3);
    socket[method]!();
    await microtasks();
    expect(events).toEqual(['close 1006 lost The client has ended the connection.']);
    expect(webSockets[0]!.closeCalls).toHaveLength(1);
    expect(sockjsSockets).toEqual([]);
  });
});

it('terminate() ends an open connection without waiting for the server', async () => {
  const socket = connect();
  const events = recordEvents(socket);
  webSockets[0]!.open();
  socket.terminate!();
  webSockets[0]!.receive('late');
  webSockets[0]!.end(1000);
  await microtasks();
  expect(events).toEqual(['open', 'close 1006 lost The client has ended the connection.']);
});

describe('the transport that has worked', () => {
  /** Connects over SockJS because WebSocket fails. */
  function fallBack(options?: AutoOptions): void {
    connect(options);
    webSockets.at(-1)!.fail();
    sockjsSockets.at(-1)!.open();
  }

  it('is tried first by the next connection', () => {
    fallBack();
    connect();
    expect(webSockets).toHaveLength(1);
    sockjsSockets[1]!.open();
    expect(chosen.at(-1)).toBe('sockjs');
  });

  it('is forgotten when it fails, and the others follow in their order', () => {
    fallBack();
    connect();
    sockjsSockets[1]!.fail('gone');
    expect(stored.size).toBe(0);
    webSockets[1]!.open();
    expect(chosen.at(-1)).toBe('websocket; sockjs: gone');
  });

  it('is forgotten when it is not open in time', () => {
    fallBack();
    const socket = connect();
    vi.advanceTimersByTime(5000);
    expect(stored.size).toBe(0);
    socket.close();
  });

  it('is forgotten after a time that new connections do not extend', () => {
    fallBack({ rememberFor: 1000 });
    vi.advanceTimersByTime(999);
    connect({ rememberFor: 1000 });
    sockjsSockets[1]!.open();
    vi.advanceTimersByTime(1);
    connect({ rememberFor: 1000 }).close();
    expect(webSockets).toHaveLength(2);
  });

  it('is stored for the endpoint without its query', () => {
    fallBack();
    expect([...stored.keys()]).toEqual(['signalbox.transport https://example.org/ws']);
  });

  it('is kept in the process outside of a page', () => {
    fallBack({ storage: undefined });
    connect({ storage: undefined }).close();
    expect(webSockets).toHaveLength(1);
  });

  it('is kept in localStorage in a page', () => {
    vi.stubGlobal('document', {});
    vi.stubGlobal('localStorage', storage);
    fallBack({ storage: undefined });
    expect([...stored.values()].join()).toMatch(/^sockjs \d+$/);
  });

  it('is not remembered with rememberFor: 0', () => {
    fallBack({ rememberFor: 0 });
    expect(stored.size).toBe(0);
    connect({ rememberFor: 0 }).close();
    expect(webSockets).toHaveLength(2);
  });

  it('is not remembered when the storage is forbidden', () => {
    const forbidden = () => {
      throw new Error('SecurityError');
    };
    storage = { getItem: forbidden, setItem: forbidden, removeItem: forbidden };
    fallBack({ storage });
    connect({ storage }).close();
    expect(webSockets).toHaveLength(2);
  });

  it.each(['', 'sockjs', 'sockjs soon', 'pigeon 9999999999999'])(
    'is not read from a damaged storage: %j',
    (value) => {
      stored.set('signalbox.transport https://example.org/ws', value);
      connect().close();
      expect(webSockets).toHaveLength(1);
      expect(sockjsSockets).toEqual([]);
    },
  );
});

describe('auto() refuses', () => {
  it('the transport sockjs without its class', () => {
    expect(() => auto(url, { transports: ['sockjs'] })).toThrow(
      'The transport sockjs needs the option SockJS.',
    );
  });

  it('an empty list of transports', () => {
    expect(() => auto(url, { transports: [] })).toThrow('The option transports is empty.');
  });

  it('an unknown transport', () => {
    const transports = ['pigeon'] as unknown as ['sockjs'];
    expect(() => auto(url, { transports })).toThrow(
      "The transport 'pigeon' is unknown; the known ones are websocket, sse and sockjs.",
    );
  });
});
