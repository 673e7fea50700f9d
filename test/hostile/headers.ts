// Headers with names that objects have, values that are none, and lengths that lie.
import { frameText } from '../stomp-client.js';
import { asked, secret, sent, type Answer, type HostileRow } from './row.js';

const elsewhere = '/topic/elsewhere';
const receipt = asked;
const taken: Answer = { receipt };
const noHeaders: Answer = {
  code: 'header-invalid',
  text: 'The field headers takes an object of strings of Unicode without NUL.',
  receipt,
};

/** Headers as they stand in each protocol. */
function named(name: string): HostileRow {
  return {
    name: `a header named ${name}`,
    stomp: frameText('SEND', { destination: '/app/hostile/headers', receipt }).replace(
      '\n',
      `\n${name}:${secret}\n`,
    ),
    json: `{"type":"send","destination":"/app/hostile/headers","receipt":"${receipt}","headers":{"${name}":"${secret}"}}`,
    answer: taken,
  };
}

function lengthOf(name: string, length: string, answer: Answer, body = 'four'): HostileRow {
  return {
    name: `a content-length ${name}`,
    stomp: frameText('SEND', { destination: elsewhere, receipt, 'content-length': length }, body),
    json: { lacks: 'lengths' },
    answer,
  };
}

const noNumber: Answer = {
  code: 'content-length-invalid',
  text: 'The content-length is not a number.',
  receipt,
};
const doesNotFit: Answer = { code: 'content-length-invalid', receipt };
const tooLarge: Answer = { code: 'frame-too-large', receipt };

/** A field of the wrong type, of which only JSON has any. */
function typed(name: string, json: string, answer: Answer): HostileRow {
  return { name, stomp: { lacks: 'types' }, json, answer };
}

function takesText(field: string): Answer {
  return {
    code: 'header-invalid',
    text: `The field ${field} takes a string of Unicode without NUL.`,
  };
}

/** A header that a handler wants as a number or as true or false. */
function wanted(name: string, header: string, value: string, problem: string): HostileRow {
  return {
    name: `${name} where a handler wants ${header === 'n' ? 'a number' : 'true or false'}`,
    ...sent(`/app/hostile/header/${header}`, '', { [header]: value }),
    answer: {
      code: 'argument-invalid',
      text: `The header '${header}' is ${problem}.`,
      receipt,
    },
  };
}

export const headers: readonly HostileRow[] = [
  named('__proto__'),
  named('constructor'),
  named('prototype'),
  named('toString'),
  named('hasOwnProperty'),
  named('then'),
  named('0'),
  {
    name: 'a header twice, of which the first counts',
    stomp: `SEND\ndestination:${elsewhere}\ndestination:/none\nreceipt:${asked}\nreceipt:${secret}\n\n\0`,
    json: { lacks: 'repetition' },
    answer: taken,
  },
  {
    name: 'every header that is the server’s own',
    ...sent(elsewhere, '1', {
      'message-id': secret,
      subscription: secret,
      'receipt-id': secret,
      redelivered: secret,
      session: secret,
      'user-name': secret,
      dropped: secret,
      ack: secret,
    }),
    answer: taken,
  },
  {
    name: 'CONNECT with names that objects have',
    stomp: frameText('CONNECT', {
      'accept-version': '1.2',
      constructor: secret,
      toString: secret,
    }).replace('\n', `\n__proto__:${secret}\n`),
    json: `{"type":"connect","headers":{"__proto__":"${secret}","constructor":"${secret}"}}`,
    first: true,
    answer: { connected: [0, 0] },
  },
  {
    name: 'SUBSCRIBE with an id that every object has',
    stomp: frameText('SUBSCRIBE', { id: '__proto__', destination: elsewhere, receipt }),
    json: `{"type":"subscribe","id":"__proto__","destination":"${elsewhere}","receipt":"${receipt}"}`,
    answer: taken,
  },
  {
    name: 'a frame within __proto__',
    stomp: { lacks: 'objects' },
    json: `{"__proto__":{"type":"send","destination":"${elsewhere}","polluted":true}}`,
    answer: { code: 'command-unknown', text: 'The field type names no known type.' },
  },
  lengthOf('that is a word', 'four', noNumber),
  lengthOf('of nothing', '', noNumber),
  lengthOf('of blanks', '  ', noNumber),
  lengthOf('below nothing', '-1', noNumber),
  lengthOf('with a sign', '+4', noNumber),
  lengthOf('with a point', '4.0', noNumber),
  lengthOf('with an exponent', '4e0', noNumber),
  lengthOf('in another base', '0x4', noNumber),
  lengthOf('in other digits', '٤', noNumber),
  lengthOf('that is too short', '3', doesNotFit),
  lengthOf('of a hundred digits', '9'.repeat(100), tooLarge),
  lengthOf('beyond the limit', '999999999', tooLarge),
  lengthOf('that counts in other digits', '00000000000000000004', taken),
  ...['null', '1', 'true', '{}', '["x"]'].map((value) =>
    typed(
      `a header of ${value}`,
      `{"type":"send","destination":"${elsewhere}","receipt":"${receipt}","headers":{"a":${value}}}`,
      noHeaders,
    ),
  ),
  ...['null', '"x"', '[]', '1'].map((value) =>
    typed(
      `headers of ${value}`,
      `{"type":"send","destination":"${elsewhere}","receipt":"${receipt}","headers":${value}}`,
      noHeaders,
    ),
  ),
  typed('NUL in a header', sent(elsewhere, '', { a: '\0' }).json, noHeaders),
  typed(
    'half of a surrogate pair in a header',
    sent(elsewhere, '', { a: '\ud800' }).json,
    noHeaders,
  ),
  typed('half of one in a name', sent(elsewhere, '', { '\udc00': 'a' }).json, noHeaders),
  typed('a destination of a number', '{"type":"send","destination":1}', takesText('destination')),
  typed(
    'a receipt of an object',
    `{"type":"send","destination":"${elsewhere}","receipt":{}}`,
    takesText('receipt'),
  ),
  typed(
    'an id of null',
    `{"type":"subscribe","id":null,"destination":"${elsewhere}"}`,
    takesText('id'),
  ),
  typed(
    'a passcode of an array',
    `{"type":"connect","passcode":["${secret}"]}`,
    takesText('passcode'),
  ),
  wanted('a number beyond all', 'n', '1e400', 'not a number'),
  wanted('nothing', 'n', '', 'not a number'),
  wanted('blanks', 'n', '  ', 'not a number'),
  wanted('a word', 'n', secret, 'not a number'),
  wanted('NaN', 'n', 'NaN', 'not a number'),
  wanted('a number', 'yes', '1', 'neither true nor false'),
  wanted('another case', 'yes', 'TRUE', 'neither true nor false'),
  {
    name: 'no header where a handler wants one',
    ...sent('/app/hostile/header/n'),
    answer: { code: 'argument-missing', text: `The header 'n' is missing.`, receipt },
  },
  {
    name: 'a word in a destination where a handler wants a number',
    ...sent(`/app/hostile/number/${'1'.repeat(400)}`),
    answer: {
      code: 'argument-invalid',
      text: `The variable 'n' of the destination is not a number.`,
      receipt,
    },
  },
];
