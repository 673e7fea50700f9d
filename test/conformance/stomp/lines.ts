// All 81 lines, in order.
import { acknowledging } from './acknowledging.js';
import { bindings } from './bindings.js';
import { connecting } from './connecting.js';
import { ending } from './ending.js';
import { frames } from './frames.js';
import { subscribing } from './subscribing.js';

export const sections = {
  'Frames and encoding': frames,
  'Connecting and heart-beats': connecting,
  'SEND, SUBSCRIBE and UNSUBSCRIBE': subscribing,
  'ACK, NACK and transactions': acknowledging,
  'Receipts, errors and the end': ending,
  'WebSocket and TCP': bindings,
} as const;
