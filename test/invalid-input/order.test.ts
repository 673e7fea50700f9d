// Frames at the wrong time, frames without a required header, and invalid header values.
import { frameText } from '../clients/stomp.js';
import {
  elsewhere,
  frame,
  receipt,
  secret,
  subscribe,
  testInvalidInput,
  unknownCommand,
} from './case.js';

/** A frame without a required header, which the answer names. */
function missing(type: string, name: string, fields: Readonly<Record<string, string>> = {}) {
  const code = 'header-missing' as const;
  return {
    name: `${type} without ${name}`,
    ...frame(type, fields),
    answer: {
      stomp: { code, text: `${type.toUpperCase()} needs the header ${name}.`, receipt },
      json: { code, text: `${type} needs the field ${name}.`, receipt },
    },
  };
}

/** A heart-beat of CONNECT in the syntax of each protocol. */
function heartbeat(stomp: string, json: string) {
  return {
    stomp: frameText('CONNECT', { 'accept-version': '1.2', 'heart-beat': stomp }),
    json: `{"type":"connect","heartbeat":${json}}`,
    first: true,
  };
}

const noHeartbeat = {
  stomp: {
    code: 'header-invalid',
    text: 'The header heart-beat must be two whole numbers, such as 10000,10000.',
  },
  json: {
    code: 'header-invalid',
    text: 'The field heartbeat must be two whole numbers, such as [10000, 10000].',
  },
} as const;

const longest = 2 ** 31 - 1;

testInvalidInput([
  {
    name: 'a second CONNECT',
    ...frame('connect', { 'accept-version': '1.2', login: secret }),
    answer: { code: 'already-connected' },
  },
  {
    name: 'a second CONNECT as STOMP, in another version',
    stomp: frameText('STOMP', { 'accept-version': '1.0' }),
    json: { lacks: 'versions' },
    answer: { code: 'already-connected' },
  },
  {
    name: 'SUBSCRIBE instead of CONNECT',
    ...subscribe(elsewhere),
    first: true,
    answer: {
      stomp: { code: 'not-connected', receipt },
      json: { receipt, connected: [0, 0] },
    },
  },
  {
    name: 'an unknown frame instead of CONNECT',
    ...frame(secret),
    first: true,
    answer: {
      stomp: { ...unknownCommand().stomp, receipt },
      json: { ...unknownCommand().json, receipt },
    },
  },
  {
    name: 'DISCONNECT instead of CONNECT',
    ...frame('disconnect'),
    first: true,
    answer: {
      stomp: { code: 'not-connected', receipt },
      json: { receipt, connected: [0, 0], closes: 'disconnect' },
    },
  },
  {
    name: 'a frame after DISCONNECT',
    stomp: [frame('disconnect').stomp, frameText(secret)],
    json: [frame('disconnect').json, secret],
    answer: { receipt, closes: 'disconnect' },
  },
  {
    name: 'two invalid frames',
    stomp: frame(secret).stomp + frameText('CONNECT'),
    json: [`{"type":"${secret}","receipt":"${receipt}"}`, '{"type":"connect"}'],
    answer: {
      stomp: { ...unknownCommand().stomp, receipt },
      json: { ...unknownCommand().json, receipt },
    },
  },
  {
    name: 'only unsupported versions',
    stomp: frameText('CONNECT', { 'accept-version': `2.0,0.9,${secret}` }),
    json: { lacks: 'versions' },
    first: true,
    answer: { code: 'version-unsupported' },
  },
  missing('send', 'destination'),
  missing('subscribe', 'destination', { id: '1' }),
  missing('subscribe', 'id', { destination: elsewhere }),
  missing('unsubscribe', 'id'),
  missing('ack', 'id'),
  missing('nack', 'id'),
  missing('begin', 'transaction'),
  missing('commit', 'transaction'),
  missing('abort', 'transaction'),
  {
    name: 'an id that is in use',
    ...subscribe(elsewhere, 'own'),
    answer: { code: 'subscription-exists', receipt },
  },
  {
    name: 'UNSUBSCRIBE of an unknown id',
    ...frame('unsubscribe', { id: secret }),
    answer: { code: 'subscription-unknown', receipt },
  },
  {
    name: 'UNSUBSCRIBE of an id named like a member of objects',
    ...frame('unsubscribe', { id: '__proto__' }),
    answer: { code: 'subscription-unknown', receipt },
  },
  {
    name: 'UNSUBSCRIBE twice, which is allowed',
    stomp: frameText('UNSUBSCRIBE', { id: 'own' }) + frame('unsubscribe', { id: 'own' }).stomp,
    json: ['{"type":"unsubscribe","id":"own"}', frame('unsubscribe', { id: 'own' }).json],
    answer: { receipt },
  },
  {
    name: 'more subscriptions than a session may have',
    stomp: [
      ...Array.from({ length: 127 }, (_, i) =>
        frameText('SUBSCRIBE', { id: `${i}`, destination: elsewhere }),
      ),
      subscribe(elsewhere).stomp,
    ],
    json: [
      ...Array.from(
        { length: 127 },
        (_, i) => `{"type":"subscribe","id":"${i}","destination":"${elsewhere}"}`,
      ),
      subscribe(elsewhere).json,
    ],
    answer: {
      code: 'subscription-limit',
      text: 'A session may have at most 128 subscriptions (limits.maxSubscriptions).',
      receipt,
    },
  },
  {
    name: 'an unknown ack mode',
    ...frame('subscribe', { id: '1', destination: elsewhere, ack: secret }),
    answer: {
      stomp: {
        code: 'header-invalid',
        text: 'The header ack must be auto, client or client-individual.',
        receipt,
      },
      json: {
        code: 'header-invalid',
        text: 'The field ack must be auto, client or client-individual.',
        receipt,
      },
    },
  },
  { name: 'a heart-beat of one number', ...heartbeat('5', '[5]'), answer: noHeartbeat },
  { name: 'a heart-beat of words', ...heartbeat(secret, `"${secret}"`), answer: noHeartbeat },
  { name: 'a negative heart-beat', ...heartbeat('-1,0', '[-1,0]'), answer: noHeartbeat },
  { name: 'a fractional heart-beat', ...heartbeat('1.5,0', '[1.5,0]'), answer: noHeartbeat },
  { name: 'an infinite heart-beat', ...heartbeat('1e400,0', '[1e400,0]'), answer: noHeartbeat },
  { name: 'three heart-beats', ...heartbeat('1,2,3', '[1,2,3]'), answer: noHeartbeat },
  {
    name: 'a heart-beat longer than timers allow',
    ...heartbeat('0,4294967296', '[0,4294967296]'),
    answer: { connected: [longest, 0] },
  },
  {
    name: 'a heart-beat of a hundred digits',
    ...heartbeat(`${'9'.repeat(100)},0`, `[${'9'.repeat(100)},0]`),
    answer: { connected: [0, 10_000] },
  },
  {
    name: 'a heart-beat of every millisecond',
    ...heartbeat('1,1', '[1,1]'),
    answer: { connected: [1000, 10_000] },
  },
  {
    name: 'a heart-beat of negative zero',
    stomp: { lacks: 'signs' },
    json: heartbeat('', '[-0,-0]').json,
    first: true,
    answer: { connected: [0, 0] },
  },
]);
