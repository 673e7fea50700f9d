// The public API of `signalbox/testing`.
import './message/requirements.cjs';

export type { ClientProtocolName } from './testing/client-protocol.js';
export { testServer } from './testing/create-test-server.js';
export type {
  AnyDestinations,
  KnownDestination,
  PayloadAs,
  PayloadAt,
  PayloadDescription,
} from './testing/destination-map.js';
export {
  TestFailure,
  type ClientProblem,
  type ProblemReport,
  type SessionEnd,
} from './testing/failure.js';
export { invokeHandler } from './testing/invoke-handler.js';
export { matchers, type SignalboxMatchers } from './testing/matchers.js';
export type { PublishedMessage, ReceivedMessage } from './testing/messages.js';
export type {
  ConnectOptions,
  FrameOptions,
  SendOptions,
  SubscribeOptions,
  TestServerOptions,
  NackOptions,
  TransactedOptions,
  WebSocketOptions,
} from './testing/options.js';
export type { LogEntry } from './testing/recorder.js';
export type { InvokeOptions, InvokeResult, MethodName, ResultOf } from './testing/run-handler.js';
export { sequentialIds } from './testing/sequential-ids.js';
export type { TestClient } from './testing/test-client.js';
export { testClock, type TestClock, type TestClockOptions } from './testing/test-clock.js';
export type { TestServer } from './testing/test-server.js';
export type { MessageFilter, TestSubscription } from './testing/test-subscription.js';
export type { TestWebSocket } from './testing/test-websocket.js';
