// Makes a server under test of an application's options and the test's own.
import { longestDelay } from '../message/clock.js';
import { invalidOption } from '../message/option.js';
import { Payloads } from '../payload/converter.js';
import { createObservedServer } from '../server/create-server.js';
import type { Hooks } from '../server/hooks.js';
import type { ServerOptions } from '../server/options.js';
import { overrideIn, overrideMeanwhile } from '../container/override.js';
import { memoryTransport } from '../transport/memory.js';
import type { AnyDestinations } from './destination-map.js';
import { recordedLog } from './recorded-log.js';
import { RecordedPublications } from './recorded-publications.js';
import { Running } from './running.js';
import { sequentialIds } from './sequential-ids.js';
import type { TestClient } from './test-client.js';
import { testClock } from './test-clock.js';
import type { TestServerOptions } from './test-options.js';
import { TestServer, type Services } from './test-server.js';

const nothing = () => {};

/**
 * A running server without socket or port: the real pipeline over memory, with a clock that stands still, ids that are the
 * same in every run, and fakes in the place of services.
 *
 *     const app = await testServer({ controllers: [ChatController], override: [[ChatHistory, fakeHistory]] });
 *
 * With a map of destinations (`testServer<ChatDestinations>(...)`) payloads have the types that it says. Errors: those of
 * `createServer`.
 */
export async function testServer<M extends object = AnyDestinations>(
  options: TestServerOptions = {},
): Promise<TestServer<M>> {
  const {
    override = [],
    modules = [],
    protocol = 'stomp',
    timeout: patience = 4000,
    strict = false,
  } = options;
  requirePatience(patience);
  const { clock = testClock(), ids = sequentialIds() } = options;
  const log = recordedLog(options.logger);
  const memory = memoryTransport();
  const running = new Running();
  const clients = new Map<string, TestClient<M>>();
  const publications = new RecordedPublications();
  let newest = '';
  let services!: Services;
  const hooks: Hooks = {
    async onContainer(container) {
      services = container;
      if (options.container !== undefined) return overrideMeanwhile(container, modules, override);
      await overrideIn(container, modules, override);
      return nothing;
    },
    onFrame(_frame, session) {
      const verdict = clients.get(session.id)?.begun();
      return verdict && ((result) => verdict(result === 'done'));
    },
    onRoute: running.onRoute,
    onStream: running.onStream,
    onPublication: publications.onPublication,
    onDelivery: publications.onDelivery,
  };
  const server = await createObservedServer(
    {
      ...serverOptions(options),
      clock,
      logger: log,
      ids: {
        session: () => (newest = ids.session()),
        message: () => ids.message(),
        reply: () => ids.reply(),
      },
      endpoints: [],
      transports: [memory],
      // When it closes, handlers have had the patience of the test.
      closeTimeout: 0,
    },
    hooks,
  );
  await server.start();
  const payloads = new Payloads(server.options.converters);
  return new TestServer<M>({
    scene: {
      server,
      publications,
      running,
      clock,
      log,
      payloads,
      players: clients,
      failures: [],
    },
    memory,
    services,
    clients,
    protocol,
    timeout: patience,
    strict,
    newest: () => newest,
  });
}

/** One that is longer than Node's timers can wait would end at once. */
function requirePatience(patience: number): void {
  if (patience > 0 && patience <= longestDelay) return;
  throw invalidOption(
    'patience',
    `must be above 0 and at most ${longestDelay} milliseconds, unlike ${patience}`,
  );
}

/** What `createServer` knows of the options. */
function serverOptions({
  override: _override,
  modules: _modules,
  protocol: _protocol,
  timeout: _patience,
  strict: _strict,
  interceptors,
  ...rest
}: TestServerOptions): ServerOptions {
  return interceptors === false
    ? { ...rest, outboundInterceptors: [] }
    : { ...rest, ...(interceptors && { interceptors }) };
}
