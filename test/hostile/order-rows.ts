// Frames at the wrong time, of the wrong kind, or with fields that are missing or impossible.
import { json, marker, stomp, type Row } from './row.js';

const connect = stomp('CONNECT', { 'accept-version': '1.2', host: 'x' });

function connecting(heartbeat: string): Pick<Row, 'stomp' | 'first'> {
  return {
    stomp: stomp('CONNECT', { 'accept-version': '1.2', 'heart-beat': heartbeat }),
    first: true,
  };
}

export const orderRows: readonly Row[] = [
  { name: 'an unknown command', stomp: stomp(marker), json: json(marker), code: 'command-unknown' },
  {
    name: 'a command in the wrong case',
    stomp: stomp('send', { destination: '/topic/x' }),
    json: json('SEND', { destination: '/topic/x' }),
    code: 'command-unknown',
  },
  {
    name: 'a command of the server',
    stomp: stomp('MESSAGE', { destination: '/topic/x' }),
    json: json('message', { destination: '/topic/x' }),
    code: 'command-unknown',
  },
  {
    name: 'a command that every object has',
    stomp: stomp('constructor'),
    json: json('constructor'),
    code: 'command-unknown',
  },
  {
    name: 'a type that is no string',
    json: '{"type":["send"],"destination":"/topic/x"}',
    code: 'command-unknown',
  },
  { name: 'no type', json: '{}', code: 'command-unknown' },
  {
    name: 'a body where there is none',
    stomp: stomp('SUBSCRIBE', { id: '1', destination: '/topic/y', receipt: 'r' }, marker),
    code: 'body-unexpected',
    receipt: 'r',
  },
  { name: 'a second CONNECT', stomp: connect, json: json('connect'), code: 'already-connected' },
  {
    name: 'a frame before CONNECT',
    stomp: stomp('SUBSCRIBE', { id: '1', destination: '/topic/x' }),
    code: 'not-connected',
    first: true,
  },
  {
    name: 'versions that nobody speaks',
    stomp: stomp('CONNECT', { 'accept-version': `2.0,${marker}` }),
    code: 'version-unsupported',
    first: true,
  },
  {
    name: 'a heart-beat that is none',
    ...connecting('abc'),
    json: json('connect', { heartbeat: 'abc' }),
    code: 'header-invalid',
  },
  {
    name: 'a negative heart-beat',
    ...connecting('-1,0'),
    json: json('connect', { heartbeat: [-1, 0] }),
    code: 'header-invalid',
  },
  {
    name: 'half a heart-beat',
    ...connecting('5'),
    json: json('connect', { heartbeat: [5] }),
    code: 'header-invalid',
  },
  {
    name: 'a heart-beat in fractions',
    ...connecting('1.5,0'),
    json: json('connect', { heartbeat: [1.5, 0] }),
    code: 'header-invalid',
  },
  {
    name: 'an endless heart-beat',
    ...connecting('1e999,0'),
    json: '{"type":"connect","heartbeat":[1e999,0]}',
    code: 'header-invalid',
  },
  {
    name: 'a heart-beat beyond what timers hold',
    ...connecting('0,4294967296'),
    json: json('connect', { heartbeat: [0, 4294967296] }),
  },
  {
    name: 'a heart-beat of sixteen digits',
    ...connecting('9999999999999999,0'),
    json: '{"type":"connect","heartbeat":[9999999999999999,0]}',
  },
  {
    name: 'SEND to nowhere',
    stomp: stomp('SEND', { receipt: 'r' }),
    json: json('send', { receipt: 'r' }),
    code: 'header-missing',
    receipt: 'r',
  },
  {
    name: 'SUBSCRIBE to nowhere',
    stomp: stomp('SUBSCRIBE', { id: '1' }),
    json: json('subscribe', { id: '1' }),
    code: 'header-missing',
  },
  {
    name: 'SUBSCRIBE without id',
    stomp: stomp('SUBSCRIBE', { destination: '/topic/y' }),
    json: json('subscribe', { destination: '/topic/y' }),
    code: 'header-missing',
  },
  {
    name: 'UNSUBSCRIBE of nothing',
    stomp: stomp('UNSUBSCRIBE'),
    json: json('unsubscribe'),
    code: 'header-missing',
  },
  { name: 'ACK of nothing', stomp: stomp('ACK'), json: json('ack'), code: 'header-missing' },
  { name: 'BEGIN of nothing', stomp: stomp('BEGIN'), json: json('begin'), code: 'header-missing' },
  {
    name: 'a destination that is a number',
    json: json('send', { destination: 1 }),
    code: 'header-invalid',
  },
  {
    name: 'a receipt that is null',
    json: json('send', { destination: '/topic/x', receipt: null }),
    code: 'header-invalid',
  },
  {
    name: 'headers that are a list',
    json: json('send', { destination: '/topic/x', headers: [marker] }),
    code: 'header-invalid',
  },
  {
    name: 'a header that is a number',
    json: json('send', { destination: '/topic/x', headers: { a: 1 } }),
    code: 'header-invalid',
  },
  {
    name: 'an impossible ack mode',
    stomp: stomp('SUBSCRIBE', { id: '1', destination: '/topic/y', ack: marker }),
    json: json('subscribe', { id: '1', destination: '/topic/y', ack: marker }),
    code: 'header-invalid',
  },
  {
    name: 'an unknown subscription',
    stomp: stomp('UNSUBSCRIBE', { id: marker, receipt: 'r' }),
    json: json('unsubscribe', { id: marker, receipt: 'r' }),
    code: 'subscription-unknown',
    receipt: 'r',
  },
  {
    name: 'a subscription twice',
    stomp: [
      stomp('SUBSCRIBE', { id: '1', destination: '/topic/y' }),
      stomp('SUBSCRIBE', { id: '1', destination: '/topic/z', receipt: 'r' }),
    ],
    json: [
      json('subscribe', { id: '1', destination: '/topic/y' }),
      json('subscribe', { id: '1', destination: '/topic/z', receipt: 'r' }),
    ],
    code: 'subscription-exists',
    receipt: 'r',
  },
  {
    name: 'headers that every object has',
    stomp: stomp('SEND', {
      destination: '/topic/y',
      ['__proto__']: 'x',
      constructor: 'y',
      toString: 'z',
    }),
    json: '{"type":"send","destination":"/topic/y","headers":{"__proto__":"x","constructor":"y","toString":"z"}}',
  },
  {
    name: 'fields that every object has',
    json: '{"type":"send","destination":"/topic/y","__proto__":{"receipt":"r"},"constructor":1}',
  },
  { name: 'line ends alone', stomp: '\n\r\n\n', json: '\n' },
];
