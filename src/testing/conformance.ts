// Everything that tests of contracts import from `signalbox/testing/conformance`.
import 'reflect-metadata';

export { brokerConformance, type BrokerSubject } from './conformance/broker.js';
export type { ConformanceCase, Exceptions } from './conformance/conformance-case.js';
export { converterConformance, type ConverterSubject } from './conformance/payload-converter.js';
export {
  transportConformance,
  type OpenedTransport,
  type TransportClient,
  type TransportSubject,
} from './conformance/transport.js';
export { codecConformance, type CodecSubject } from './conformance/wire-codec.js';
export type { ClientProtocol } from './client-protocol.js';
export { jsonClientProtocol } from './json-client-protocol.js';
export { stompClientProtocol } from './stomp-client-protocol.js';
