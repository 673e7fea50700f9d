// The test server: fakes, options of the application, publications, and the checks of close().
import { Container, ContainerModule, inject, injectable } from 'inversify';
import {
  Clock,
  Controller,
  MessageMapping,
  MessagingError,
  Publisher,
  SessionRegistry,
} from 'signalbox';
import { testClock, testServer } from 'signalbox/testing';
import { describe, expect, it, vi } from 'vitest';
import { ChatController, ChatHistory, fakeHistory, Gate, type ChatMessage } from './chat.js';

const controllers = [ChatController];

describe('a test', () => {
  it('connects, subscribes, sends and reads', async () => {
    const app = await testServer({ controllers, override: [[ChatHistory, fakeHistory]] });
    const ann = await app.connect({ user: 'ann' });
    const room = await ann.subscribe('/topic/rooms/lobby');
    await ann.send('/app/rooms/lobby/say', { text: 'hi' });
    expect(await room.next()).toMatchObject({ payload: { text: 'hi', by: 'ann' } });
    await app.close();
  });

  it('closes at the end of its block with await using', async () => {
    let left: { closed: unknown } | undefined;
    {
      await using app = await testServer({ controllers });
      left = await app.connect();
    }
    expect(left.closed).toEqual({ code: 1000, reason: '' });
  });

  it('has the same ids in every run', async () => {
    await using app = await testServer({ controllers });
    const [ann, bob] = [await app.connect({ user: 'ann' }), await app.connect()];
    expect([ann.session, bob.session]).toEqual(['session-1', 'session-2']);
    expect([ann.label, bob.label]).toEqual(['ann (session-1)', 'anonymous (session-2)']);
    const room = await bob.subscribe('/topic/rooms/*');
    await ann.send('/app/rooms/lobby/say', { text: 'hi' });
    expect(await room.next()).toMatchObject({ id: 'message-1', subscription: 'sub-1' });
  });

  it('rejects an unknown option and names the nearest one', async () => {
    const wrong = { controlers: controllers } as object;
    await expect(testServer(wrong)).rejects.toThrow("the nearest known one is 'controllers'");
  });

  it.each([
    ['overrides', 'override'],
    ['protocols', 'protocol'],
    ['strickt', 'strict'],
  ])('names its own option for %s', async (wrong, known) => {
    await expect(testServer({ [wrong]: [] } as object)).rejects.toThrow(
      `The option '${wrong}' is unknown; the nearest known one is '${known}'.`,
    );
  });

  it.each([0, Number.NaN, Infinity])('rejects the timeout %s', async (wrong) => {
    await expect(testServer({ timeout: wrong })).rejects.toThrow(
      `The option 'timeout' must be above 0 and at most 2147483647 milliseconds, unlike ${wrong}.`,
    );
  });
});

describe('options that are not valid are refused', () => {
  it.each<[options: unknown, message: string]>([
    [null, 'The options must be an object, such as { controllers: ... }.'],
    [5, 'The options must be an object, such as { controllers: ... }.'],
    [{ timeout: '5' }, "The option 'timeout' must be a number."],
    [{ strict: 'x' }, "The option 'strict' must be true or false."],
    [{ protocol: 'mqtt' }, "The option 'protocol' must be 'stomp' or 'json'."],
    [{ modules: {} }, "The option 'modules' must be a list."],
    [
      { modules: [5] },
      "The option 'modules.0' must be a ContainerModule of inversify; it has no method load.",
    ],
    [
      { clock: { ...testClock(), advance: undefined } },
      "The option 'clock' must be a TestClock; it has no method advance.",
    ],
    [{ timeout: 0, modules: [5], override: 5 }, 'Some options are not valid:'],
  ])('%o', async (options, message) => {
    const refused = await testServer(options as object).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'option-invalid' });
    expect((refused as Error).message).toContain(message);
  });
});

describe('users', () => {
  it('can have several sessions', async () => {
    await using app = await testServer({ controllers });
    const windows = [await app.connect({ user: 'ann' }), await app.connect({ user: 'ann' })];
    const bob = await app.connect({ user: 'bob' });
    const notes = [];
    for (const each of [...windows, bob]) notes.push(await each.subscribe('/user/queue/notes'));
    await bob.send('/app/rooms/lobby/announce', 'dinner');
    const [first, second, other] = notes;
    for (const note of [first, second])
      expect(await note!.next()).toMatchObject({
        destination: '/user/queue/notes',
        payload: { room: 'lobby' },
      });
    await other!.expectNone();
  });

  it('come from the authenticator', async () => {
    await using app = await testServer({
      controllers,
      authenticate({ login, headers }) {
        if (headers.get('token') !== 'secret') throw new Error('Who?');
        return { name: login ?? 'anonymous' };
      },
    });
    const ann = await app.connect({ login: 'ann', headers: { token: 'secret' } });
    expect([ann.user, ann.connected]).toEqual(['ann', true]);
    const eve = await app.connect({ login: 'eve' });
    expect(eve.connected).toBe(false);
    expect(eve.error).toMatchObject({ code: 'access-refused' });
    expect(eve.closed).toEqual({ code: 1008, reason: 'access-refused' });
    await expect(eve.send('/app/rooms/lobby/say', { text: 'hi' })).rejects.toThrow(
      'SEND /app/rooms/lobby/say: the session of anonymous (session-2) was closed with 1008 access-refused (access-refused: Access refused.).',
    );
  });

  it('connect with the handshake of the test', async () => {
    await using app = await testServer({
      controllers,
      authenticate: (_, { url, headers }) => ({ name: `${url} ${headers.get('cookie')}` }),
    });
    const handshake = { url: '/ws?x', headers: { Cookie: 'a=b' } };
    expect((await app.connect({ handshake })).user).toBe('/ws?x a=b');
  });
});

describe('interceptors', () => {
  const refuse = async () => {
    throw new MessagingError('access-refused');
  };

  it('are those of the application', async () => {
    await using app = await testServer({
      controllers,
      interceptors: [(frame, _, next) => (frame.kind === 'connect' ? next() : refuse())],
    });
    const ann = await app.connect();
    await ann.send('/app/rooms/lobby/say', { text: 'hi' }, { receipt: 'r' });
    expect(ann.error).toMatchObject({ code: 'access-refused' });
  });

  it('are not called in both directions with interceptors: false', async () => {
    const options = {
      controllers,
      interceptors: [refuse],
      outboundInterceptors: [() => undefined],
    };
    await using app = await testServer({ ...options, interceptors: false });
    const ann = await app.connect();
    const recent = await ann.subscribe('/app/rooms/lobby/recent');
    expect(await recent.next()).toMatchObject({ payload: [] });
  });
});

describe('services', () => {
  it('are returned by app.get as controllers receive them', async () => {
    await using app = await testServer({ controllers, override: [[ChatHistory, fakeHistory]] });
    expect(await app.get(ChatHistory)).toBe(fakeHistory);
    expect(await app.get(Publisher)).toBe(app.server.publisher);
    await app.connect({ user: 'ann' });
    expect((await app.get(SessionRegistry)).size).toBe(1);
  });

  it('come from modules, and fakes replace them', async () => {
    const token = Symbol('greeting');
    @Controller()
    class Greeting {
      constructor(readonly word: string) {}

      @MessageMapping('/greet')
      greet() {
        return this.word;
      }
    }
    injectable()(Greeting);
    inject(token)(Greeting, undefined, 0);
    const module = new ContainerModule(({ bind }) => {
      bind(token).toConstantValue('Hello');
      bind(Greeting).toSelf().inSingletonScope();
    });
    const greetingWith = async (override: readonly [typeof token, string][]) => {
      await using app = await testServer({ modules: [module], override });
      return (await app.invoke(Greeting, 'greet')).result;
    };
    expect([await greetingWith([]), await greetingWith([[token, 'Moin']])]).toEqual([
      'Hello',
      'Moin',
    ]);
  });

  it('of the server can be replaced by fakes', async () => {
    const publish = vi.fn<Publisher['publish']>();
    const sessions = { size: 7 };
    const container = new Container({ autobind: true });
    for (const given of [{}, { container }]) {
      const app = await testServer({
        ...given,
        controllers,
        override: [
          [Publisher, { publish, publishToUser: publish }],
          [SessionRegistry, sessions],
        ],
      });
      const ann = await app.connect({ user: 'ann' });
      await ann.send('/app/rooms/lobby/announce', 'dinner');
      expect(publish).toHaveBeenCalledWith('/topic/rooms/lobby', expect.anything());
      expect(app.published()).toEqual([]);
      expect(await app.get(SessionRegistry)).toBe(sessions);
      await app.close();
      publish.mockClear();
    }
    for (const own of [Publisher, SessionRegistry])
      expect(container.isCurrentBound(own)).toBe(false);
  });

  it('come from a container, which close() restores', async () => {
    @injectable()
    @Controller()
    class Recent {
      constructor(
        private readonly history: ChatHistory,
        private readonly gate: Gate,
      ) {}

      @MessageMapping('/recent')
      recent() {
        return [this.history, this.gate];
      }
    }
    inject(ChatHistory)(Recent, undefined, 0);
    inject(Gate)(Recent, undefined, 1);
    const parent = new Container({ defaultScope: 'Singleton' });
    parent.bind(Gate).toSelf();
    const container = new Container({ parent, defaultScope: 'Singleton' });
    container.bind(ChatHistory).toSelf();
    container.bind(Recent).toSelf();
    const [built, history, gate] = [Recent, ChatHistory, Gate].map((type) =>
      container.get<object>(type),
    );

    const app = await testServer({ container, override: [[ChatHistory, fakeHistory]] });
    const { result } = await app.invoke(Recent, 'recent');
    expect(result![0]).toBe(fakeHistory);
    expect(result![1]).not.toBe(gate);
    await app.close();

    expect(container.get(Recent)).toBe(built);
    expect(container.get(ChatHistory)).toBe(history);
    expect(parent.get(Gate)).toBe(gate);
    expect(container.isBound(Publisher)).toBe(false);
  });

  it('are restored when the server cannot be created', async () => {
    const container = new Container({ autobind: true });
    container.bind(ChatHistory).toConstantValue(fakeHistory as ChatHistory);
    class NoController {}
    const override = [[ChatHistory, {}]] as const;
    await expect(testServer({ container, override, controllers: [NoController] })).rejects.toThrow(
      'it is not a controller',
    );
    expect(container.get(ChatHistory)).toBe(fakeHistory);
    const module = new ContainerModule(() => {
      throw new Error('flat');
    });
    await expect(testServer({ container, modules: [module] })).rejects.toThrow('flat');
    expect(container.isCurrentBound(Publisher)).toBe(false);
    await (await testServer({ container, controllers })).close();
  });
});

describe('published()', () => {
  it('lists messages in order, by destination or pattern, with their receivers', async () => {
    await using app = await testServer({ controllers });
    const ann = await app.connect({ user: 'ann' });
    await ann.send('/app/rooms/lobby/announce', 'dinner');
    await ann.send('/topic/rooms/den', { text: 'past the handlers' });
    const text = { text: 'dinner', by: 'the house' };
    expect(app.published()).toMatchObject([
      { destination: '/topic/rooms/lobby', payload: text },
      {
        destination: '/user/queue/notes',
        payload: { room: 'lobby' },
        user: 'ann',
        session: 'session-1',
      },
      { destination: '/topic/rooms/den', by: 'session-1' },
    ]);
    expect(app.published('/topic/rooms/lobby')).toMatchObject([{ payload: text }]);
    expect(app.published('/topic/rooms/*')).toHaveLength(2);
    expect(app.published('/topic/nothing')).toEqual([]);
  });

  it('lists messages to a user without a session', async () => {
    await using app = await testServer({ controllers });
    await app.server.publisher.publishToUser('bob', '/queue/notes', 'for bob');
    const [message] = app.published('/user/queue/notes');
    expect(message).toMatchObject({ user: 'bob', payload: 'for bob' });
    expect(message).not.toHaveProperty('session');
  });

  it('lists the messages of a transaction after its commit', async () => {
    await using app = await testServer({ controllers });
    const ann = await app.connect();
    await ann.begin('t');
    await ann.send('/topic/rooms/den', 'held', { transaction: 't' });
    expect(app.published()).toEqual([]);
    await ann.commit('t');
    expect(app.published()).toMatchObject([{ payload: 'held' }]);
  });
});

describe('close()', () => {
  it('reports problems that the test has not read', async () => {
    const app = await testServer({ controllers });
    const ann = await app.connect({ user: 'ann' });
    await ann.send('/app/rooms/lobby/sya', { text: 'hi' });
    await expect(app.close()).rejects.toThrow(
      "close() found unfinished work or unread problems:\n  ann (session-1) received no-route at /app/rooms/lobby/sya: Nothing serves '/app/rooms/lobby/sya' for SEND. The nearest known destination is '/app/rooms/{room}/say'. Its handler is ChatController.say. The test has not read its 'problems'.",
    );
  });

  it('reports sessions that the server ended', async () => {
    const app = await testServer({ controllers, authenticate: () => Promise.reject(new Error()) });
    await app.connect();
    await expect(app.close()).rejects.toThrow(
      "anonymous (session-1) was closed with 1008 access-refused (access-refused: Access refused.). The test has not read its 'closed' or 'error'.",
    );
  });

  it('reports running handlers and streams', async () => {
    const app = await testServer({ controllers });
    const ann = await app.connect({ user: 'ann' });
    await ann.subscribe('/app/rooms/lobby/feed');
    await ann.subscribe('/app/rooms/lobby/endless');
    const sent = ann.send('/app/rooms/lobby/wait');
    await app.clock.advance(30_000);
    await sent;
    expect(ann.problems).toMatchObject([{ code: 'handler-timeout' }]);
    const open = await app.close().catch((error: Error) => error.message.split('\n  '));
    expect(open).toEqual([
      'close() found unfinished work or unread problems:',
      'ChatController.wait (/app/rooms/lobby/wait, for ann (session-1)) has not finished.',
      'The stream of ChatController.endless (/app/rooms/lobby/endless, for ann (session-1)) continues without a subscriber; end it when its @Signal is aborted.',
    ]);
  });

  it('injects its clock into controllers, so that a test can advance their timers', async () => {
    @Controller()
    class ReminderController {
      constructor(
        private readonly clock: Clock,
        private readonly publisher: Publisher,
      ) {}

      @MessageMapping('/remind')
      remind(text: string): void {
        const remind = () => void this.publisher.publish('/topic/reminders', text);
        this.clock.after(60_000, remind);
      }
    }
    const app = await testServer({ controllers: [ReminderController] });
    expect(await app.get(Clock)).toBe(app.clock);
    const ann = await app.connect();
    const reminders = await ann.subscribe('/topic/reminders');
    await ann.send('/app/remind', 'tea');
    await app.clock.advance(59_999);
    await reminders.expectNone();
    await app.clock.advance(1);
    expect(await reminders.next()).toMatchObject({ payload: 'tea' });
    await app.close();
  });

  it('reports pending timers', async () => {
    const clock = testClock();
    const app = await testServer({ controllers, clock });
    clock.after(500, () => {});
    await expect(app.close()).rejects.toThrow(
      'A timer of the clock is still pending; it is due in 500 ms.',
    );
  });

  it('reports unread messages with strict: true', async () => {
    for (const strict of [false, true]) {
      const app = await testServer({ controllers, strict });
      const ann = await app.connect({ user: 'ann' });
      await ann.subscribe('/topic/rooms/lobby');
      await ann.send('/app/rooms/lobby/say', { text: 'hi' });
      const reported = await app.close().then(
        () => 'nothing',
        (error: Error) => error.message.split('\n  ')[1],
      );
      const unread = 'ann (session-1) has not read 1 message from /topic/rooms/lobby.';
      expect(reported).toBe(strict ? unread : 'nothing');
    }
  });

  it('reports problems after a rejected subscription that the test expected', async () => {
    const app = await testServer({ controllers });
    const ann = await app.connect();
    await expect(ann.subscribe('/nowhere')).rejects.toMatchObject({
      problem: { code: 'no-route' },
    });
    await ann.send('/app/nowhere');
    await expect(app.close()).rejects.toThrow('received no-route at /app/nowhere');
  });

  it('reports nothing after a failed expectation, and can be called twice', async () => {
    const app = await testServer({ controllers });
    const ann = await app.connect();
    await ann.send('/app/nowhere');
    const room = await ann.subscribe('/topic/rooms/lobby');
    await expect(room.next()).rejects.toThrow('has no message to read');
    await app.close();
    await app.close();
  });

  it('ends all clients and the server', async () => {
    const app = await testServer({ controllers });
    const ann = await app.connect();
    await app.close();
    await expect(app.connect()).rejects.toThrow('connect(): the test server is closed.');
    await expect(app.invoke(ChatController, 'recent')).rejects.toThrow(
      'invoke(): the test server is closed.',
    );
    await expect(ann.subscribe('/topic/x')).rejects.toThrow('was closed with 1000');
  });
});

it('published() has the types of the destination map', async () => {
  await using app = await testServer<{ '/topic/rooms/{room}': ChatMessage }>({ controllers });
  const all: readonly { payload: ChatMessage }[] = app.published('/topic/rooms/lobby');
  expect(all).toEqual([]);
});
