// Creates a server under test from the options of the application and of the test.
import { checkOverrides, overrideBindings, overrideTemporarily } from '../container/overrides.js';
import { longestDelay } from '../message/clock.js';
import { invalidOption } from '../message/option.js';
import { loggedClassRules } from '../payload/class-log.js';
import { Payloads } from '../payload/converter.js';
import { createObservedServer } from '../server/create-server.js';
import type { Hooks } from '../server/hooks.js';
import type { ServerOptions } from '../server/options.js';
import { memoryTransport } from '../transport/memory.js';
import type { AnyDestinations } from './destination-map.js';
import { TestEnvironment } from './environment.js';
import type { TestServerOptions } from './options.js';
import { Recorder } from './recorder.js';
import { sequentialIds } from './sequential-ids.js';
import type { TestClient } from './test-client.js';
import { testClock } from './test-clock.js';
import { TestServer } from './test-server.js';
import { TestWebSockets } from './test-websocket.js';

/**
 * Starts a server for a test. It needs no socket and no port, its clock moves only when the test advances it, and its ids are
 * the same in every run. Protocols, interceptors, validation, handlers and broker are those of the real server.
 *
 * With a map of destinations, as in `testServer<ChatDestinations>(...)`, payloads have the types that the map defines.
 *
 * @throws {MessagingError} `option-invalid`, `pattern-invalid`, `controller-invalid` when the options or controllers are invalid
 * @example
 * ```ts
 * const app = await testServer({ controllers: [ChatController], override: [[ChatHistory, fakeHistory]] });
 * const ann = await app.connect({ user: 'ann' });
 * const room = await ann.subscribe('/topic/rooms/lobby');
 * await ann.send('/app/rooms/lobby/say', { text: 'hi' });
 * const { payload } = await room.next();
 * await app.close();
 * ```
 */
export async function testServer<M extends object = AnyDestinations>(
  options: TestServerOptions = {},
): Promise<TestServer<M>> {
  const {
    override = [],
    modules = [],
    protocol = 'stomp',
    timeout = 4000,
    strict = false,
  } = options;
  checkTimeout(timeout);
  checkOverrides(override);
  const { clock = testClock(), ids = sequentialIds() } = options;
  const recorder = new Recorder(options.logger);
  const memory = memoryTransport();
  const clients = new Map<string, TestClient<M>>();
  const webSockets = new TestWebSockets();
  const hooks: Hooks = {
    async onContainer(ready) {
      if (options.container !== undefined) return overrideTemporarily(ready, modules, override);
      await overrideBindings(ready, modules, override);
      return () => {};
    },
    onWebSocketPaths: (paths) => void (webSockets.paths = paths),
    onConnection: recorder.onConnection,
    onFrame(frame, session) {
      const ended =
        clients.get(session.id)?.frameStarted() ?? webSockets.frameStarted(frame, session.id);
      return ended && ((result) => ended(result !== 'failed'));
    },
    onRoute: recorder.onRoute,
    onStream: recorder.onStream,
    onPublication: recorder.onPublication,
    onDelivery: recorder.onDelivery,
  };
  const server = await createObservedServer(
    {
      ...serverOptions(options),
      clock,
      ids,
      logger: recorder.logger,
      endpoints: [],
      transports: [memory],
      // `TestServer.close()` waits for handlers itself, for the timeout of the test.
      closeTimeout: 0,
    },
    hooks,
    testOptions,
  );
  await server.start();
  const { converters, unknownProperties, limits } = server.options;
  const payloads = new Payloads(
    converters,
    loggedClassRules(unknownProperties, limits.maxPayloadObjects, recorder.logger),
  );
  const environment = new TestEnvironment({ server, recorder, clock, payloads, timeout });
  return new TestServer<M>({ environment, memory, clients, webSockets, protocol, strict });
}

/** The options that `createServer` does not know. */
const testOptions = ['override', 'modules', 'protocol', 'timeout', 'strict'] as const;

/** Timers of Node with a longer delay fire immediately. */
function checkTimeout(timeout: number): void {
  if (timeout > 0 && timeout <= longestDelay) return;
  throw invalidOption(
    'timeout',
    `must be above 0 and at most ${longestDelay} milliseconds, unlike ${timeout}`,
  );
}

/** The options without those of the test. */
function serverOptions({ interceptors, ...given }: TestServerOptions): ServerOptions {
  const rest: ServerOptions = given;
  for (const name of testOptions) Reflect.deleteProperty(rest, name);
  return interceptors === false
    ? { ...rest, outboundInterceptors: [] }
    : { ...rest, ...(interceptors && { interceptors }) };
}
