// Frames, headers and fields beyond the limits of the server.
import { frameText, type StompHeaders } from '../clients/stomp.js';
import {
  elsewhere,
  largeFrame,
  receipt,
  secret,
  testInvalidInput,
  unknownCommand,
} from './case.js';

const large = 'x'.repeat(70_000);
const headers = (count: number, value: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${secret}${i}`, value]));
const many = headers(65, 'x');
const wide = headers(60, 'x'.repeat(1200));
const stompSend = (headers: StompHeaders = {}) =>
  frameText('SEND', { destination: elsewhere, receipt, ...headers });
const jsonSend = (fields: object) =>
  JSON.stringify({ type: 'send', destination: elsewhere, receipt, ...fields });

const code = 'frame-too-large';
const tooLarge = { stomp: { ...largeFrame, receipt }, json: largeFrame } as const;
const manyHeaders = {
  code,
  text: 'A frame may have at most 64 headers (limits.maxHeaders).',
  receipt,
} as const;
const longerThan = (limit: string) =>
  ({
    stomp: { code, text: `A header may have at most ${limit}.` },
    json: { code, text: `A field or header may have at most ${limit}.` },
  }) as const;
const longLine = longerThan('8192 bytes (limits.maxHeaderBytes)');
const longHeader = {
  stomp: { ...longLine.stomp, receipt },
  json: { ...longLine.json, receipt },
} as const;

testInvalidInput([
  {
    name: 'a frame beyond the limit',
    stomp: `${stompSend().slice(0, -1)}${large}\0`,
    json: jsonSend({ payload: large }),
    answer: tooLarge,
  },
  {
    name: 'a frame beyond the limit that never ends',
    stomp: [stompSend().slice(0, -1), ...Array.from({ length: 10 }, () => large.slice(0, 10_000))],
    json: { lacks: 'parts' },
    answer: tooLarge.stomp,
  },
  {
    name: 'many small headers beyond the limit of a frame',
    stomp: stompSend(wide),
    json: jsonSend({ headers: wide }),
    answer: tooLarge,
  },
  {
    name: 'too many headers',
    stomp: stompSend(many),
    json: jsonSend({ headers: many }),
    answer: manyHeaders,
  },
  {
    name: 'a header that is too long',
    stomp: stompSend({ [secret]: 'x'.repeat(9000) }),
    json: jsonSend({ headers: { [secret]: 'x'.repeat(9000) } }),
    answer: longHeader,
  },
  {
    name: 'the name of a header that is too long',
    stomp: stompSend({ ['x'.repeat(9000)]: secret }),
    json: jsonSend({ headers: { ['x'.repeat(9000)]: secret } }),
    answer: longHeader,
  },
  {
    name: 'a command that is too long',
    stomp: `${secret.repeat(2000)}\n\n\0`,
    json: `{"type":"${secret.repeat(2000)}"}`,
    answer: {
      stomp: longLine.stomp,
      json: unknownCommand().json,
    },
  },
  {
    name: 'a command that never ends',
    stomp: secret.repeat(2000),
    json: { lacks: 'parts' },
    answer: longLine.stomp,
  },
  {
    name: 'an id that is too long',
    stomp: frameText('SUBSCRIBE', { id: 'x'.repeat(9000), destination: elsewhere }),
    json: JSON.stringify({ type: 'subscribe', id: 'x'.repeat(9000), destination: elsewhere }),
    answer: longLine,
  },
  {
    name: 'a header of CONNECT that is too long',
    stomp: frameText('CONNECT', { 'accept-version': '1.2', passcode: 'x'.repeat(17_000) }),
    json: JSON.stringify({ type: 'connect', passcode: 'x'.repeat(17_000) }),
    first: true,
    answer: longerThan('16384 bytes (limits.maxConnectHeaderBytes)'),
  },
]);
