// Destinations that lead nowhere, are malformed, or belong to somebody else.
import type { ErrorCode } from '../../src/index.js';
import { json, marker, stomp, type Row } from './row.js';

function sending(name: string, destination: string, code: ErrorCode): Row {
  const fields = { destination, receipt: 'r' };
  return { name, stomp: stomp('SEND', fields), json: json('send', fields), code, receipt: 'r' };
}

function subscribing(name: string, destination: string, code: ErrorCode): Row {
  const fields = { id: '1', destination, receipt: 'r' };
  return {
    name,
    stomp: stomp('SUBSCRIBE', fields),
    json: json('subscribe', fields),
    code,
    receipt: 'r',
  };
}

export const destinationRows: readonly Row[] = [
  sending('a handler that is not there', '/app/none', 'no-route'),
  sending('the prefix alone', '/app', 'no-route'),
  sending('a prefix that goes on', '/application/x', 'no-route'),
  sending('no slash', 'topic', 'no-route'),
  sending('nothing but a slash', '/', 'no-route'),
  sending('the way up', '/app/../topic/x', 'no-route'),
  sending('no user', '/user//queue/x', 'destination-invalid'),
  sending('no queue of a user', '/user/ann', 'destination-invalid'),
  sending('the problems of somebody else', '/user/ann/queue/errors', 'destination-refused'),
  subscribing('nowhere', `/elsewhere/${marker}`, 'no-route'),
  subscribing('a handler that is not there, to hear', '/app/none', 'no-route'),
  subscribing('all own queues', '/user/**', 'destination-invalid'),
  subscribing('own queues by a variable', '/user/queue/{x}', 'destination-invalid'),
  subscribing('a pattern that never ends', '/topic/{', 'destination-invalid'),
  subscribing('a variable twice', '/topic/{a}/{a}', 'destination-invalid'),
  subscribing('an expression that explodes', '/topic/{a:(a+)+}', 'destination-invalid'),
  subscribing('too many segments', `/topic/${'*/'.repeat(40)}x`, 'destination-invalid'),
];
