// A server under test: the real one, over memory, with everything that it does in sight.
import { compileDestination } from '../pattern/destination-pattern.js';
import { noHeaders, type Principal } from '../message/message.js';
import type { Constructor } from '../payload/converter.js';
import type { Token } from '../container/override.js';
import type { Server } from '../server/server.js';
import type { MemoryTransport } from '../transport/memory.js';
import type { ClientProtocolName } from './client-protocol.js';
import type { AnyDestinations, Listed, PayloadAt } from './destination-map.js';
import { explainProblems, explainPublished } from './explain.js';
import { siteOf, type Site } from './failure.js';
import type { Invoked, InvokeOptions, MethodName, ResultOf } from './handler-options.js';
import { runHandler } from './invoke-handler.js';
import { jsonClientProtocol } from './json-client-protocol.js';
import { Pipeline } from './pipeline.js';
import { publishedIn, failIn, type Scene } from './scene.js';
import type { LogEntry } from './recorded-log.js';
import type { Published } from './received.js';
import { stompClientProtocol } from './stomp-client-protocol.js';
import { TestClient } from './test-client.js';
import type { TestClock } from './test-clock.js';
import type { ConnectOptions } from './test-options.js';

const protocols = { stomp: stompClientProtocol, json: jsonClientProtocol };

/** An application's container, as far as a test needs it. */
export interface Services {
  getAsync<T>(token: Token<T>): Promise<T>;
}

/** @internal */
export interface TestServerParts<M extends object> {
  readonly scene: Scene;
  readonly memory: MemoryTransport;
  readonly services: Services;
  readonly clients: Map<string, TestClient<M>>;
  readonly protocol: ClientProtocolName;
  readonly timeout: number;
  readonly strict: boolean;
  /** The session that was begun last. */
  readonly newest: () => string;
}

export class TestServer<M extends object = AnyDestinations> {
  readonly #parts: TestServerParts<M>;
  readonly #pipeline: Pipeline;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: TestServerParts<M>) {
    this.#parts = parts;
    this.#pipeline = new Pipeline(parts.scene, parts.timeout);
  }

  /** The server itself: its options, routes, sessions, events and publisher. */
  get server(): Server {
    return this.#parts.scene.server;
  }

  get clock(): TestClock {
    return this.#parts.scene.clock;
  }

  /** What the server has logged, in order. */
  get log(): readonly LogEntry[] {
    return this.#parts.scene.log.entries;
  }

  /**
   * Connects a client. It resolves when the server has answered: a refusal stands in the client's `error` and `closed`, and
   * all that it says afterwards fails.
   */
  async connect(options: ConnectOptions = {}): Promise<TestClient<M>> {
    const site = siteOf(this, 'connect');
    this.#mustBeOpen('connect', site);
    const { scene, memory, clients, newest } = this.#parts;
    const { user, headers = {}, problems = true, heartbeat = [0, 0] } = options;
    const { host, login, passcode, handshake } = options;
    const protocol = protocols[options.protocol ?? this.#parts.protocol]();
    const principal = principalOf(user);
    const { subprotocol } = protocol;
    const connection = memory.connect({
      ...handshake,
      subprotocol,
      ...(principal && { principal }),
    });
    const client = new TestClient<M>(newest(), principal?.name, {
      scene,
      pipeline: this.#pipeline,
      connection,
      protocol,
    });
    clients.set(client.session, client);
    const said = new Map(Object.entries(headers));
    await client.open(
      {
        kind: 'connect',
        host,
        login,
        passcode,
        heartbeat,
        headers: said.size > 0 ? said : noHeaders,
      },
      problems,
      site,
    );
    return client;
  }

  /**
   * What reached the broker so far, in order; with a destination or a pattern, what reached it there. Answers of
   * `@SubscribeMapping` go past the broker, to the one who asked.
   */
  published<const D extends string = string>(
    destination?: D & Listed<M, D>,
  ): readonly Published<PayloadAt<M, D>>[] {
    const all = publishedIn(this.#parts.scene) as readonly Published<PayloadAt<M, D>>[];
    if (destination === undefined) return all;
    const { separator } = this.server.options;
    const pattern = compileDestination(destination, separator);
    return all.filter((each) => pattern.match(each.destination) !== undefined);
  }

  /**
   * Runs one handler alone, past interceptors and the broker. A class is taken from the server's container, an instance as it
   * is.
   */
  async invoke<T extends object, K extends MethodName<T>>(
    controller: Constructor<T> | T,
    method: K,
    given: InvokeOptions = {},
  ): Promise<Invoked<ResultOf<T, K>>> {
    const site = siteOf(this, 'invoke');
    this.#mustBeOpen('invoke', site);
    const { scene } = this.#parts;
    const before = scene.broker.publications.length;
    try {
      const [type, instance] = await this.#controller(controller);
      const invoked = await runHandler(type, instance, method, scene, given);
      const result = invoked.result as ResultOf<T, K> | undefined;
      return { ...invoked, result, published: publishedIn(scene).slice(before) };
    } catch (error) {
      throw failIn(scene, error instanceof Error ? error.message : String(error), site);
    }
  }

  /** A service, as controllers get it. */
  get<T>(token: Token<T>): Promise<T> {
    return this.#parts.services.getAsync(token);
  }

  /** Resolves when all handlers have settled, and all that came of them has arrived. */
  async idle(): Promise<void> {
    await this.#pipeline.rest('Waiting for rest', siteOf(this, 'idle'));
  }

  /** What was published and what went wrong, for the message of an expectation about a destination. */
  explain(destination: string): readonly string[] {
    const { scene } = this.#parts;
    return [...explainPublished(scene, { destination }), ...explainProblems(scene)];
  }

  /**
   * Lets all clients leave, closes the server and gives an application's container back. Fails with what the test left open:
   * handlers and streams that go on, timers, and problems that no expectation looked at. After a failed expectation it is
   * silent: what is open then surprises nobody.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close(siteOf(this, 'close')));
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(site: Site): Promise<void> {
    const { scene, clients } = this.#parts;
    for (const client of clients.values()) await client.leave();
    const rested = await this.#pipeline.quiet();
    const closed = scene.server.close();
    // It has no time to wait for what does not end, but only the clock tells it so.
    if (!rested) await scene.clock.advance(0);
    await closed;
    const open = [...this.#looseEnds()];
    if (open.length === 0 || scene.failures.length > 0) return;
    throw failIn(scene, ['The test left open:', ...open].join('\n  '), site);
  }

  #looseEnds(): string[] {
    const { scene, clients, strict } = this.#parts;
    const { running, clock } = scene;
    return [
      ...[...clients.values()].flatMap((client) => client.looseEnds(strict)),
      ...running.handlers.map((work) => `${this.#pipeline.name(work)} has not settled.`),
      ...running.streams.map(
        (work) =>
          `${this.#pipeline.name(work)} streams on, though nobody listens: end it when its @Signal fires.`,
      ),
      ...clock.timers.map(
        (due) => `A timer of the clock is due in ${due} ms, and nobody cancels it.`,
      ),
    ];
  }

  async #controller(controller: object): Promise<readonly [type: Constructor, instance: object]> {
    if (typeof controller !== 'function')
      return [controller.constructor as Constructor, controller];
    const type = controller as Constructor;
    return [type, await this.get(type as Token<object>)];
  }

  #mustBeOpen(what: string, site: Site): void {
    if (this.#closing === undefined) return;
    throw failIn(this.#parts.scene, `${what}: the server of this test was closed.`, site);
  }
}

function principalOf(user: string | Principal | undefined): Principal | undefined {
  return typeof user === 'string' ? { name: user } : user;
}
