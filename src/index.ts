// Everything that applications import from `signalbox`.
import './message/requirements.cjs';

export type {
  Broker,
  BrokerConnection,
  BrokerContext,
  Operation,
  Settlement,
  Subscriber,
  Subscription,
} from './broker/broker.js';
export type { PrefixOptions } from './broker/destination-resolver.js';
export type { EmbeddedBrokerOptions } from './broker/embedded/broker-options.js';
export { EmbeddedBroker } from './broker/embedded/embedded-broker.js';
export type { DurableOptions } from './broker/embedded/durable/durable-subscriptions.js';
export type {
  GivenQueueOptions,
  QueueOptions,
  RedeliveryDelay,
} from './broker/embedded/queue/queue-memory.js';
export type { RetainOptions } from './broker/embedded/topic/retained-messages.js';
export type { TopicOptions } from './broker/embedded/topic/subscription-index.js';
export type { Publication } from './broker/publication.js';
export { Publisher, type PublishOptions } from './broker/publisher.js';
export { createParamDecorator } from './controller/decorators/param-decorator.js';
export {
  listOf,
  oneOf,
  uuid,
  type TextConverter,
  type TextType,
} from './controller/arguments/conversion.js';
export { DestinationVariable } from './controller/arguments/destination-variable.js';
export { Header, type HeaderOptions } from './controller/arguments/header.js';
export { Headers } from './controller/arguments/headers.js';
export { Message } from './controller/arguments/message.js';
export { Payload, type PayloadOptions } from './controller/arguments/payload.js';
export { Principal, type PrincipalOptions } from './controller/arguments/principal.js';
export { Session } from './controller/arguments/session.js';
export { Signal } from './controller/arguments/signal.js';
export { Controller } from './controller/decorators/controller.js';
export { MessageExceptionHandler } from './controller/decorators/exception-handler.js';
export { MessageMapping, SubscribeMapping } from './controller/decorators/mapping.js';
export {
  WebSocketHandler,
  type WebSocketHandlerOptions,
  type WebSocketPartsOptions,
} from './controller/decorators/websocket-handler.js';
export type { ArgumentCheck, ArgumentResolver, Parameter } from './controller/parameter.js';
export {
  createReplyDecorator,
  SendTo,
  SendToUser,
  type ReplyDecorator,
  type SendToUserOptions,
} from './controller/decorators/reply-decorators.js';
export type { Invocation } from './dispatch/invocation.js';
export type { Reply } from './dispatch/route.js';
export { Clock, type Timer } from './message/clock.js';
export { EncodedFrame, unframed, type Framing } from './message/encoded-frame.js';
export {
  closeCodes,
  errorCodes,
  MessagingError,
  type ErrorCode,
  type FieldProblem,
} from './message/error.js';
export type * from './message/frame.js';
export type { Ids } from './message/ids.js';
export { consoleLogger, silentLogger, type Logger } from './message/logger.js';
export type { PrincipalProperties } from './message/message.js';
export type * from './message/target.js';
export type { DestinationLimits } from './pattern/destination-limits.js';
export type { Separator } from './pattern/separator.js';
export type {
  Constructor,
  MediaType,
  PayloadConverter,
  PayloadReader,
  PayloadType,
  UnknownProperties,
  WrittenPayload,
} from './payload/converter.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './payload/standard-schema.js';
export type { Authenticator } from './security/authenticator.js';
export { createServer } from './server/create-server.js';
export type {
  EndpointOptions,
  LimitOptions,
  ResolvedOptions,
  ServerOptions,
} from './server/options.js';
export { findControllers } from './container/find-controllers.js';
export type { RouteDescription } from './server/known-destinations.js';
export type { RejectedFrameAnswer } from './server/problem.js';
export type { Server } from './server/server.js';
export { SessionEvents, type SessionEventMap, type SessionListener } from './session/event.js';
export type {
  HandshakeChoice,
  HandshakeInterceptor,
  HandshakeResult,
} from './session/handshake-interceptor.js';
export type { HandshakeOptions } from './session/handshake-options.js';
export type { HeartbeatOptions } from './session/heartbeat.js';
export type { Interceptor, OutboundInterceptor } from './session/interceptor.js';
export type {
  SlowConsumerOptions,
  SlowConsumerPolicy,
  SlowConsumerRule,
} from './session/slow-consumer.js';
export { SessionRegistry } from './session/registry.js';
export {
  WebSocketSessions,
  type MessageParts,
  type WebSocketSession,
} from './session/websocket-session.js';
export type {
  SessionAttribute,
  SessionAttributeMap,
  SessionAttributes,
} from './session/session.js';
export type { HandshakeRefusal, HandshakeRequest } from './transport/handshake.js';
export {
  memoryTransport,
  type MemoryClient,
  type MemoryClientOptions,
  type MemoryTransport,
} from './transport/memory.js';
export type {
  HttpHost,
  NodeHttpServer,
  RequestListener,
  UpgradeListener,
} from './transport/http-host.js';
export type { PerMessageDeflateOptions } from './transport/permessage-deflate.js';
export type { SockJsHttpTransport, SockJsOptions } from './transport/sockjs/options.js';
export type { SseOptions } from './transport/sse/options.js';
export type { ListenOptions } from './transport/listen.js';
export { tcpTransport, type TcpOptions, type TcpTransport } from './transport/tcp.js';
export type {
  Connection,
  ConnectionGate,
  ConnectionListener,
  ConnectionRefusal,
  Handshake,
  Transport,
  TransportContext,
  TransportLimits,
} from './transport/transport.js';
export type { Decoder, DecoderLimits, Encoder, WireCodec } from './wire/codec.js';
export { jsonCodec } from './wire/json/codec.js';
export { stompCodec } from './wire/stomp/codec.js';
