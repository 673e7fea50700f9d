// Everything that tests import from `signalbox/testing`.
import 'reflect-metadata';

export type { ClientProblem, Ending, ProblemWords } from './testing/client-problem.js';
export type { ClientProtocolName } from './testing/client-protocol.js';
export type {
  AnyDestinations,
  Listed,
  PayloadAs,
  PayloadAt,
  PayloadDescription,
} from './testing/destination-map.js';
export { TestFailure } from './testing/failure.js';
export type {
  FrameOptions,
  SendOptions,
  SubscribeOptions,
  TransactedOptions,
} from './testing/frame-options.js';
export type { Invoked, InvokeOptions, MethodName, ResultOf } from './testing/handler-options.js';
export { invokeHandler } from './testing/invoke.js';
export { matchers, type SignalboxMatchers } from './testing/matchers.js';
export type { Published, Received } from './testing/received.js';
export type { LogEntry } from './testing/recorded-log.js';
export { sequentialIds } from './testing/sequential-ids.js';
export { testServer } from './testing/start-test-server.js';
export type { TestClient } from './testing/test-client.js';
export { testClock, type TestClock, type TestClockOptions } from './testing/test-clock.js';
export type { ConnectOptions, TestServerOptions } from './testing/test-options.js';
export type { TestServer } from './testing/test-server.js';
export type { Fits, TestSubscription } from './testing/test-subscription.js';
