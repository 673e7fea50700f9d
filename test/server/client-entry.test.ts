// The entry of clients, the same for STOMP and for WebSocket handlers: authentication that ends late or never, repeated ids, and limits.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  memoryTransport,
  silentLogger,
  WebSocketHandler,
  type MemoryClient,
  type MemoryTransport,
  type Server,
  type ServerOptions,
  type Session,
} from '../../src/index.js';
import { createObservedServer } from '../../src/server/create-server.js';
import { collectGarbage } from '../collect-garbage.js';
import { frameText, openStomp } from '../clients/stomp.js';

@WebSocketHandler('/raw')
class RawHandler {
  open() {}
}

let server: Server;

afterEach(() => server.close());

/** A server that keeps its log lines, and weak references to the sessions of its connections. */
async function start(options: ServerOptions) {
  const transport = memoryTransport();
  const log: unknown[][] = [];
  const sessions: WeakRef<Session>[] = [];
  const write = (...line: unknown[]) => void log.push(line);
  server = await createObservedServer(
    {
      transports: [transport],
      controllers: [RawHandler],
      logger: { ...silentLogger, warn: write, error: write },
      ...options,
    },
    {
      onConnection: (session) => {
        sessions.push(new WeakRef(session));
        return () => {};
      },
    },
  );
  await server.start();
  return { transport, log, sessions };
}

interface Kind {
  readonly activity: string;
  readonly connect: (transport: MemoryTransport) => MemoryClient;
  readonly count: () => number;
}

const stomp: Kind = {
  activity: 'CONNECT',
  connect(transport) {
    const { connection } = openStomp(transport);
    connection.send(frameText('CONNECT', { 'accept-version': '1.2', host: 'test' }));
    return connection;
  },
  count: () => server.sessions.size,
};

const raw: Kind = {
  activity: 'The handshake for RawHandler',
  connect: (transport) => transport.connect({ url: '/raw' }),
  count: () => server.webSockets.size,
};

async function lose(client: MemoryClient): Promise<void> {
  client.vanish();
  await client.closed;
}

describe.each([
  ['STOMP', stomp, raw],
  ['a WebSocket handler', raw, stomp],
])('a client of %s', (_name, kind, otherKind) => {
  it('that leaves while its authenticator never returns is released', async () => {
    // An application that keeps its own promises, such as those of a database driver, must not keep the clients.
    const pending: Promise<never>[] = [];
    const { transport, sessions } = await start({
      authenticate() {
        pending.push(new Promise<never>(() => {}));
        return pending.at(-1)!;
      },
      limits: { maxHandshakes: 1, shares: 1 },
    });
    for (let i = 0; i < 50; i++) {
      const client = kind.connect(transport);
      await nextTurn();
      await lose(client);
    }
    await server.idle();
    // A WeakRef keeps its object until the end of the turn.
    await nextTurn();
    collectGarbage();
    expect(pending).toHaveLength(50);
    expect(sessions.filter((each) => each.deref() !== undefined).length).toBeLessThan(3);
  });

  it('that leaves during authentication does not begin a session', async () => {
    let authenticate = (_user: { readonly name: string }) => {};
    const { transport, log } = await start({
      authenticate: () => new Promise((resolve) => (authenticate = resolve)),
    });
    const client = kind.connect(transport);
    await nextTurn();
    await lose(client);
    authenticate({ name: 'ann' });
    await server.idle();
    expect([kind.count(), log]).toEqual([0, []]);
  });

  it('that leaves before its authenticator fails has a line in the log with the error', async () => {
    let fail = (_error: Error) => {};
    const { transport, log } = await start({
      authenticate: () => new Promise((_resolve, reject) => (fail = reject)),
    });
    const client = kind.connect(transport);
    await nextTurn();
    await lose(client);
    await server.idle();
    const failure = new Error('The database is away.');
    fail(failure);
    await nextTurn();
    expect(log).toEqual([[expect.any(String), failure]]);
    expect(String(log[0]![0])).toMatch(
      new RegExp(`^${kind.activity} of session \\S+ failed: access-refused\\.$`),
    );
  });

  it('whose session id belongs to another session is refused, and the other one stays', async () => {
    for (const other of [kind, otherKind]) {
      const ids = { session: () => 'same', message: () => 'm', reply: () => 'r' };
      const { transport, log } = await start({ ids });
      const first = other.connect(transport);
      await server.idle();
      expect((await kind.connect(transport).closed).code).toBe(1011);
      expect(log).toEqual([
        [
          `Session same was closed with 1011 session-failed: ${kind.activity} failed.`,
          new Error("ids.session() returned 'same', which another session has."),
        ],
      ]);
      expect(other.count()).toBe(1);
      await lose(first);
      await server.idle();
      expect(other.count()).toBe(0);
      await server.close();
    }
  });

  it('is counted for its user, and no longer for its address', async () => {
    const names = ['ann', 'ann', 'bob'];
    const { transport } = await start({
      authenticate: () => ({ name: names.shift()! }),
      limits: { maxSessionsPerUser: 1, maxSessionsPerAddress: 1 },
    });
    const ann = kind.connect(transport);
    await server.idle();
    const second = kind.connect(transport);
    expect((await second.closed).code).toBe(1013);
    kind.connect(transport);
    await server.idle();
    expect(kind.count()).toBe(2);
    await lose(ann);
    await server.idle();
    expect(kind.count()).toBe(1);
  });
});
