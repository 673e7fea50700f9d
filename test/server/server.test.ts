// Start and close of a server on real sockets, and with parts that fail or hang.
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { Container, injectable, preDestroy } from 'inversify';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  Controller,
  createServer,
  EmbeddedBroker,
  memoryTransport,
  MessageMapping,
  MessagingError,
  Publisher,
  silentLogger,
  tcpTransport,
  type Broker,
  type Connection,
  type Logger,
  type ServerOptions,
  type Subscription,
  type Transport,
} from '../../src/index.js';
import { testServer } from '../../src/testing.js';

/** A handler that returns when `end` is called. */
function hanging() {
  let begun!: () => void;
  const begins = new Promise<void>((resolve) => (begun = resolve));
  let end!: () => void;
  const ends = new Promise<void>((resolve) => (end = resolve));
  @Controller()
  class Hanging {
    @MessageMapping('/hang')
    hang() {
      begun();
      return ends;
    }
  }
  return { controller: Hanging, begins, end };
}

const build = (options: ServerOptions = {}) => createServer({ logger: silentLogger, ...options });

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('an endpoint', () => {
  it('chooses the newest version of the offered subprotocols, and refuses other origins', async () => {
    const server = await build({
      endpoints: [{ path: '/ws', allowedOrigins: ['https://example.org'] }],
    });
    await server.listen(0);
    const { port } = server.address() as AddressInfo;
    const handshake = async (origin: string) => {
      const protocols = ['other', 'v12.stomp', 'v11.stomp'];
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, protocols, { origin });
      socket.on('error', () => {});
      const answer = await new Promise((resolve) => {
        socket.on('open', () => resolve(socket.protocol));
        socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode));
      });
      socket.terminate();
      return answer;
    };
    expect(await handshake('https://example.org')).toBe('v12.stomp');
    expect(await handshake('https://example.com')).toBe(403);
    await server.close();
  });

  it('answers a plain HTTP request with 426; other paths are answered with 404', async () => {
    const server = await build({ endpoints: [{ path: '/ws' }] });
    await server.listen(0);
    const { port } = server.address() as AddressInfo;
    const statusOf = async (path: string) =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })).status;
    expect([await statusOf('/ws'), await statusOf('/other')]).toEqual([426, 404]);
    await server.close();
  });
});

describe('closing', () => {
  it.each([
    ['sends nothing', ''],
    ['never ends its request', 'GET /ws HTTP/1.1\r\nHost: x\r\n'],
  ])('does not wait for a connection that %s', async (_, said) => {
    const server = await build();
    await server.listen(0);
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(said);
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await server.close();
    await gone;
  });

  it('waits for the handlers of clients on sockets, and for those of clients that have left', async () => {
    const { controller, begins, end } = hanging();
    const done: string[] = [];
    const embedded = new EmbeddedBroker();
    const broker: Broker = {
      start: (context) => embedded.start(context),
      stop: () => void done.push('broker stopped'),
      connect: (subscriber) => embedded.connect(subscriber),
      publish: (message) => embedded.publish(message),
    };
    const server = await build({ controllers: [controller], broker });
    await server.listen(0);
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`);
    await once(socket, 'open');
    socket.send('{"type":"send","destination":"/app/hang"}');
    await begins;
    socket.terminate();
    await new Promise((resolve) => server.events.on('disconnected', resolve));
    const closed = server.close();
    await turn();
    done.push('handler ended');
    end();
    await closed;
    expect(done).toEqual(['handler ended', 'broker stopped']);
  });

  it('continues if a part cannot be closed, and rejects at the end', async () => {
    const memory = memoryTransport();
    const broken: Transport = {
      name: 'broken',
      open: () => {},
      close: () => {
        throw new Error('cannot be closed');
      },
    };
    const server = await build({ transports: [broken, memory] });
    await server.start();
    await expect(server.close()).rejects.toThrow('cannot be closed');
    expect(() => memory.connect()).toThrow('is not open');
  });

  it('may be called at any moment of the start, and no port is open afterwards', async () => {
    for (let microtasks = 0; microtasks < 8; microtasks++) {
      const server = await build({ transports: [memoryTransport()] });
      const started = server.listen(0).then(
        () => 'started',
        (error: Error) => error.message,
      );
      for (let i = 0; i < microtasks; i++) await Promise.resolve();
      await server.close();
      expect(['started', 'The server was closed while it started.']).toContain(await started);
      expect(server.address()).toBeUndefined();
    }
  });

  it('ends the start if a transport is opening, and the next transport is not opened', async () => {
    const calls: string[] = [];
    const closing = (name: string): Transport => ({
      name,
      open: () => {
        calls.push(`open ${name}`);
        closed = server.close();
      },
      close: () => void calls.push(`close ${name}`),
    });
    let closed = Promise.resolve();
    const server = await build({ transports: [closing('first'), closing('second')] });
    await expect(server.start()).rejects.toMatchObject({
      code: 'listen-failed',
      message: 'The server was closed while it started.',
    });
    await closed;
    expect(calls).toEqual(['open first', 'close first']);
  });

  it('ends the publisher, also for a broker that accepts messages afterwards', async () => {
    const broker = new EmbeddedBroker();
    vi.spyOn(broker, 'publish').mockReturnValue(undefined);
    const server = await build({ broker });
    await server.start();
    await server.publisher.publish('/topic/x', 'early');
    await server.close();
    await expect(server.publisher.publish('/topic/x', 'late')).rejects.toMatchObject({
      code: 'broker-unavailable',
    });
  });

  it('may be called before the start, which is then refused', async () => {
    const server = await build();
    await Promise.all([server.close(), server.close()]);
    await expect(server.listen(0)).rejects.toMatchObject({ code: 'listen-failed' });
  });

  const never = () => new Promise<void>(() => {});

  it.each<[part: string, options: () => ServerOptions]>([
    [
      "transport 'stuck'",
      () => ({ transports: [{ name: 'stuck', open: () => {}, close: never }, memoryTransport()] }),
    ],
    ['broker', () => ({ broker: Object.assign(new EmbeddedBroker(), { stop: never }) })],
    [
      'broker',
      () => ({
        broker: new EmbeddedBroker({
          store: { open: async () => [], write: async () => {}, close: never },
        }),
      }),
    ],
    [
      'container of the services',
      () => {
        @Controller()
        class Stuck {
          @MessageMapping('/x')
          handle() {}

          @preDestroy()
          end() {
            return never();
          }
        }
        return { controllers: [Stuck] };
      },
    ],
  ])('ends after the close timeout if the %s never ends', async (part, options) => {
    const warn = vi.fn<Logger['warn']>();
    const server = await build({
      ...options(),
      closeTimeout: 10,
      logger: { ...silentLogger, warn },
    });
    await server.listen(0);
    await server.close();
    expect(server.address()).toBeUndefined();
    expect(warn.mock.calls.map(([line]) => line)).toEqual([
      `The ${part} did not close within 10 ms (closeTimeout). The server no longer waits for it.`,
    ]);
  });

  it('waits for the broker also if a handler has used up the close timeout', async () => {
    const { controller, begins } = hanging();
    const broker = new EmbeddedBroker();
    const stop = broker.stop.bind(broker);
    let stopped = false;
    broker.stop = async () => {
      await turn();
      await stop();
      stopped = true;
    };
    const server = await build({ controllers: [controller], broker, closeTimeout: 100 });
    await server.listen(0);
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`);
    await once(socket, 'open');
    socket.send('{"type":"send","destination":"/app/hang"}');
    await begins;
    await server.close();
    expect(stopped).toBe(true);
  });

  it.each<[string, ServerOptions]>([
    ['the broker', { broker: Object.assign(new EmbeddedBroker(), { start: never }) }],
    ['a transport', { transports: [{ name: 'stuck', open: never, close: () => {} }] }],
  ])('ends a start in which %s never starts', async (_, options) => {
    const server = await build({ ...options, closeTimeout: 10 });
    const started = server.listen(0);
    await turn();
    const closed = server.close();
    await expect(started).rejects.toMatchObject({
      code: 'listen-failed',
      message: 'The server was closed while it started.',
    });
    await closed;
    expect(server.address()).toBeUndefined();
  });
});

describe('a transport', () => {
  it.each<[name: string, create: () => Transport]>([
    ['memory', memoryTransport],
    ['tcp 127.0.0.1:0', () => tcpTransport({ port: 0 })],
  ])(
    '%s serves one server at a time: the second cannot start, and the first goes on',
    async (name, create) => {
      const transport = create();
      const first = await build({ transports: [transport] });
      const second = await build({ transports: [transport] });
      await first.start();
      const close = vi.spyOn(transport, 'close');
      await expect(second.start()).rejects.toMatchObject({
        code: 'listen-failed',
        message: `The transport '${name}' is already open; create one for each server.`,
      });
      await second.close();
      expect(close).not.toHaveBeenCalled();
      await first.close();
      expect(close).toHaveBeenCalledTimes(1);
      const third = await build({ transports: [transport] });
      await third.start();
      await third.close();
    },
  );

  it('must not be listed twice', async () => {
    const memory = memoryTransport();
    await expect(build({ transports: [memory, memory] })).rejects.toMatchObject({
      code: 'option-invalid',
      message: "The option 'transports' must not contain the same transport twice.",
    });
  });

  it('that opens after the server was closed is closed again', async () => {
    let opened = () => {};
    const closes: string[] = [];
    const late: Transport = {
      name: 'late',
      open: () => new Promise<void>((resolve) => (opened = resolve)),
      close: () => void closes.push('closed'),
    };
    const server = await build({ transports: [late], closeTimeout: 10 });
    const started = server.start();
    await turn();
    void server.close();
    await expect(started).rejects.toMatchObject({ code: 'listen-failed' });
    expect(closes).toEqual(['closed']);
    opened();
    await turn();
    expect(closes).toEqual(['closed', 'closed']);
  });

  it('cannot pass a client to the server while the server closes', async () => {
    const memory = memoryTransport();
    let connect = () => {};
    const codes: number[] = [];
    const slow: Transport = {
      name: 'slow',
      open: ({ accept }) => {
        connect = () =>
          accept({
            handshake: { headers: new Map() },
            close: (code: number) => void codes.push(code),
          } as unknown as Connection);
      },
      close: async () => connect(),
    };
    const server = await build({ transports: [memory, slow] });
    await server.start();
    await server.close();
    expect([codes, server.sessions.size]).toEqual([[1001], 0]);
  });

  it('that fails to open is closed, and those after it are neither opened nor closed', async () => {
    const calls: string[] = [];
    const failing: Transport = {
      name: 'failing',
      open: () => Promise.reject(new Error('cannot open')),
      close: () => void calls.push('close failing'),
    };
    const next: Transport = {
      name: 'next',
      open: () => void calls.push('open next'),
      close: () => void calls.push('close next'),
    };
    const server = await build({ transports: [failing, next] });
    await expect(server.start()).rejects.toThrow('cannot open');
    expect(calls).toEqual(['close failing']);
  });
});

describe('a service', () => {
  class Clock {}

  @injectable()
  class Greeter {
    constructor(readonly clock: Clock) {}
  }

  class PoliteGreeter extends Greeter {}

  @Controller()
  class GreetingController {
    constructor(readonly greeter: PoliteGreeter) {}
  }

  it('is the service that controllers receive, also by another token', async () => {
    const server = await build({ controllers: [GreetingController] });
    const { greeter } = await server.get(GreetingController);
    expect(greeter.clock).toBeInstanceOf(Clock);
    expect(await server.get(PoliteGreeter)).toBe(greeter);
    expect(await server.get(Publisher)).toBe(server.publisher);
    await server.close();

    const container = new Container();
    container.bind('name').toConstantValue('ann');
    const other = await build({ container });
    expect(await other.get('name')).toBe('ann');
    await expect(other.get('unknown')).rejects.toThrow('unknown');
    await other.close();
  });

  it.each([undefined, null, 5, {}, () => 1])('has no token %j', async (token) => {
    const server = await build();
    await expect(server.get(token as never)).rejects.toMatchObject({
      code: 'option-invalid',
      message: expect.stringContaining('must be a class, a string or a symbol'),
    });
    await server.close();
  });

  it('that no controller uses gets the injections of its parent', async () => {
    const server = await build();
    expect((await server.get(PoliteGreeter)).clock).toBeInstanceOf(Clock);
    await server.close();
  });
});

describe('a broker', () => {
  it('serves one server: the second cannot start, and the first continues', async () => {
    const broker = new EmbeddedBroker();
    const first = await build({ broker, transports: [memoryTransport()] });
    const second = await build({ broker, transports: [memoryTransport()] });
    await first.start();
    await expect(second.start()).rejects.toMatchObject({ code: 'option-invalid' });
    await second.close();
    await first.publisher.publish('/topic/x', 'still served');
    await first.close();
    await expect(first.publisher.publish('/topic/x', 'late')).rejects.toMatchObject({
      code: 'broker-unavailable',
    });
  });

  it('that refuses UNSUBSCRIBE does not keep the subscription or its event', async () => {
    const embedded = new EmbeddedBroker();
    const broker: Broker = {
      start: (context) => embedded.start(context),
      stop: () => embedded.stop(),
      publish: (publication) => embedded.publish(publication),
      connect(subscriber) {
        const connection = embedded.connect(subscriber);
        return Object.assign(Object.create(connection) as typeof connection, {
          subscribe: (given: Subscription) => connection.subscribe(given),
          close: () => connection.close(),
          unsubscribe: () => Promise.reject(new MessagingError('not-supported')),
        });
      },
    };
    await using app = await testServer({ broker });
    const ended: string[] = [];
    app.server.events.on('unsubscribed', ({ destination }) => void ended.push(destination));
    const client = await app.connect();
    const news = await client.subscribe('/topic/news');
    await expect(news.unsubscribe()).rejects.toMatchObject({ problem: { code: 'not-supported' } });
    expect(ended).toEqual(['/topic/news']);
  });

  it('whose start fails later is stopped', async () => {
    const calls: string[] = [];
    const broker: Broker = {
      start: () => Promise.reject(new Error('The broker cannot start.')),
      stop: () => void calls.push('stop'),
      connect: () => {
        throw new Error('Unexpected call of connect.');
      },
      publish: () => {},
    };
    const server = await build({ broker, transports: [memoryTransport()] });
    await expect(server.start()).rejects.toThrow('The broker cannot start.');
    expect(calls).toEqual(['stop']);
  });
});
