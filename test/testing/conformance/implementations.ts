// Every implementation of a contract in this repository, with the cases that it has to pass.
import {
  brokerConformance,
  codecConformance,
  converterConformance,
  jsonClientProtocol,
  stompClientProtocol,
  transportConformance,
  type BrokerSubject,
  type CodecSubject,
  type ConformanceCase,
  type ConverterSubject,
  type Exceptions,
  type TransportSubject,
} from 'signalbox/testing/conformance';
import { EmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.js';
import { bytes } from '../../../src/payload/bytes.js';
import { json as jsonConverter } from '../../../src/payload/json.js';
import { text } from '../../../src/payload/text.js';
import { jsonCodec } from '../../../src/wire/json/codec.js';
import { stompCodec } from '../../../src/wire/stomp/codec.js';
import { sockJsReceivers } from '../../clients/sockjs.js';
import { memory, sockJs, sse, sseOverHttp2, tcp, tls, webSocket } from './transport-subjects.js';

export interface Implementation {
  readonly contract: 'WireCodec' | 'Transport' | 'Broker' | 'PayloadConverter';
  readonly name: string;
  readonly cases: readonly ConformanceCase[];
}

export const codecs: Readonly<Record<'STOMP' | 'JSON', CodecSubject>> = {
  STOMP: {
    codec: stompCodec,
    client: stompClientProtocol,
    malformed: [
      'send\ndestination:/x\n\n\0',
      'SEND\nno colon\n\n\0',
      'SEND\ndestination:\\q\n\n\0',
      'SEND\ndestination:/x\ncontent-length:-1\n\n\0',
      'MESSAGE\n\n\0',
    ].map((bytes) => Buffer.from(bytes)),
  },
  JSON: {
    codec: jsonCodec,
    client: jsonClientProtocol,
    malformed: [
      '{"type":"shout"}',
      '{"type":"send"}',
      '{"type":',
      '[]',
      '{"type":"ack","id":1}',
    ].map((bytes) => Buffer.from(bytes)),
  },
};

export const embedded: BrokerSubject = { broker: () => new EmbeddedBroker() };

export const converters: Readonly<Record<'JSON' | 'text' | 'bytes', ConverterSubject>> = {
  JSON: {
    converter: jsonConverter,
    values: [{ a: [1, null, 'x'] }, [], 0, true, null],
    foreignValues: [undefined, () => 1, 10n, Buffer.from('x')],
    contentType: 'application/problem+json',
    foreignContentTypes: ['text/plain', 'application/octet-stream'],
    malformed: [Buffer.from('{'), Buffer.from(''), Uint8Array.of(0x22, 0xff, 0x22)],
  },
  text: {
    converter: text,
    type: { kind: 'text' },
    values: ['', 'h\u00e9', '\u{1f642}\0\r\n'],
    foreignValues: [1, {}, undefined, Buffer.from('x')],
    contentType: 'text/plain',
    foreignContentTypes: ['application/json', 'application/problem+json'],
    malformed: [Uint8Array.of(0xff), Uint8Array.of(0xed, 0xa0, 0x80)],
  },
  bytes: {
    converter: bytes,
    type: { kind: 'bytes' },
    values: [Buffer.from([0, 255, 10]), Buffer.alloc(0)],
    foreignValues: ['x', 1, {}, undefined],
    contentType: 'image/png',
    foreignContentTypes: [],
    malformed: [],
  },
};

/** The exceptions of TCP and TLS, and those of SockJS and SSE, with their reason. */
const withoutCodes = {
  'sends the code and the reason of a close to the client':
    'TCP has no close codes; a STOMP client receives an ERROR frame before the connection closes.',
};
const withoutBytes = {
  'delivers bytes that are not text': 'SockJS and SSE have only text messages.',
};
const secure = tls();

/** The transports that can be tested on this machine; TLS needs a certificate. */
export const transports: readonly {
  readonly name: string;
  readonly subject: TransportSubject;
  readonly exceptions?: Exceptions;
}[] = [
  { name: 'memory', subject: memory },
  { name: 'WebSocket', subject: webSocket },
  ...sockJsReceivers.map((receiver) => ({
    name: `SockJS ${receiver}`,
    subject: sockJs(receiver),
    exceptions: withoutBytes,
  })),
  { name: 'SSE', subject: sse, exceptions: withoutBytes },
  { name: 'SSE over HTTP/2', subject: sseOverHttp2, exceptions: withoutBytes },
  { name: 'TCP', subject: tcp, exceptions: withoutCodes },
  ...(secure === undefined ? [] : [{ name: 'TLS', subject: secure, exceptions: withoutCodes }]),
];

/** The implementations that can be tested on this machine. */
export function implementations(): readonly Implementation[] {
  return [
    ...Object.entries(codecs).map(([name, subject]) => ({
      contract: 'WireCodec' as const,
      name,
      cases: codecConformance(subject),
    })),
    ...transports.map(({ name, subject, exceptions }) => ({
      contract: 'Transport' as const,
      name,
      cases: transportConformance(subject, exceptions),
    })),
    { contract: 'Broker', name: 'embedded', cases: brokerConformance(embedded) },
    ...Object.entries(converters).map(([name, subject]) => ({
      contract: 'PayloadConverter' as const,
      name,
      cases: converterConformance(subject),
    })),
  ];
}
