// Hooks of a server: each is called when something begins, and its function when it ends.
import { Container } from 'inversify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  Controller,
  memoryTransport,
  MessageMapping,
  SendTo,
  silentLogger,
  SubscribeMapping,
  type Server,
} from '../../src/index.js';
import type { Call } from '../../src/dispatch/invocation.js';
import type { Outcome, Route, StreamOutcome } from '../../src/dispatch/route.js';
import { createObservedServer } from '../../src/server/create-server.js';
import { guardHooks, observeRoute, type Hooks } from '../../src/server/hooks.js';
import { connectStomp, type MemoryStompClient } from '../clients/stomp.js';

@Controller()
class HookController {
  static finish = () => {};

  @MessageMapping('/sync')
  sync() {}

  @MessageMapping('/async')
  async() {
    return new Promise<void>((resolve) => (HookController.finish = resolve));
  }

  @MessageMapping('/throws')
  throws() {
    throw new Error('expected');
  }

  @MessageMapping('/rejects')
  async rejects() {
    await Promise.resolve();
    throw new Error('expected');
  }

  @MessageMapping('/stream')
  @SendTo('/topic/stream')
  async *stream() {
    yield 1;
  }

  @MessageMapping('/failing-stream')
  @SendTo('/topic/stream')
  async *failingStream() {
    yield 1;
    throw new Error('expected');
  }

  @SubscribeMapping('/endless')
  endless() {
    const items = [{ done: false, value: 1 }];
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => items.shift() ?? new Promise(() => {}),
        return: async () => ({ done: true, value: undefined }),
      }),
    };
  }
}

let calls: string[];
let server: Server;
let ann: MemoryStompClient;

const hooks: Hooks = {
  onConnection() {
    calls.push('connection');
    return (code) => void calls.push(`connection ended ${code}`);
  },
  onFrame({ kind }) {
    calls.push(`frame ${kind}`);
    return (result) => void calls.push(`frame ${kind} ${result}`);
  },
  onRoute(_, { lookup }) {
    calls.push(`route ${lookup}`);
    return () => void calls.push(`route ${lookup} ended`);
  },
  onStream(_, { lookup }) {
    calls.push(`stream ${lookup}`);
    return () => void calls.push(`stream ${lookup} ended`);
  },
  onPublication({ message }) {
    calls.push(`publication ${message.destination}`);
    return (refusal) =>
      void calls.push(
        `publication ${message.destination} ${refusal === undefined ? 'done' : 'refused'}`,
      );
  },
  onDelivery(_, __, subscription) {
    calls.push(`delivery ${subscription}`);
    return () => void calls.push(`delivery ${subscription} ended`);
  },
  async onContainer() {
    calls.push('container');
    return () => void calls.push('container restored');
  },
};

beforeEach(async () => {
  calls = [];
  const transport = memoryTransport();
  server = await createObservedServer(
    {
      transports: [transport],
      container: new Container(),
      controllers: [HookController],
      logger: silentLogger,
    },
    hooks,
  );
  await server.start();
  ann = await connectStomp(transport);
  calls = calls.filter((call) => call === 'container');
});

afterEach(() => server.close());

/** The calls of hooks with this prefix, after a frame was processed. */
async function callsOf(name: string, headers: Readonly<Record<string, string>>, command = 'SEND') {
  ann.send(command, headers);
  await server.idle();
  return calls.filter((call) => call.startsWith(name));
}

describe('the container hook', () => {
  it('is called before the controllers are built, and restores the container of the application when the server closes', async () => {
    expect(calls).toEqual(['container']);
    await server.close();
    expect(calls.filter((call) => call.startsWith('container'))).toEqual([
      'container',
      'container restored',
    ]);
  });
});

describe('the connection hook', () => {
  it('is called for a new client, and ends with its close code', async () => {
    const transport = server.options.transports[0] as ReturnType<typeof memoryTransport>;
    const bob = await connectStomp(transport);
    expect(calls).toContain('connection');
    bob.connection.vanish();
    await bob.connection.closed;
    await server.idle();
    expect(calls).toContain('connection ended 1006');
  });
});

describe('the frame hook', () => {
  it.each([
    ['done', '/topic/x'],
    ['failed', '/app/unknown'],
  ])('ends as %s', async (result, destination) => {
    expect(await callsOf('frame', { destination })).toEqual(['frame send', `frame send ${result}`]);
  });
});

describe('the route hook', () => {
  it.each(['sync', 'throws', 'rejects'])('begins and ends for a handler: %s', async (path) => {
    expect(await callsOf('route', { destination: `/app/${path}` })).toEqual([
      `route /${path}`,
      `route /${path} ended`,
    ]);
  });

  it('ends when an asynchronous handler has returned', async () => {
    ann.send('SEND', { destination: '/app/async' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).not.toContain('route /async ended');
    HookController.finish();
    await server.idle();
    expect(calls).toContain('route /async ended');
  });
});

describe('the stream hook', () => {
  it.each(['stream', 'failing-stream'])('begins and ends for a stream: %s', async (path) => {
    expect(await callsOf('stream', { destination: `/app/${path}` })).toEqual([
      `stream /${path}`,
      `stream /${path} ended`,
    ]);
  });

  it('ends when the subscription of the stream ends', async () => {
    ann.send('SUBSCRIBE', { id: 's', destination: '/app/endless' });
    await ann.next('MESSAGE');
    expect(calls).not.toContain('stream /endless ended');
    ann.connection.vanish();
    await ann.connection.closed;
    await server.idle();
    expect(calls).toContain('stream /endless ended');
  });
});

describe('an observed route', () => {
  const call = { lookup: '/x' } as Call;

  function routeWith(invoke: Route['invoke']): Route {
    return { on: 'send', pattern: '/x', handler: 'Test.x', invoke };
  }

  function streamOf(stream: AsyncIterable<unknown>): StreamOutcome {
    return { kind: 'stream', stream, targets: [], recover: () => ({ kind: 'none' }) };
  }

  async function* oneItem() {
    yield 1;
  }

  /** The stream of a route that returns one with this iterator. */
  async function observedIterator(iterator: AsyncIterator<unknown>, given: Hooks = hooks) {
    const stream = { [Symbol.asyncIterator]: () => iterator };
    const outcome = await observeRoute(
      routeWith(() => streamOf(stream)),
      given,
    ).invoke(call);
    return (outcome as StreamOutcome).stream[Symbol.asyncIterator]();
  }

  it('is the route itself without hooks of routes and streams', () => {
    const route = routeWith(() => ({ kind: 'none' }));
    expect(observeRoute(route, { onFrame: hooks.onFrame! })).toBe(route);
  });

  it('has the outcome of its handler, with one hook or both', async () => {
    const value: Outcome = { kind: 'value', value: 7, targets: [] };
    const failure = new Error('expected');
    for (const given of [
      { onRoute: hooks.onRoute! },
      { onStream: hooks.onStream! },
      hooks,
      { onRoute: () => undefined },
    ]) {
      const invoke = (handler: Route['invoke']) =>
        observeRoute(routeWith(handler), given).invoke(call);
      expect(invoke(() => value)).toBe(value);
      expect(await invoke(async () => value)).toBe(value);
      await expect(invoke(async () => Promise.reject(failure))).rejects.toBe(failure);
      const fail = () => {
        throw failure;
      };
      expect(() => invoke(fail)).toThrow(failure);
      const iterator = await observedIterator(oneItem(), given);
      expect(await iterator.next()).toEqual({ done: false, value: 1 });
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    }
  });

  it('calls the hook of routes without a hook of streams', async () => {
    const route = routeWith(() => ({ kind: 'none' }));
    await observeRoute(route, { onRoute: hooks.onRoute! }).invoke(call);
    expect(calls.filter((call) => call.includes('/x'))).toEqual(['route /x', 'route /x ended']);
  });

  it('ends its stream with the error of the iterator', async () => {
    const failure = new Error('expected');
    const iterator = await observedIterator({ next: () => Promise.reject(failure) });
    await expect(iterator.next()).rejects.toBe(failure);
    expect(calls).toContain('stream /x ended');
  });

  it('calls the hook of streams without a hook of routes', async () => {
    const next = async () => ({ done: true, value: undefined });
    const iterator = await observedIterator({ next }, { onStream: hooks.onStream! });
    await iterator.next();
    await iterator.next();
    expect(calls.filter((call) => call.includes('/x'))).toEqual(['stream /x', 'stream /x ended']);
  });

  it('calls the hook of routes again when an exception handler takes an error of the stream', async () => {
    const recovered: Outcome = { kind: 'none' };
    const route = routeWith(() => ({
      ...streamOf({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error()) }) }),
      recover: () => recovered,
    }));
    const outcome = await observeRoute(route, hooks).invoke(call);
    expect(await (outcome as StreamOutcome).recover(new Error('expected'))).toBe(recovered);
    expect(calls.filter((call) => call.startsWith('route /x'))).toEqual([
      'route /x',
      'route /x ended',
      'route /x',
      'route /x ended',
    ]);
  });

  it('ends its stream early, with the result of the iterator if that has one', async () => {
    const next = async () => ({ done: false, value: 1 });
    const closing = await observedIterator({
      next,
      return: async () => ({ done: true, value: 2 }),
    });
    expect(await closing.return!()).toEqual({ done: true, value: 2 });
    expect(calls).toContain('stream /x ended');
    calls = [];
    const other = await observedIterator({ next });
    expect(await other.return!()).toEqual({ done: true, value: undefined });
    expect(calls).toContain('stream /x ended');
  });
});

describe('the publication hook', () => {
  it('ends when the broker has accepted the message', async () => {
    expect(await callsOf('publication', { destination: '/topic/x' })).toEqual([
      'publication /topic/x',
      'publication /topic/x done',
    ]);
  });
});

describe('the delivery hook', () => {
  it('begins and ends for each subscription', async () => {
    await ann.subscribe('1', '/topic/x');
    await ann.subscribe('2', '/topic/*');
    const deliveries = await callsOf('delivery', { destination: '/topic/x' });
    expect(deliveries.toSorted()).toEqual([
      'delivery 1',
      'delivery 1 ended',
      'delivery 2',
      'delivery 2 ended',
    ]);
  });
});

it('hooks that are not set are not called', () => {
  expect(guardHooks({}, silentLogger)).toEqual({});
});

describe('a hook that throws', () => {
  const failing = (atEnd: boolean) => () => {
    if (!atEnd) throw new Error('expected');
    return () => {
      throw new Error('expected');
    };
  };

  it.each([false, true])('changes nothing for the client, at its end: %s', async (atEnd) => {
    const transport = memoryTransport();
    const errors: string[] = [];
    const hook = failing(atEnd);
    const observed = await createObservedServer(
      {
        controllers: [HookController],
        transports: [transport],
        logger: { ...silentLogger, error: (text) => void errors.push(text) },
      },
      {
        onConnection: hook,
        onFrame: hook,
        onRoute: hook,
        onStream: hook,
        onPublication: hook,
        onDelivery: hook,
      },
    );
    await observed.start();
    const client = await connectStomp(transport, {}, { principal: { name: 'bob' } });
    await client.subscribe('s', '/topic/stream');
    client.publish('/app/stream');
    expect(await client.texts(1)).toEqual(['1']);
    client.connection.close();
    await client.connection.closed;
    await observed.idle();
    expect(observed.sessions.size).toBe(0);
    expect([...observed.sessions.users()]).toEqual([]);
    expect(new Set(errors)).toEqual(new Set(['A hook failed.']));
    await observed.close();
  });
});
