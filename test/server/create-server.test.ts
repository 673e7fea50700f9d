// Whole servers on the memory transport: messages, errors, sessions, interceptors, heart-beats, start and close.
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { Container, injectable } from 'inversify';
import { testClock } from 'signalbox/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  Controller,
  createServer,
  DestinationVariable,
  EmbeddedBroker,
  Header,
  memoryTransport,
  MessageExceptionHandler,
  MessageMapping,
  MessagingError,
  Payload,
  Principal,
  Publisher,
  SendTo,
  SendToUser,
  Session,
  SessionRegistry,
  silentLogger,
  SubscribeMapping,
  type Interceptor,
  type Broker,
  type Server,
  type ServerOptions,
  type Transport,
} from '../../src/index.js';
import { connectStomp, openStomp } from '../clients/stomp.js';

const running: Server[] = [];

async function serve(options: ServerOptions = {}) {
  const transport = memoryTransport();
  const clock = testClock();
  const server = await createServer({
    transports: [transport],
    clock,
    logger: silentLogger,
    ...options,
  });
  running.push(server);
  await server.start();
  return { server, transport, clock };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

class RoomClosed extends Error {}

interface Post {
  text: string;
}

@Controller('/rooms/{room}')
class RoomController {
  readonly aborted: string[] = [];
  readonly release: (() => void)[] = [];

  @MessageMapping('/post')
  @SendTo('/topic/rooms/{room}')
  post(
    @DestinationVariable('room') room: string,
    @Payload() { text }: Post,
    @Principal() user: Principal | undefined,
  ) {
    return { room, text, by: user?.name ?? 'anonymous' };
  }

  @MessageMapping('/plain')
  plain(@Payload() text: string) {
    return text;
  }

  @MessageMapping('/private')
  @SendToUser('/queue/private')
  async private(@Payload() { text }: Post) {
    await Promise.resolve();
    return text;
  }

  @SubscribeMapping('/recent')
  recent(@DestinationVariable('room') room: string) {
    return [`one of ${room}`, `two of ${room}`];
  }

  @SubscribeMapping('/ticks')
  async *ticks(@Session() session: Session) {
    try {
      for (let i = 0; ; i++) {
        yield i;
        await new Promise<void>((resolve) => this.release.push(resolve));
      }
    } finally {
      this.aborted.push(session.id);
    }
  }

  @MessageMapping('/count')
  @SendTo('/topic/counts')
  async *count() {
    yield* [1, 2, 3];
  }

  @MessageMapping('/throw')
  throw(@Header('error') error: string) {
    if (error === 'closed') throw new RoomClosed();
    if (error === 'undefined') throw undefined;
    return Promise.reject(new Error('secret'));
  }

  @MessageMapping('/hang')
  hang() {
    return new Promise<void>((resolve) => this.release.push(resolve));
  }

  @MessageExceptionHandler(RoomClosed)
  @SendToUser('/queue/closed')
  closed() {
    return { code: 'room-closed' };
  }
}

describe('a message', () => {
  it('goes from a client through a handler to every subscriber', async () => {
    const { transport } = await serve({ controllers: [RoomController] });
    const [ann, bob] = [await connectStomp(transport), await connectStomp(transport)];
    await ann.subscribe('a', '/topic/rooms/lobby');
    await bob.subscribe('b', '/topic/rooms/*');
    ann.send('SEND', { destination: '/app/rooms/lobby/post' }, '{"text":"hi"}');
    const [toAnn, toBob] = [await ann.next('MESSAGE'), await bob.next('MESSAGE')];
    expect(JSON.parse(toAnn.body)).toEqual({ room: 'lobby', text: 'hi', by: 'anonymous' });
    expect(toAnn.headers).toMatchObject({
      subscription: 'a',
      destination: '/topic/rooms/lobby',
      'content-type': 'application/json',
    });
    expect(toBob.headers).toMatchObject({
      subscription: 'b',
      'message-id': toAnn.headers['message-id'],
    });
    expect(toBob.body).toBe(toAnn.body);
  });

  it('goes from a handler to /topic and the path of its destination by default', async () => {
    const { transport } = await serve({ controllers: [RoomController] });
    const ann = await connectStomp(transport);
    await ann.subscribe('a', '/topic/rooms/lobby/plain');
    ann.send('SEND', { destination: '/app/rooms/lobby/plain' }, 'text');
    expect(await ann.next('MESSAGE')).toMatchObject({
      body: 'text',
      headers: { 'content-type': 'text/plain;charset=UTF-8' },
    });
  });

  it('goes from client to client without a handler and without forged server headers', async () => {
    const { transport } = await serve();
    const [ann, bob] = [await connectStomp(transport), await connectStomp(transport)];
    await bob.subscribe('b', '/topic/x');
    ann.send(
      'SEND',
      {
        destination: '/topic/x',
        'message-id': 'evil',
        subscription: 'evil',
        receipt: 'r',
        color: 'red',
      },
      'hi',
    );
    const { headers } = await bob.next('MESSAGE');
    expect(headers).toMatchObject({ subscription: 'b', color: 'red' });
    expect(headers['message-id']).not.toBe('evil');
    expect(headers).not.toHaveProperty('receipt');
    expect((await ann.next('RECEIPT')).headers).toEqual({ 'receipt-id': 'r' });
  });

  it('is rejected without a handler if clients may not publish', async () => {
    const { transport } = await serve({ clientPublish: false });
    const ann = await connectStomp(transport);
    ann.send('SEND', { destination: '/topic/x', receipt: 'r' }, 'hi');
    expect((await ann.next('ERROR')).headers).toMatchObject({
      code: 'destination-refused',
      message: "Clients may not send to '/topic/x'.",
    });
  });

  it('goes to all sessions of a named user; @SendToUser sends to the session of an anonymous sender', async () => {
    const { transport, server } = await serve({
      controllers: [RoomController],
      authenticate: ({ login }) => (login === undefined ? undefined : { name: login }),
    });
    const [phone, desk] = [
      await connectStomp(transport, { login: 'ann' }),
      await connectStomp(transport, { login: 'ann' }),
    ];
    const guest = await connectStomp(transport);
    for (const client of [phone, desk, guest]) await client.subscribe('w', '/user/queue/private');
    phone.send('SEND', { destination: '/app/rooms/lobby/private' }, '{"text":"to ann"}');
    for (const client of [phone, desk]) {
      expect(await client.next('MESSAGE')).toMatchObject({
        body: 'to ann',
        headers: { destination: '/user/queue/private' },
      });
    }
    guest.send('SEND', { destination: '/app/rooms/lobby/private' }, '{"text":"to me"}');
    expect((await guest.next('MESSAGE')).body).toBe('to me');
    await server.publisher.publishToUser('ann', '/queue/private', 'from the application');
    guest.send('SEND', { destination: '/user/ann/queue/private' }, 'from a client');
    for (const client of [phone, desk]) {
      expect((await client.next('MESSAGE')).body).toBe('from the application');
      expect((await client.next('MESSAGE')).body).toBe('from a client');
    }
    await server.idle();
    expect(guest.received).toEqual([]);
  });

  it('is published by the application through an injected Publisher', async () => {
    @injectable()
    class Ticker {
      constructor(
        readonly publisher: Publisher,
        readonly sessions: SessionRegistry,
      ) {}
    }
    const container = new Container({ autobind: true, defaultScope: 'Singleton' });
    const { transport } = await serve({ container });
    const { publisher, sessions } = container.get(Ticker);
    const ann = await connectStomp(transport);
    await ann.subscribe('a', '/topic/price.stock.*');
    await publisher.publish(
      '/topic/price.stock.RHT',
      { price: 48.3 },
      { headers: { currency: 'USD' } },
    );
    expect(await ann.next('MESSAGE')).toMatchObject({
      body: '{"price":48.3}',
      headers: { currency: 'USD', destination: '/topic/price.stock.RHT' },
    });
    expect(sessions.size).toBe(1);
    await expect(publisher.publish('/nowhere', 1)).rejects.toMatchObject({
      code: 'publication-invalid',
    });
    await expect(publisher.publish('/topic/x', () => {})).rejects.toMatchObject({
      code: 'payload-unwritable',
    });
  });
});

describe('a subscription that a handler answers', () => {
  it('receives one direct reply, and its UNSUBSCRIBE receives a receipt', async () => {
    const { transport, server } = await serve({ controllers: [RoomController] });
    const ann = await connectStomp(transport);
    await ann.subscribe('s', '/app/rooms/lobby/recent');
    expect(await ann.next('MESSAGE')).toMatchObject({
      body: '["one of lobby","two of lobby"]',
      headers: { subscription: 's', destination: '/app/rooms/lobby/recent' },
    });
    ann.send('UNSUBSCRIBE', { id: 's', receipt: 'u' });
    expect((await ann.next('RECEIPT')).headers).toEqual({ 'receipt-id': 'u' });
    await server.idle();
    expect(ann.received).toEqual([]);
  });

  it('receives the items of a stream until UNSUBSCRIBE or the end of the session', async () => {
    const container = new Container();
    container.bind(RoomController).toSelf().inSingletonScope();
    const { transport, server } = await serve({ container });
    const controller = container.get(RoomController);
    const [ann, bob] = [await connectStomp(transport), await connectStomp(transport)];
    await ann.subscribe('s', '/app/rooms/lobby/ticks');
    expect((await ann.next('MESSAGE')).body).toBe('0');
    controller.release.shift()!();
    expect((await ann.next('MESSAGE')).body).toBe('1');
    ann.send('UNSUBSCRIBE', { id: 's', receipt: 'u' });
    await ann.next('RECEIPT');
    controller.release.shift()!();
    await server.idle();
    await bob.subscribe('s', '/app/rooms/lobby/ticks');
    await bob.next('MESSAGE');
    bob.connection.vanish();
    await server.idle();
    controller.release.shift()!();
    await server.idle();
    expect(controller.aborted).toHaveLength(2);
    expect(ann.received).toEqual([]);
  });
});

describe('a stream of a @MessageMapping', () => {
  it('is published item by item', async () => {
    const { transport } = await serve({ controllers: [RoomController] });
    const ann = await connectStomp(transport);
    await ann.subscribe('c', '/topic/counts');
    ann.send('SEND', { destination: '/app/rooms/lobby/count', receipt: 'r' });
    for (const body of ['1', '2', '3']) expect((await ann.next('MESSAGE')).body).toBe(body);
  });
});

describe('an error', () => {
  const send = { destination: '/app/rooms/lobby/throw' };

  it('is passed to the exception handler, and the frame gets its receipt', async () => {
    const { transport } = await serve({ controllers: [RoomController] });
    const ann = await connectStomp(transport);
    await ann.subscribe('c', '/user/queue/closed');
    ann.send('SEND', { ...send, error: 'closed', receipt: 'r' });
    expect((await ann.next('MESSAGE')).body).toBe('{"code":"room-closed"}');
    expect((await ann.next('RECEIPT')).headers).toEqual({ 'receipt-id': 'r' });
  });

  it.each([
    ['an undefined that a handler throws', { ...send, error: 'undefined' }, 'handler-failed'],
    ['a rejected promise', { ...send, error: 'late' }, 'handler-failed'],
    ['a missing header', send, 'argument-missing'],
    ['a destination without handler', { destination: '/app/none' }, 'no-route'],
    ['a destination outside all prefixes', { destination: '/elsewhere' }, 'no-route'],
    ['a malformed user destination', { destination: '/user/joe' }, 'destination-invalid'],
    [
      'the problem queue of another user',
      { destination: '/user/joe/queue/errors' },
      'destination-refused',
    ],
    [
      'a transaction that was not begun',
      { destination: '/topic/x', transaction: 't' },
      'transaction-unknown',
    ],
  ])(
    'is a problem if the client has subscribed to problems, and the session stays open: %s',
    async (_, headers, code) => {
      const { transport } = await serve({ controllers: [RoomController] });
      const ann = await connectStomp(transport);
      await ann.subscribe('e', '/user/queue/errors');
      ann.send('SEND', { ...headers, receipt: 'r' });
      const problem = JSON.parse((await ann.next('MESSAGE')).body) as Record<string, unknown>;
      expect(problem).toMatchObject({ code, destination: headers.destination, receipt: 'r' });
      expect(JSON.stringify(problem)).not.toContain('secret');
      await ann.subscribe('still', '/topic/alive');
      expect(ann.received).toEqual([]);
    },
  );

  it('is ERROR with the receipt id and ends the session if the client has not subscribed to problems', async () => {
    const { transport } = await serve({ controllers: [RoomController] });
    const ann = await connectStomp(transport);
    ann.send('SEND', { ...send, error: 'late', receipt: 'r' });
    expect((await ann.next('ERROR')).headers).toMatchObject({
      code: 'handler-failed',
      'receipt-id': 'r',
    });
    expect(await ann.connection.closed).toMatchObject({ code: 1011 });
  });

  it('is only logged if a handler fails and the client has asked for neither receipts nor problems', async () => {
    const logged: string[] = [];
    const logger = { ...silentLogger, error: (text: string) => void logged.push(text) };
    const { transport } = await serve({ controllers: [RoomController], logger });
    const ann = await connectStomp(transport);
    ann.send('SEND', { ...send, error: 'late' });
    await ann.subscribe('still', '/topic/alive');
    expect(logged).toEqual([
      "Processing SEND '/app/rooms/lobby/throw' (RoomController.throw) failed.",
    ]);
  });

  it('is handler-timeout if a handler never ends, and later frames are processed', async () => {
    const { transport, clock } = await serve({ controllers: [RoomController], handlerTimeout: 20 });
    const ann = await connectStomp(transport);
    await ann.subscribe('e', '/user/queue/errors');
    ann.send('SEND', { destination: '/app/rooms/lobby/hang' });
    await clock.advance(40);
    expect(JSON.parse((await ann.next('MESSAGE')).body)).toMatchObject({ code: 'handler-timeout' });
    await ann.subscribe('still', '/topic/alive');
  });

  it('does not affect other sessions', async () => {
    const { transport } = await serve();
    const [ann, bob] = [await connectStomp(transport), await connectStomp(transport)];
    await bob.subscribe('b', '/topic/x');
    ann.connection.send('GARBAGE\n\n\0');
    await ann.connection.closed;
    const cat = await connectStomp(transport);
    cat.send('SEND', { destination: '/topic/x' }, 'still here');
    expect((await bob.next('MESSAGE')).body).toBe('still here');
  });
});

describe('a session', () => {
  it('rejects another first frame than CONNECT, and a second CONNECT', async () => {
    const { transport } = await serve();
    const early = openStomp(transport);
    early.send('SEND', { destination: '/topic/x', receipt: 'r' });
    expect((await early.next('ERROR')).headers).toMatchObject({
      code: 'not-connected',
      'receipt-id': 'r',
    });
    const twice = await connectStomp(transport);
    twice.send('CONNECT', { 'accept-version': '1.2', host: 'test' });
    expect((await twice.next('ERROR')).headers).toMatchObject({ code: 'already-connected' });
    await Promise.all([early.connection.closed, twice.connection.closed]);
  });

  it('is refused without details if the login is wrong', async () => {
    const { transport } = await serve({
      authenticate: () => {
        throw new Error('no such user: ann');
      },
    });
    const ann = openStomp(transport);
    ann.send('CONNECT', { 'accept-version': '1.2', host: 'test', login: 'ann', passcode: 'x' });
    const error = await ann.next('ERROR');
    expect(error).toMatchObject({
      headers: { message: 'Access refused.', code: 'access-refused' },
      body: '',
    });
    expect(await ann.connection.closed).toMatchObject({ code: 1008 });
  });

  it('gets the receipt of DISCONNECT before it is closed with 1000, and later frames are ignored', async () => {
    const { transport } = await serve();
    const [ann, bob] = [await connectStomp(transport), await connectStomp(transport)];
    await bob.subscribe('b', '/topic/x');
    ann.send('SEND', { destination: '/topic/x' }, 'before');
    ann.send('DISCONNECT', { receipt: 'bye' });
    ann.send('SEND', { destination: '/topic/x' }, 'after');
    expect((await ann.next('RECEIPT')).headers).toEqual({ 'receipt-id': 'bye' });
    expect(await ann.connection.closed).toEqual({ code: 1000, reason: '' });
    expect((await bob.next('MESSAGE')).body).toBe('before');
    expect(bob.received).toEqual([]);
  });

  it('has one event for each connect, subscribe, unsubscribe and disconnect', async () => {
    const { transport, server } = await serve();
    const log: string[] = [];
    server.events.on('connected', () => void log.push('connected'));
    server.events.on('subscribed', async ({ destination, session }) => {
      log.push(`subscribed ${destination}`);
      await server.publisher.publish('/topic/x', `welcome ${session.id.length > 0}`);
    });
    server.events.on(
      'unsubscribed',
      ({ subscription }) => void log.push(`unsubscribed ${subscription}`),
    );
    server.events.on('disconnected', ({ code }) => void log.push(`disconnected ${code}`));
    const ann = await connectStomp(transport);
    await ann.subscribe('a', '/topic/x');
    expect((await ann.next('MESSAGE')).body).toBe('welcome true');
    ann.send('UNSUBSCRIBE', { id: 'a' });
    ann.send('DISCONNECT');
    await ann.connection.closed;
    await server.idle();
    expect(log).toEqual([
      'connected',
      'subscribed /topic/x',
      'unsubscribed a',
      'disconnected 1000',
    ]);
    expect(server.sessions.size).toBe(0);
  });

  it('has no events after `disconnected`, even if its frames are still being processed', async () => {
    const container = new Container();
    container.bind(RoomController).toSelf().inSingletonScope();
    const { transport, server } = await serve({ container });
    const log: string[] = [];
    for (const kind of ['subscribed', 'unsubscribed', 'disconnected'] as const)
      server.events.on(kind, () => void log.push(kind));
    const ann = await connectStomp(transport);
    ann.send('SEND', { destination: '/app/rooms/lobby/hang' });
    ann.send('SUBSCRIBE', { id: 'a', destination: '/topic/x' });
    ann.send('UNSUBSCRIBE', { id: 'a' });
    await new Promise((resolve) => setImmediate(resolve));
    ann.connection.vanish();
    await ann.connection.closed;
    container.get(RoomController).release[0]!();
    await server.idle();
    expect(log).toEqual(['disconnected']);
  });

  it('has at most `maxSubscriptions` subscriptions', async () => {
    const { transport } = await serve({ limits: { maxSubscriptions: 2 } });
    const ann = await connectStomp(transport);
    await ann.subscribe('1', '/topic/1');
    await ann.subscribe('2', '/topic/2');
    ann.send('SUBSCRIBE', { id: '3', destination: '/topic/3', receipt: 'r' });
    expect((await ann.next('ERROR')).headers).toMatchObject({ code: 'subscription-limit' });
  });

  it('is closed if it does not connect before the timeout', async () => {
    const { transport, clock } = await serve({ connectTimeout: 20 });
    const ann = openStomp(transport);
    await clock.advance(20);
    expect(await ann.connection.closed).toEqual({
      code: 4501,
      reason: 'connect-timeout',
    });
  });

  it('keeps the order of its frames, even if its handlers have different delays', async () => {
    @Controller()
    class Slow {
      @MessageMapping('/slow')
      @SendTo('/topic/slow')
      async slow(@Payload() { n }: { n: number }) {
        await new Promise((resolve) => setTimeout(resolve, n % 3));
        return n;
      }
    }
    const { transport } = await serve({ controllers: [Slow] });
    const ann = await connectStomp(transport);
    await ann.subscribe('s', '/topic/slow');
    for (let n = 0; n < 100; n++)
      ann.send('SEND', { destination: '/app/slow' }, JSON.stringify({ n }));
    expect(await ann.texts(100)).toEqual(Array.from({ length: 100 }, (_, n) => `${n}`));
  });
});

describe('interceptors', () => {
  it('see each frame, and reject it by an error or drop it without next()', async () => {
    const kinds: string[] = [];
    const interceptor: Interceptor = async (frame, _session, next) => {
      kinds.push(frame.kind);
      if (frame.kind === 'subscribe' && frame.destination === '/topic/secret')
        throw new MessagingError('access-refused');
      if (frame.kind === 'send' && frame.message.headers.get('spam') === 'yes') return;
      await next();
    };
    const { transport } = await serve({ interceptors: [interceptor] });
    const ann = await connectStomp(transport);
    await ann.subscribe('x', '/topic/x');
    ann.send('SEND', { destination: '/topic/x', spam: 'yes' }, 'spam');
    ann.send('SEND', { destination: '/topic/x' }, 'mail');
    expect((await ann.next('MESSAGE')).body).toBe('mail');
    ann.send('SUBSCRIBE', { id: 's', destination: '/topic/secret', receipt: 'r' });
    expect((await ann.next('ERROR')).headers).toMatchObject({ code: 'access-refused' });
    expect(kinds).toEqual(['connect', 'subscribe', 'send', 'send', 'subscribe']);
  });

  it('see each outbound frame, and change or drop it', async () => {
    const { transport } = await serve({
      outboundInterceptors: [
        (frame) => {
          if (frame.kind !== 'message') return frame;
          const { message } = frame;
          if (message.headers.get('hidden') === 'yes') return undefined;
          return {
            ...frame,
            message: {
              ...message,
              body: Buffer.from(Buffer.from(message.body).toString().toUpperCase()),
            },
          };
        },
      ],
    });
    const ann = await connectStomp(transport);
    await ann.subscribe('x', '/topic/x');
    ann.send('SEND', { destination: '/topic/x', hidden: 'yes' }, 'hidden');
    ann.send('SEND', { destination: '/topic/x' }, 'visible');
    expect((await ann.next('MESSAGE')).body).toBe('VISIBLE');
  });
});

describe('heart-beats', () => {
  const heartbeat = { minSendInterval: 20, expectedInterval: 20 };

  it('are negotiated in CONNECT and sent while no frames are sent', async () => {
    const { transport, clock } = await serve({ heartbeat });
    const ann = openStomp(transport);
    ann.send('CONNECT', { 'accept-version': '1.2', host: 'test', 'heart-beat': '0,10' });
    expect((await ann.next('CONNECTED')).headers).toMatchObject({ 'heart-beat': '20,0' });
    for (let i = 0; i < 3; i++) {
      await clock.advance(20);
      await ann.heartbeat();
    }
  });

  it('of a client that stop end its session', async () => {
    const { transport, server, clock } = await serve({ heartbeat });
    const ended: string[] = [];
    server.events.on('disconnected', ({ code, reason }) => void ended.push(`${code} ${reason}`));
    const ann = await connectStomp(transport, { 'heart-beat': '20,0' });
    await clock.advance(100);
    expect(await ann.connection.closed).toEqual({ code: 4501, reason: 'heartbeat-lost' });
    expect(ended).toEqual(['4501 heartbeat-lost']);
  });

  it('of a client are not needed while it sends other bytes, even within a frame', async () => {
    const { transport, clock } = await serve({ heartbeat });
    const ann = await connectStomp(transport, { 'heart-beat': '20,0' });
    for (const character of 'SEND\ndestination:/topic/x\n\n\n\n\n') {
      ann.connection.send(character);
      await clock.advance(10);
    }
    expect(ann.end).toBeUndefined();
  });

  it('are not negotiated in 1.0', async () => {
    const { transport } = await serve({ heartbeat });
    const ann = openStomp(transport);
    ann.send('CONNECT', { 'accept-version': '1.0', 'heart-beat': '10,10' });
    expect((await ann.next('CONNECTED')).headers).toMatchObject({ 'heart-beat': '0,0' });
  });
});

describe('reading', () => {
  it('pauses while too many frames wait, and resumes when they are processed', async () => {
    const container = new Container();
    container.bind(RoomController).toSelf().inSingletonScope();
    const { transport } = await serve({ container, limits: { maxWaitingFrames: 4 } });
    const controller = container.get(RoomController);
    const ann = await connectStomp(transport);
    for (let n = 0; n < 20; n++) {
      ann.send('SEND', { destination: '/app/rooms/lobby/hang', receipt: `${n}` });
    }
    const receipts: string[] = [];
    while (receipts.length < 20) {
      await vi.waitUntil(() => controller.release.length > 0, { interval: 1, timeout: 20_000 });
      controller.release.shift()!();
      receipts.push((await ann.next('RECEIPT')).headers['receipt-id']!);
    }
    expect(receipts).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`));
  });
});

describe('closing', () => {
  it('waits for running handlers, sends their answers, and closes sessions with 1001', async () => {
    const container = new Container();
    container.bind(RoomController).toSelf().inSingletonScope();
    const { transport, server } = await serve({ container });
    const ann = await connectStomp(transport);
    ann.send('SEND', { destination: '/app/rooms/lobby/hang', receipt: 'r' });
    await new Promise((resolve) => setImmediate(resolve));
    const closed = server.close();
    container.get(RoomController).release[0]!();
    expect((await ann.next('RECEIPT')).headers).toEqual({ 'receipt-id': 'r' });
    expect(await ann.connection.closed).toEqual({ code: 1001, reason: 'server-stopping' });
    await closed;
  });

  it('ends after the close timeout if a handler never ends', async () => {
    const { transport, server, clock } = await serve({
      controllers: [RoomController],
      closeTimeout: 20,
    });
    const ann = await connectStomp(transport);
    ann.send('SEND', { destination: '/app/rooms/lobby/hang' });
    await new Promise((resolve) => setImmediate(resolve));
    const closed = server.close();
    await clock.advance(20);
    await closed;
    await ann.connection.closed;
  });
});

describe('a server', () => {
  it('sends its version in CONNECTED', async () => {
    const { transport } = await serve();
    const ann = openStomp(transport);
    ann.send('CONNECT', { 'accept-version': '1.2', host: 'test' });
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect((await ann.next('CONNECTED')).headers['server']).toBe(`signalbox/${version}`);
  });

  it('uses the queue options of its broker for the queues of sessions, for any class of broker', async () => {
    const inner = new EmbeddedBroker({ queue: { prefetch: 1, maxPrefetch: 1 } });
    const broker: Broker = {
      queueOptions: inner.queueOptions,
      start: (context) => inner.start(context),
      stop: () => inner.stop(),
      connect: (subscriber) => inner.connect(subscriber),
      publish: (publication) => inner.publish(publication),
    };
    const { transport, server } = await serve({ broker });
    const ann = await connectStomp(transport);
    await ann.subscribe('own', '/user/queue/x', { ack: 'client' });
    const [{ id } = { id: '' }] = server.sessions.all();
    for (const text of ['1', '2']) await server.publisher.publishToSession(id, '/queue/x', text);
    expect(await ann.texts(1)).toEqual(['1']);
    await ann.expectNone();
  });

  it('separates the variables of its routes by dots when the separator is a dot', async () => {
    @Controller()
    class Orders {
      @MessageMapping('orders.{id}')
      @SendTo('/topic/orders')
      create(@DestinationVariable('id') id: string) {
        return id;
      }
    }
    const { transport } = await serve({ controllers: [Orders], separator: '.' });
    const ann = await connectStomp(transport);
    await ann.subscribe('s', '/topic/orders');
    for (const name of ['orders.6.5', 'orders.7'])
      ann.send('SEND', { destination: `/app/${name}` });
    expect(await ann.texts(1)).toEqual(['7']);
  });

  it('lists its routes', async () => {
    const { server } = await serve({ controllers: [RoomController] });
    expect(server.routes()).toContainEqual({
      on: 'send',
      destination: '/app/rooms/{room}/post',
      handler: 'RoomController.post',
    });
    expect(server.routes()).toContainEqual({
      on: 'subscribe',
      destination: '/app/rooms/{room}/recent',
      handler: 'RoomController.recent',
    });
  });

  it('lists its routes with the slash of a mapping that dots do not remove', async () => {
    class Orders {
      create() {}
    }
    MessageMapping('/orders', 'blue.{id}')(Orders.prototype, 'create', {});
    Controller()(Orders);
    const { server } = await serve({ controllers: [Orders], separator: '.' });
    expect(server.routes().map(({ destination }) => destination)).toEqual([
      '/app//orders',
      '/app/blue.{id}',
    ]);
  });

  it('closes its open transports if another one cannot be opened', async () => {
    const transport = memoryTransport();
    const broken: Transport = {
      name: 'broken',
      open: () => Promise.reject(new MessagingError('listen-failed')),
      close: () => {},
    };
    for (const start of [
      (server: Server) => server.start(),
      (server: Server) => server.listen(0),
    ]) {
      const server = await createServer({ transports: [transport, broken], logger: silentLogger });
      await expect(start(server)).rejects.toMatchObject({ code: 'listen-failed' });
      expect(() => transport.connect()).toThrow('is not open');
      expect(server.address()).toBeUndefined();
    }
  });

  it('is closed when its start fails, and the error of a second start explains it', async () => {
    const first = await createServer({ logger: silentLogger });
    running.push(first);
    await first.listen(0);
    const { port } = first.address() as AddressInfo;
    const second = await createServer({ logger: silentLogger });
    await expect(second.listen(port)).rejects.toThrow('or build another server');
    await expect(second.listen(0)).rejects.toThrow(
      'The server was closed when its start failed; build another one.',
    );
  });

  it('is not started after it was closed, and the error contains this reason', async () => {
    const server = await createServer({ logger: silentLogger });
    await server.close();
    for (const start of [async () => server.start(), async () => server.listen(0)])
      await expect(start()).rejects.toThrow(
        'The server was closed before it was started; build another one.',
      );
  });

  it('rejects a second start, and the container of another server', async () => {
    const container = new Container();
    const { server } = await serve({ container });
    await expect(server.start()).rejects.toThrow(
      'The server was started before; build another one.',
    );
    await expect(createServer({ container })).rejects.toThrow(MessagingError);
    await server.close();
    class NoController {}
    await expect(createServer({ container, controllers: [NoController] })).rejects.toMatchObject({
      code: 'controller-invalid',
    });
    await (await serve({ container })).server.close();
  });
});
