// Everything that pages and other clients import from `signalbox/client`.
export { auto, type AutoOptions, type ClientStorage, type TransportName } from './client/auto.js';
export { sockjs, type SockJsClass, type SockJsClientOptions } from './client/sockjs.js';
export type {
  ClientCloseEvent,
  ClientErrorEvent,
  ClientMessageEvent,
  ClientOpenEvent,
  ClientSocket,
} from './client/socket.js';
export { sse, type SseClientOptions } from './client/sse.js';
export { websocket, type WebSocketClass, type WebSocketClientOptions } from './client/websocket.js';
