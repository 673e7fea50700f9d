// The public API of `signalbox/testing/conformance`.
import '../message/requirements.cjs';

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
export { jsonClientProtocol, stompClientProtocol, type ClientProtocol } from './client-protocol.js';
