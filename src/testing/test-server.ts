// A server under test: connects clients, lists published messages and log lines, and checks at the end that no work remains.
import type { Token } from '../container/container.js';
import { noHeaders, type Principal } from '../message/message.js';
import { compileDestination } from '../pattern/destination-pattern.js';
import type { Constructor } from '../payload/converter.js';
import type { Server } from '../server/server.js';
import type { MemoryTransport } from '../transport/memory.js';
import { clientProtocols, type ClientProtocolName } from './client-protocol.js';
import type { AnyDestinations, KnownDestination, PayloadAt } from './destination-map.js';
import type { TestEnvironment } from './environment.js';
import { explainProblems, explainPublications } from './explain.js';
import { callSiteOf, type CallSite } from './failure.js';
import type { PublishedMessage } from './messages.js';
import type { ConnectOptions, WebSocketOptions } from './options.js';
import type { LogEntry } from './recorder.js';
import {
  runHandler,
  type InvokeOptions,
  type InvokeResult,
  type MethodName,
  type ResultOf,
} from './run-handler.js';
import { turns } from './real-time.js';
import { TestClient } from './test-client.js';
import type { TestClock } from './test-clock.js';
import { TestWebSocket, type TestWebSockets } from './test-websocket.js';

/** @internal */
export interface TestServerParts<M extends object> {
  readonly environment: TestEnvironment;
  readonly memory: MemoryTransport;
  /** By session. */
  readonly clients: Map<string, TestClient<M>>;
  readonly webSockets: TestWebSockets;
  readonly protocol: ClientProtocolName;
  readonly strict: boolean;
}

/** A running server under test; `testServer()` returns it. */
export class TestServer<M extends object = AnyDestinations> {
  readonly #parts: TestServerParts<M>;
  readonly #environment: TestEnvironment;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: TestServerParts<M>) {
    this.#parts = parts;
    this.#environment = parts.environment;
  }

  /** The server itself, with its options, routes, sessions, events and publisher. */
  get server(): Server {
    return this.#environment.server;
  }

  /** The clock of the server; timeouts expire and heart-beats are sent when the test advances it. */
  get clock(): TestClock {
    return this.#environment.clock;
  }

  /** Everything that the server has logged, in order. */
  get log(): readonly LogEntry[] {
    return this.#environment.recorder.log;
  }

  /**
   * Connects a client. Resolves when the server has answered CONNECT. If the server rejects it, the reason is in `error` and
   * `closed` of the client, and each further call of the client fails.
   */
  async connect(options: ConnectOptions = {}): Promise<TestClient<M>> {
    const site = callSiteOf(this, 'connect');
    this.#requireOpen('connect()', site);
    const { memory, clients } = this.#parts;
    const { user, headers = {}, problems = true, heartbeat = [0, 0] } = options;
    const { host, login, passcode, handshake } = options;
    const protocol = clientProtocols[options.protocol ?? this.#parts.protocol]();
    const principal = principalOf(user);
    const connection = memory.connect({
      ...handshake,
      subprotocol: protocol.subprotocol,
      ...(principal && { principal }),
    });
    const environment = this.#environment;
    const session = environment.recorder.latestSession;
    const parts = { environment, connection, protocol };
    const client = new TestClient<M>(session, principal?.name, parts);
    clients.set(session, client);
    const entries = Object.entries(headers);
    await client.open(
      {
        kind: 'connect',
        host,
        login,
        passcode,
        heartbeat,
        headers: entries.length === 0 ? noHeaders : new Map(entries),
      },
      problems,
      site,
    );
    return client;
  }

  /**
   * Connects a client to a class with `@WebSocketHandler`. Resolves when `open` of the handler has finished. If the server rejects the
   * client, the reason is in `closed`.
   *
   * @param url path and query, such as `/echo/lobby`
   * @throws {TestFailure} when no handler has the path
   *
   * @example
   * ```ts
   * const app = await testServer({ controllers: [EchoHandler] });
   * const ann = await app.connectWebSocket('/echo/lobby', { user: 'ann' });
   * await ann.send('hi');
   * console.log(await ann.next()); // 'hi'
   * ```
   */
  async connectWebSocket(url: string, options: WebSocketOptions = {}): Promise<TestWebSocket> {
    const site = callSiteOf(this, 'connectWebSocket');
    this.#requireOpen('connectWebSocket()', site);
    const { memory, webSockets } = this.#parts;
    const { user, ...handshake } = options;
    const principal = principalOf(user);
    const environment = this.#environment;
    const opened = webSockets.nextOpened();
    const connection = memory.connect({ ...handshake, url, ...(principal && { principal }) });
    const session = environment.recorder.latestSession;
    const client = new TestWebSocket(session, principal?.name, { environment, connection });
    webSockets.add(client);
    if (opened.begun) {
      await environment.waitForFrame(opened.done, `open() for ${client.label}`, site);
      return client;
    }
    // A refused connection is closed in the next turn.
    await turns(1);
    if (!client.isOpen) return client;
    await client.vanish();
    const { paths } = webSockets;
    const known =
      paths.length === 0 ? 'No class has this decorator' : `The paths are ${paths.join(', ')}`;
    const text = `connectWebSocket(): no class with @WebSocketHandler has the path ${url}. ${known}.`;
    throw environment.failure(site, text);
  }

  /**
   * Returns all messages that were published to the broker or to user queues, in order, also to users without a session. Answers of
   * `@SubscribeMapping` are not included: only the subscriber receives them.
   *
   * @param destination returns only messages with this destination, or that match this pattern
   */
  published<const D extends string = string>(
    destination?: D & KnownDestination<M, D>,
  ): readonly PublishedMessage<PayloadAt<M, D>>[] {
    const all = this.#environment.published() as readonly PublishedMessage<PayloadAt<M, D>>[];
    if (destination === undefined) return all;
    const { separator } = this.server.options;
    const pattern = compileDestination(destination, separator);
    return all.filter((each) => pattern.match(each.destination) !== undefined);
  }

  /**
   * Runs one handler without a client, interceptors and the broker.
   *
   * @param controller a class, which the container of the server creates, or an instance
   * @throws {TestFailure} when the class has no such handler, or several destinations of it match the options
   */
  async invoke<T extends object, K extends MethodName<T>>(
    controller: Constructor<T> | T,
    method: K,
    options: InvokeOptions = {},
  ): Promise<InvokeResult<ResultOf<T, K>>> {
    const site = callSiteOf(this, 'invoke');
    this.#requireOpen('invoke()', site);
    const environment = this.#environment;
    const before = environment.recorder.publications.length;
    try {
      const [type, instance] = await this.#resolve(controller);
      const outcome = await runHandler(type, instance, method, environment, options);
      const result = outcome.result as ResultOf<T, K> | undefined;
      return { ...outcome, result, published: environment.published().slice(before) };
    } catch (error) {
      throw environment.failure(site, error instanceof Error ? error.message : String(error));
    }
  }

  /** Returns a service from the container, as controllers receive it. */
  get<T>(token: Token<T>): Promise<T> {
    return this.server.get(token);
  }

  /**
   * Resolves when all handlers have finished and everything that they caused has arrived. It does not wait for open streams.
   *
   * @throws {TestFailure} when a handler still runs after the `timeout` of the test server
   */
  async idle(): Promise<void> {
    await this.#environment.waitUntilIdle('idle()', callSiteOf(this, 'idle'));
  }

  /** Lists publications, problems and the log, for the failure message of an expectation about a destination. */
  explain(destination: string): readonly string[] {
    const environment = this.#environment;
    return [...explainPublications(environment, { destination }), ...explainProblems(environment)];
  }

  /**
   * Disconnects all clients, closes the server and restores the container of the application. It reports nothing after another
   * expectation has failed.
   *
   * @throws {TestFailure} when handlers or streams still run, timers are pending, or the test has not read a problem
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close(callSiteOf(this, 'close')));
  }

  /** Closes the server at the end of a block with `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(site: CallSite): Promise<void> {
    const { server, clock, failed } = this.#environment;
    for (const client of this.#allClients()) await client.leave();
    const idle = await this.#environment.isIdleInTime();
    const closed = server.close();
    // The close timeout of 0 ms expires only when the clock moves.
    if (!idle) await clock.advance(0);
    await closed;
    const rest = this.#listUnfinished();
    if (rest.length === 0 || failed) return;
    const text = ['close() found unfinished work or unread problems:', ...rest].join('\n  ');
    throw this.#environment.failure(site, text);
  }

  #allClients(): readonly (TestClient<M> | TestWebSocket)[] {
    const { clients, webSockets } = this.#parts;
    return [...clients.values(), ...webSockets.all()];
  }

  #listUnfinished(): string[] {
    const { recorder, clock } = this.#environment;
    const nameOf = this.#environment.describeTask.bind(this.#environment);
    return [
      ...this.#allClients().flatMap((client) => client.listUnread(this.#parts.strict)),
      ...recorder.handlers.map((task) => `${nameOf(task)} has not finished.`),
      ...recorder.streams.map(
        (task) =>
          `The stream of ${nameOf(task)} continues without a subscriber; end it when its @Signal is aborted.`,
      ),
      ...clock.timers.map(
        (due) => `A timer of the clock is still pending; it is due in ${due} ms.`,
      ),
    ];
  }

  async #resolve(controller: object): Promise<readonly [type: Constructor, instance: object]> {
    if (typeof controller !== 'function')
      return [controller.constructor as Constructor, controller];
    const type = controller as Constructor;
    return [type, await this.get(type as Token<object>)];
  }

  #requireOpen(call: string, site: CallSite): void {
    if (this.#closing === undefined) return;
    throw this.#environment.failure(site, `${call}: the test server is closed.`);
  }
}

function principalOf(user: string | Principal | undefined): Principal | undefined {
  return typeof user === 'string' ? { name: user } : user;
}
