// WebSocket handlers on a whole server over memory: order, limits, failures, and the end of sessions.
import { inject, injectable, Container, preDestroy } from 'inversify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testServer, type TestServer, type TestServerOptions } from 'signalbox/testing';
import {
  Controller,
  MessageMapping,
  MessagingError,
  WebSocketHandler,
  WebSocketSessions,
  type Constructor,
  type WebSocketHandlerOptions,
  type WebSocketSession,
} from '../../src/index.js';
import { gate } from '../gate.js';

let app: TestServer | undefined;

async function start(
  controllers: readonly Constructor[],
  options: TestServerOptions = {},
): Promise<TestServer> {
  app = await testServer({ controllers, ...options });
  return app;
}

/** Starts a server with a handler of `/echo/{room}` that has these methods. */
function serve(
  methods: WebSocketHandler,
  options: TestServerOptions = {},
  handler: WebSocketHandlerOptions = {},
): Promise<TestServer> {
  class Echo implements WebSocketHandler {}
  Object.assign(Echo.prototype, methods);
  WebSocketHandler('/echo/{room}', handler)(Echo);
  return start([Echo], options);
}

afterEach(async () => {
  const closing = app;
  app = undefined;
  await closing?.close();
});

const echo: WebSocketHandler = {
  message: (session, data) => void session.send(data),
};

describe('a session', () => {
  it('receives text as a string and binary as bytes, also when they are empty', async () => {
    const server = await serve(echo);
    const ann = await server.connectWebSocket('/echo/lobby');
    for (const data of ['héllo', '', Uint8Array.of(0, 255), new Uint8Array(0)]) {
      await ann.send(data);
      expect(await ann.next()).toEqual(typeof data === 'string' ? data : Buffer.from(data));
    }
  });

  it('has the path variables, the user, the attributes, the subprotocol and the handshake', async () => {
    let session!: WebSocketSession;
    const server = await serve({ open: (opened) => void (session = opened) });
    await server.connectWebSocket('/echo/caf%C3%A9%2F1?x=1', {
      user: 'ann',
      subprotocol: 'chat.v1',
      headers: { Cookie: 'a=b' },
      attributes: { cart: [1] },
    });
    expect(Object.fromEntries(session.variables)).toEqual({ room: 'café/1' });
    expect(session.principal).toEqual({ name: 'ann' });
    expect(session.subprotocol).toBe('chat.v1');
    expect(session.attributes.get('cart')).toEqual([1]);
    expect(session.handshake.headers.get('cookie')).toBe('a=b');
    expect(session.handshake.url).toBe('/echo/caf%C3%A9%2F1?x=1');
    expect(session.signal.aborted).toBe(false);
  });

  it('keeps a malformed escape in a path variable', async () => {
    const server = await serve(echo);
    await server.connectWebSocket('/echo/%ZZ');
    const [session] = server.server.webSockets.all();
    expect(session!.variables.get('room')).toBe('%ZZ');
  });

  it('is listed from open to the end of its connection, and not among the sessions of STOMP', async () => {
    const server = await serve(echo);
    const sessions = await server.get(WebSocketSessions);
    const ann = await server.connectWebSocket('/echo/a');
    await server.connectWebSocket('/echo/b');
    expect(sessions).toBe(server.server.webSockets);
    expect([sessions.size, server.server.sessions.size]).toEqual([2, 0]);
    expect(sessions.get(ann.session)?.variables.get('room')).toBe('a');
    await ann.close();
    expect([...sessions.all()].map(({ variables }) => variables.get('room'))).toEqual(['b']);
  });

  it('sends messages of one turn as separate messages, and closes with a code of the application without a log line', async () => {
    const server = await serve({
      open(session) {
        session.send('a');
        session.send('');
        session.send(Uint8Array.of(1));
        session.close(3000, 'Go away!');
        expect(session.send('late')).toBe(false);
      },
    });
    const ann = await server.connectWebSocket('/echo/a');
    expect(ann.messages).toEqual(['a', '', Buffer.of(1)]);
    expect(ann.closed).toEqual({ code: 3000, reason: 'Go away!' });
    expect(server.log).toEqual([]);
  });

  it('refuses to send values that are neither text nor bytes', async () => {
    const server = await serve({ message: (session) => void session.send({} as string) });
    const ann = await server.connectWebSocket('/echo/a');
    expect(await ann.send('x')).toBe(false);
    expect(ann.closed?.code).toBe(1011);
    expect(server.log[0]?.cause).toEqual(new TypeError('send() takes a string or a Uint8Array.'));
  });
});

describe('the methods of a handler', () => {
  it('run one after the other: open, messages in order, close', async () => {
    const calls: string[] = [];
    const gates = [gate(), gate()];
    const server = await serve({
      open: () => void calls.push('open'),
      async message(_session, data) {
        calls.push(`begin ${String(data)}`);
        await gates[calls.length > 2 ? 1 : 0]!.opened;
        calls.push(`end ${String(data)}`);
      },
      close: (_session, code, reason) => void calls.push(`close ${code} ${reason}`),
    });
    const ann = await server.connectWebSocket('/echo/a');
    const [first, second] = [ann.send('1'), ann.send('2')];
    const closing = ann.close(4001, 'bye');
    gates[0]!.open();
    await first;
    gates[1]!.open();
    await Promise.all([second, closing]);
    await server.idle();
    expect(calls).toEqual(['open', 'begin 1', 'end 1', 'begin 2', 'end 2', 'close 4001 bye']);
  });

  it('open has settled before the first message is handled', async () => {
    const calls: string[] = [];
    const { open, opened } = gate();
    const server = await serve({
      async open() {
        await opened;
        calls.push('open');
      },
      message: (_session, data) => void calls.push(String(data)),
    });
    const connecting = server.connectWebSocket('/echo/a');
    open();
    await (await connecting).send('hi');
    expect(calls).toEqual(['open', 'hi']);
  });

  it('are called with the instance as `this`, with its injections', async () => {
    @injectable()
    class Greeter {
      greet(name: string) {
        return `Hello, ${name}!`;
      }
    }
    @WebSocketHandler('/greet')
    class Greeting {
      constructor(@inject(Greeter) private readonly greeter: Greeter) {}
      message(session: WebSocketSession, name: string) {
        session.send(this.greeter.greet(name));
      }
    }
    const server = await start([Greeting]);
    const ann = await server.connectWebSocket('/greet');
    await ann.send('Ann');
    expect(await ann.next()).toBe('Hello, Ann!');
  });

  it('close is called with 1006 when the network is lost', async () => {
    const ends: number[] = [];
    const server = await serve({ close: (_session, code) => void ends.push(code) });
    await (await server.connectWebSocket('/echo/a')).vanish();
    expect(ends).toEqual([1006]);
  });

  it('that are missing are not called', async () => {
    const server = await serve({ open() {} });
    const ann = await server.connectWebSocket('/echo/a');
    expect(await ann.send('ignored')).toBe(true);
    await ann.close();
    expect(server.log).toEqual([]);
  });
});

describe('one instance for each connection', () => {
  @WebSocketHandler('/count', { instance: 'connection' })
  class Counter {
    #count = 0;
    message(session: WebSocketSession) {
      session.send(`${++this.#count}`);
    }
  }

  async function counts(server: TestServer): Promise<unknown[]> {
    const [a, b] = [
      await server.connectWebSocket('/count'),
      await server.connectWebSocket('/count'),
    ];
    for (const client of [a, a, b]) await client.send('');
    return [...a.messages, ...b.messages];
  }

  it('is created by the container of the server', async () => {
    expect(await counts(await start([Counter]))).toEqual(['1', '2', '1']);
  });

  it('is created by a container of the application, with and without a binding', async () => {
    expect(await counts(await start([Counter], { container: new Container() }))).toHaveLength(3);
    await app!.close();
    const container = new Container();
    container.bind(Counter).toSelf().inTransientScope();
    app = await testServer({ container });
    expect(await counts(app)).toEqual(['1', '2', '1']);
  });

  describe('with @preDestroy', () => {
    let calls: string[];
    let created: number;

    @WebSocketHandler('/resource', { instance: 'connection' })
    class Resource {
      readonly #number = ++created;

      open() {
        calls.push(`open ${this.#number}`);
      }

      close() {
        calls.push(`close ${this.#number}`);
      }

      @preDestroy()
      async release() {
        await Promise.resolve();
        calls.push(`release ${this.#number}`);
      }
    }

    beforeEach(() => {
      calls = [];
      created = 0;
    });

    it.each<[string, () => Container | undefined]>([
      ['without a container', () => undefined],
      ['without a binding', () => new Container()],
      [
        'with a binding',
        () => {
          const container = new Container();
          container.bind(Resource).toSelf().inTransientScope();
          return container;
        },
      ],
    ])('is destroyed after close, and one at start: %s', async (_name, container) => {
      const given = container();
      const server = await start([Resource], given === undefined ? {} : { container: given });
      expect([created, calls.splice(0)]).toEqual([1, ['release 1']]);
      const ann = await server.connectWebSocket('/resource');
      await server.connectWebSocket('/resource');
      await ann.close();
      expect(calls.splice(0)).toEqual(['open 2', 'open 3', 'close 2', 'release 2']);
      await app!.close();
      expect(calls).toEqual(['close 3', 'release 3']);
      expect(created).toBe(3);
    });

    it('inherits it', async () => {
      @WebSocketHandler('/resource', { instance: 'connection' })
      class Child extends Resource {}
      const server = await start([Child]);
      await server.connectWebSocket('/resource');
      await app!.close();
      expect(calls).toEqual(['release 1', 'open 2', 'close 2', 'release 2']);
    });

    it('is destroyed when the session has ended before the instance was created', async () => {
      const [asked, decided] = [gate(), gate()];
      const container = new Container();
      const create = async () => {
        if (created > 1) {
          asked.open();
          await decided.opened;
        }
        return new Resource();
      };
      container.bind(Resource).toDynamicValue(create).inTransientScope();
      const server = await start([Resource], { container });
      expect(calls.splice(0)).toEqual(['release 1', 'release 2']);
      const connecting = server.connectWebSocket('/resource');
      await asked.opened;
      const closing = server.close();
      decided.open();
      await Promise.allSettled([connecting, closing]);
      expect(calls).toEqual(['release 3']);
    });

    it('is logged when it fails', async () => {
      @WebSocketHandler('/failing', { instance: 'connection' })
      class Failing {
        message() {}
        @preDestroy()
        release() {
          throw new Error('boom');
        }
      }
      const server = await start([Failing]);
      await (await server.connectWebSocket('/failing')).close();
      expect(server.log).toEqual([
        { level: 'error', text: '@preDestroy of Failing failed.', cause: new Error('boom') },
      ]);
    });
  });

  it('is refused at start when the container returns the same instance', async () => {
    const container = new Container();
    container.bind(Counter).toSelf().inSingletonScope();
    await expect(testServer({ container })).rejects.toThrow(
      "Counter: it cannot be created: its option instance is 'connection', but the container returns the same instance again; bind it with inTransientScope().",
    );
  });
});

describe('a method that fails', () => {
  const boom = new Error('boom');
  const thrown: readonly [string, () => void | Promise<void>][] = [
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    [
      'rejects',
      async () => {
        throw boom;
      },
    ],
  ];

  it.each(thrown)(
    'ends only its session with 1011 when it %s, after `error`, with one log line',
    async (_name, fail) => {
      const calls: unknown[] = [];
      const server = await serve({
        message: (session, data) => (data === 'bad' ? fail() : void session.send('good')),
        error: (_session, error) => void calls.push(error),
        close: (_session, code, reason) => void calls.push(`${code} ${reason}`),
      });
      const [ann, bob] = [
        await server.connectWebSocket('/echo/a'),
        await server.connectWebSocket('/echo/a'),
      ];
      expect(await ann.send('bad')).toBe(false);
      expect(ann.closed).toEqual({ code: 1011, reason: 'handler-failed' });
      expect(calls).toEqual([boom, '1011 handler-failed']);
      expect(server.log).toEqual([
        {
          level: 'error',
          text: `Session ${ann.session} was closed with 1011 handler-failed: Echo.message failed.`,
          cause: boom,
        },
      ]);
      await bob.send('x');
      expect(await bob.next()).toBe('good');
    },
  );

  it('open: the session ends, and close is called', async () => {
    const calls: unknown[] = [];
    const server = await serve({
      open: () => {
        throw boom;
      },
      message: () => void calls.push('message'),
      close: (_session, code) => void calls.push(code),
    });
    const ann = await server.connectWebSocket('/echo/a');
    expect(ann.closed?.code).toBe(1011);
    expect(calls).toEqual([1011]);
  });

  it('with a MessagingError closes with its code, and the reason stays in the log', async () => {
    const server = await serve({
      message: () => {
        throw new MessagingError('access-refused', 'secret');
      },
    });
    const ann = await server.connectWebSocket('/echo/a');
    await ann.send('x');
    expect(ann.closed).toEqual({ code: 1008, reason: 'access-refused' });
    expect(server.log.map(({ level }) => level)).toEqual(['warn']);
  });

  it('error and close are logged, and do not change the end', async () => {
    const server = await serve({
      message: () => {
        throw boom;
      },
      error: () => {
        throw new Error('second');
      },
      close: async () => {
        throw new Error('third');
      },
    });
    const ann = await server.connectWebSocket('/echo/a');
    await ann.send('x');
    expect(ann.closed?.code).toBe(1011);
    expect(server.log.map(({ text }) => text)).toEqual([
      'Echo.error failed.',
      `Session ${ann.session} was closed with 1011 handler-failed: Echo.message failed.`,
      'Echo.close failed.',
    ]);
  });

  it('can choose the close code in `error`', async () => {
    const server = await serve({
      message: () => {
        throw boom;
      },
      error: (session) => session.close(4400, 'try later'),
    });
    const ann = await server.connectWebSocket('/echo/a');
    await ann.send('x');
    expect(ann.closed).toEqual({ code: 4400, reason: 'try later' });
    expect(server.log).toEqual([
      {
        level: 'error',
        text: 'Echo.message of session session-1 failed after the end of the session.',
        cause: boom,
      },
    ]);
  });

  it('that takes too long ends its session with 1011', async () => {
    const errors: unknown[] = [];
    const { open, opened } = gate();
    const server = await serve(
      { message: () => opened, error: (_session, error) => void errors.push(error) },
      { handlerTimeout: 5000 },
    );
    const ann = await server.connectWebSocket('/echo/a');
    const sending = ann.send('x');
    await server.clock.advance(5000);
    expect(await sending).toBe(false);
    expect(ann.closed).toEqual({ code: 1011, reason: 'handler-timeout' });
    expect(errors).toMatchObject([{ code: 'handler-timeout' }]);
    open();
  });
});

describe('authentication', () => {
  it('identifies the client before open by the headers of the handshake', async () => {
    const names: unknown[] = [];
    const server = await serve(
      { open: ({ principal }) => void names.push(principal?.name) },
      {
        authenticate: (connect, handshake) => {
          names.push(connect.headers.size);
          return { name: handshake.headers.get('x-user') ?? '' };
        },
      },
    );
    await server.connectWebSocket('/echo/a', { headers: { 'x-user': 'ann' } });
    expect(names).toEqual([0, 'ann']);
  });

  it('refuses a client with 1008, before the handler is called', async () => {
    const calls: string[] = [];
    const server = await serve(
      {
        open: () => void calls.push('open'),
        error: () => void calls.push('error'),
        close: () => void calls.push('close'),
      },
      {
        authenticate: () => {
          throw new Error('unknown');
        },
      },
    );
    const ann = await server.connectWebSocket('/echo/a');
    expect(ann.closed).toEqual({ code: 1008, reason: 'access-refused' });
    expect(calls).toEqual([]);
    expect(server.log.map(({ text }) => text)).toEqual([
      `Session ${ann.session} was closed with 1008 access-refused: The handshake for Echo failed.`,
    ]);
  });

  it('may take the connect timeout', async () => {
    const { open, opened } = gate();
    const server = await serve(echo, { authenticate: () => opened.then(() => undefined) });
    const connecting = server.connectWebSocket('/echo/a');
    await server.clock.advance(10_000);
    open();
    expect((await connecting).closed).toEqual({ code: 4501, reason: 'connect-timeout' });
  });
});

describe('limits', () => {
  it('of sessions apply to all kinds of sessions together, until a session has ended', async () => {
    const server = await serve(echo, { limits: { maxSessions: 2, shares: 1 } });
    const ann = await server.connectWebSocket('/echo/a');
    await server.connect();
    const refused = await server.connectWebSocket('/echo/a');
    expect(refused.closed).toEqual({ code: 1013, reason: 'session-limit' });
    await ann.close();
    expect((await server.connectWebSocket('/echo/a')).isOpen).toBe(true);
  });

  it('of the bytes of a message close the session with 1009, before its handler is called', async () => {
    const server = await serve(echo, {}, { maxMessageBytes: 4 });
    const ann = await server.connectWebSocket('/echo/a');
    await ann.send('1234');
    expect(await ann.next()).toBe('1234');
    expect(await ann.send('1234é')).toBe(false);
    expect(ann.closed).toEqual({ code: 1009, reason: 'frame-too-large' });
    expect(ann.messages).toHaveLength(1);
  });

  it('of waiting messages pause reading until the handler has caught up', async () => {
    const { open, opened } = gate();
    let handled = 0;
    const server = await serve(
      {
        async message() {
          await opened;
          handled++;
        },
      },
      { limits: { maxWaitingFrames: 2 } },
    );
    const ann = await server.connectWebSocket('/echo/a');
    const sending = Array.from({ length: 20 }, () => ann.send('x'));
    open();
    expect(await Promise.all(sending)).toEqual(Array(20).fill(true));
    expect(handled).toBe(20);
  });
});

describe('a slow reader', () => {
  it('makes send() return false and room() wait, and is disconnected beyond the limit', async () => {
    let session!: WebSocketSession;
    const server = await serve(
      { open: (opened) => void (session = opened) },
      { limits: { maxOutboxBytes: 1000 } },
    );
    const ann = await server.connectWebSocket('/echo/a');
    ann.pause();
    expect(session.send('x'.repeat(400))).toBe(true);
    await server.clock.advance(0);
    expect(session.send('x'.repeat(200))).toBe(false);
    await server.clock.advance(0);
    const room = session.room();
    ann.resume();
    expect(await room).toBe(true);
    ann.pause();
    for (let i = 0; i < 4; i++) {
      session.send('x'.repeat(400));
      await server.clock.advance(0);
    }
    expect(await session.room()).toBe(false);
    expect(session.send('late')).toBe(false);
    ann.resume();
    await server.idle();
    expect(ann.closed).toEqual({ code: 4500, reason: 'slow-consumer' });
  });
});

describe('a server that closes', () => {
  it('waits for running methods, closes with 1001, and waits for close of the handler', async () => {
    const calls: string[] = [];
    const [message, close] = [gate(), gate()];
    const server = await serve({
      async message() {
        await message.opened;
        calls.push('handled');
      },
      async close(_session, code) {
        await close.opened;
        calls.push(`close ${code}`);
      },
    });
    const ann = await server.connectWebSocket('/echo/a');
    const sending = ann.send('x');
    const closing = server.server.close().then(() => calls.push('closed'));
    message.open();
    await sending;
    close.open();
    await closing;
    expect(calls).toEqual(['handled', 'close 1001', 'closed']);
    expect(ann.closed).toEqual({ code: 1001, reason: 'server-stopping' });
  });
});

describe('the path', () => {
  @WebSocketHandler('/a/{x}')
  class ByVariable {
    open(session: WebSocketSession) {
      session.send('variable');
    }
  }
  @WebSocketHandler('/a/exact')
  class Exact {
    open(session: WebSocketSession) {
      session.send('exact');
    }
  }
  @Controller()
  class Other {
    @MessageMapping('/x')
    x() {}
  }

  it('selects the most specific handler, and STOMP when no handler has it', async () => {
    const server = await start([ByVariable, Exact, Other]);
    const first = await server.connectWebSocket('/a/exact');
    const second = await server.connectWebSocket('/a/b');
    expect([await first.next(), await second.next()]).toEqual(['exact', 'variable']);
    const stomp = await server.connect();
    expect(stomp.connected).toBe(true);
    await expect(server.connectWebSocket('/nowhere')).rejects.toThrow(
      'connectWebSocket(): no class with @WebSocketHandler has the path /nowhere. The paths are /a/{x}, /a/exact.',
    );
  });
});
