// Headers with names of object members, values of other types, and wrong lengths.
import { frameText } from '../clients/stomp.js';
import {
  elsewhere,
  receipt,
  secret,
  send,
  testInvalidInput,
  type Answer,
  type InvalidInput,
  largeFrame,
  missingType,
} from './case.js';

const accepted: Answer = { receipt };
const noHeaders: Answer = {
  code: 'header-invalid',
  text: 'The field headers must be an object of strings of Unicode without NUL.',
  receipt,
};

/** A header in the syntax of each protocol. */
function named(name: string): InvalidInput {
  return {
    name: `a header named ${name}`,
    stomp: frameText('SEND', { destination: '/app/failing/headers', receipt }).replace(
      '\n',
      `\n${name}:${secret}\n`,
    ),
    json: `{"type":"send","destination":"/app/failing/headers","receipt":"${receipt}","headers":{"${name}":"${secret}"}}`,
    answer: accepted,
  };
}

function lengthOf(name: string, length: string, answer: Answer, body = 'four'): InvalidInput {
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
const tooLarge: Answer = { ...largeFrame, receipt };

/** A field of the wrong type, which only JSON can express. */
function typed(name: string, json: string, answer: Answer): InvalidInput {
  return { name, stomp: { lacks: 'types' }, json, answer };
}

function takesText(field: string): Answer {
  return {
    code: 'header-invalid',
    text: `The field ${field} must be a string of Unicode without NUL.`,
  };
}

const decimal = 'a decimal number such as 12 or -3.5';

/** A header for a handler whose parameter is a number or a boolean. */
function converted(name: string, header: string, value: string, problem: string): InvalidInput {
  return {
    name: `${name} for a parameter of type ${header === 'n' ? 'number' : 'boolean'}`,
    ...send(`/app/failing/header/${header}`, '', { [header]: value }),
    answer: {
      code: 'argument-invalid',
      text: `The header '${header}' must be ${problem}.`,
      receipt,
    },
  };
}

testInvalidInput([
  named('__proto__'),
  named('constructor'),
  named('prototype'),
  named('toString'),
  named('hasOwnProperty'),
  named('then'),
  named('0'),
  {
    name: 'a repeated header, of which the first counts',
    stomp: `SEND\ndestination:${elsewhere}\ndestination:/none\nreceipt:${receipt}\nreceipt:${secret}\n\n\0`,
    json: { lacks: 'repetition' },
    answer: accepted,
  },
  {
    name: 'every header that only the server sets',
    ...send(elsewhere, '1', {
      'message-id': secret,
      subscription: secret,
      'receipt-id': secret,
      redelivered: secret,
      session: secret,
      'user-name': secret,
      dropped: secret,
      ack: secret,
    }),
    answer: accepted,
  },
  {
    name: 'CONNECT with names of object members',
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
    name: 'SUBSCRIBE with an id named like a member of objects',
    stomp: frameText('SUBSCRIBE', { id: '__proto__', destination: elsewhere, receipt }),
    json: `{"type":"subscribe","id":"__proto__","destination":"${elsewhere}","receipt":"${receipt}"}`,
    answer: accepted,
  },
  {
    name: 'a frame within __proto__',
    stomp: { lacks: 'objects' },
    json: `{"__proto__":{"type":"send","destination":"${elsewhere}","polluted":true}}`,
    answer: missingType,
  },
  lengthOf('that is a word', 'four', noNumber),
  lengthOf('that is empty', '', noNumber),
  lengthOf('of blanks', '  ', noNumber),
  lengthOf('that is negative', '-1', noNumber),
  lengthOf('with a sign', '+4', noNumber),
  lengthOf('with a decimal point', '4.0', noNumber),
  lengthOf('with an exponent', '4e0', noNumber),
  lengthOf('in hexadecimal', '0x4', noNumber),
  lengthOf('in Arabic digits', '٤', noNumber),
  lengthOf('that is too short', '3', doesNotFit),
  lengthOf('of a hundred digits', '9'.repeat(100), tooLarge),
  lengthOf('beyond the limit', '999999999', tooLarge),
  lengthOf('with leading zeros', '00000000000000000004', accepted),
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
  typed('NUL in a header', send(elsewhere, '', { a: '\0' }).json, noHeaders),
  typed('a lone surrogate in a header', send(elsewhere, '', { a: '\ud800' }).json, noHeaders),
  typed(
    'a lone surrogate in a header name',
    send(elsewhere, '', { '\udc00': 'a' }).json,
    noHeaders,
  ),
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
  converted('an infinite number', 'n', '1e400', decimal),
  converted('an empty value', 'n', '', decimal),
  converted('blanks', 'n', '  ', decimal),
  converted('a word', 'n', secret, decimal),
  converted('NaN', 'n', 'NaN', decimal),
  converted('a hexadecimal number', 'n', '0x10', decimal),
  converted('an integer above 2 to the 53', 'n', '9007199254740993', decimal),
  converted('a number', 'yes', '2', 'true or false'),
  converted('a word', 'yes', secret, 'true or false'),
  {
    name: 'a missing header for a parameter',
    ...send('/app/failing/header/n'),
    answer: { code: 'argument-missing', text: `The header 'n' is missing.`, receipt },
  },
  {
    name: 'an infinite number in a destination',
    ...send(`/app/failing/number/${'1'.repeat(400)}`),
    answer: {
      code: 'argument-invalid',
      text: `The variable 'n' of the destination must be ${decimal}.`,
      receipt,
    },
  },
]);
