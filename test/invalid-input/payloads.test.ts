// Payloads that handlers cannot use: unreadable, invalid, deep, wide, or with names of object members.
import {
  bytes,
  receipt,
  secret,
  send,
  testInvalidInput,
  type Answer,
  type InvalidInput,
} from './case.js';

const accepted: Answer = { receipt };
const unreadable: Answer = { code: 'payload-unreadable', receipt };
const otherType: Answer = {
  code: 'payload-unreadable',
  text: 'The payload cannot be read from this content type.',
  receipt,
};
const invalid = (...fields: string[]): Answer => ({ code: 'payload-invalid', fields, receipt });
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const order = (text: string, items = '[]') => `{"text":${text},"items":${items}}`;
const first20 = Array.from({ length: 20 }, (_, i) => `items.${i}`);
const wide = (count: number) =>
  `{${Array.from({ length: count }, (_, i) => `"k${i}":0`).join(',')}}`;

/** JSON for a handler with a validated class. */
function ordered(name: string, body: string, answer: Answer): InvalidInput {
  return { name: `an order ${name}`, ...send('/app/failing/order', body), answer };
}

/** JSON for a handler with a schema. */
function tree(name: string, body: string, answer: Answer): InvalidInput {
  return { name: `a tree ${name}`, ...send('/app/failing/tree', body), answer };
}

/** Bytes with a content type; in JSON as base64. */
function typed(
  name: string,
  to: string,
  contentType: string,
  body: Uint8Array,
  answer: Answer,
): InvalidInput {
  const head = `SEND\ndestination:/app/failing/${to}\nreceipt:${receipt}\ncontent-type:${contentType}\ncontent-length:${body.length}\n\n`;
  return {
    name,
    stomp: bytes(head, [...body], '\0'),
    json: JSON.stringify({
      type: 'send',
      destination: `/app/failing/${to}`,
      receipt,
      headers: { 'content-type': contentType },
      payloadBase64: Buffer.from(body).toString('base64'),
    }),
    answer,
  };
}

/** Fields for the payload, which only JSON has. */
function field(name: string, fields: string, text: string): InvalidInput {
  return {
    name,
    stomp: { lacks: 'fields' },
    json: `{"type":"send","destination":"/topic/elsewhere","receipt":"${receipt}",${fields}}`,
    answer: { code: 'header-invalid', text, receipt },
  };
}

const noBase64 = 'The field payloadBase64 must be base64 (RFC 4648 section 4).';
const noText =
  'With a content-type that is not JSON the field payload must be a string of Unicode.';
const json = 'application/json';

testInvalidInput([
  ordered('that is empty', '', { code: 'payload-missing', receipt }),
  ordered('of null', 'null', invalid('')),
  ordered('of a number', '1', invalid('')),
  ordered('of a word', `"${secret}"`, invalid('')),
  ordered('of an array', '[]', invalid('')),
  ordered('without fields', '{}', invalid('text', 'items')),
  ordered('with a wrong field', order(`["${secret}"]`), invalid('text')),
  ordered('with a text that is too long', order(`"${secret.repeat(1000)}"`), invalid('text')),
  ordered(
    'with invalid items',
    order('"x"', `[{"price":1},{"price":"${secret}"},{"price":-1}]`),
    invalid('items.1.price', 'items.2.price'),
  ),
  ordered('with items of null', order('"x"', '[null]'), invalid('items.0')),
  ordered(
    'with more invalid items than an answer names',
    order('"x"', `[${Array.from({ length: 1000 }, () => '{"price":-1}').join(',')}]`),
    invalid(...first20.map((path) => `${path}.price`)),
  ),
  ordered('with an infinite price', order('"x"', '[{"price":1e400}]'), invalid('items.0.price')),
  ordered(
    'with a price of negative zero after rounding',
    order('"x"', '[{"price":-1e-400}]'),
    accepted,
  ),
  ordered('with a price of -0', order('"x"', '[{"price":-0}]'), accepted),
  ordered(
    'with a price that is not a safe integer',
    order('"x"', '[{"price":9007199254740993}]'),
    invalid('items.0.price'),
  ),
  ordered(
    'with a price of a thousand digits',
    order('"x"', `[{"price":${'9'.repeat(1000)}}]`),
    invalid('items.0.price'),
  ),
  ordered('with a repeated field', `{"text":1,"text":"x","items":[]}`, accepted),
  ordered('of ten thousand levels', order('"x"', nested(10_000)), invalid('')),
  ordered('of thirty thousand levels', order('"x"', nested(30_000)), invalid('')),
  ordered('of too many keys', wide(300), invalid('')),
  ordered('of five thousand keys', wide(5000), invalid('')),
  ordered('with too many keys in an item', order('"x"', `[${wide(300)}]`), invalid('')),
  ordered('of ten thousand items', order('"x"', `[${'0,'.repeat(10_000)}0]`), invalid(...first20)),
  ordered('with __proto__', `{"__proto__":{"polluted":1},"text":"x","items":[]}`, accepted),
  ordered(
    'with constructor',
    `{"constructor":{"prototype":{"polluted":1}},"text":"x","items":[]}`,
    accepted,
  ),
  ordered(
    'with toString and valueOf',
    `{"toString":1,"valueOf":1,"text":"x","items":[]}`,
    accepted,
  ),
  ordered(
    'with hasOwnProperty',
    `{"hasOwnProperty":1,"isPrototypeOf":1,"text":"x","items":[]}`,
    accepted,
  ),
  ordered('with then', `{"then":1,"text":"x","items":[]}`, accepted),
  ordered(
    'with __proto__ in an item',
    order('"x"', '[{"__proto__":{"price":1}}]'),
    invalid('items.0.price'),
  ),
  ordered('with a lone surrogate', order('"\\ud800"'), accepted),
  ordered('with NUL in a text', order('"\\u0000"'), accepted),
  {
    name: 'an object with __proto__ and constructor',
    ...send(
      '/app/failing/anything',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    ),
    answer: accepted,
  },
  {
    name: 'an object with names of object members, for a class without validators',
    ...send(
      '/app/failing/unchecked',
      '{"__proto__":{"polluted":1},"toString":1,"constructor":1,"text":"x"}',
    ),
    answer: accepted,
  },
  tree('that is empty', '', { code: 'payload-missing', receipt }),
  tree('of text', `"${secret}"`, invalid('')),
  tree(
    'with a wrong branch',
    '{"branches":[{"branches":[]},{"branches":1}]}',
    invalid('branches.1.branches'),
  ),
  tree(
    'of four thousand levels',
    `${'{"branches":['.repeat(4000)}${']}'.repeat(4000)}`,
    invalid(''),
  ),
  {
    name: 'deep JSON that the handler returns',
    ...send('/app/failing/echo', nested(30_000)),
    answer: { code: 'payload-unwritable', receipt },
  },
  {
    name: 'deep JSON that no handler reads',
    ...send('/topic/elsewhere', nested(30_000)),
    answer: accepted,
  },
  typed('bytes that are not JSON', 'order', json, bytes(`{${secret}`), unreadable),
  typed('invalid UTF-8 in JSON', 'order', json, bytes('{"text":"', [0xff], '"}'), unreadable),
  typed(
    'a byte order mark before JSON',
    'anything',
    json,
    bytes([0xef, 0xbb, 0xbf], '{}'),
    unreadable,
  ),
  typed('another charset', 'order', `${json};charset=utf-16`, bytes('{}'), unreadable),
  typed(
    'a charset named like a member of objects',
    'order',
    `${json};charset=__proto__`,
    bytes('{}'),
    unreadable,
  ),
  typed('text for a class', 'order', 'text/plain', bytes(order('"x"')), otherType),
  typed('an empty content type', 'order', ';', bytes(order('"x"')), otherType),
  typed(
    'a content type named like a member of objects',
    'order',
    'constructor',
    bytes(order('"x"')),
    otherType,
  ),
  typed('invalid UTF-8 for text', 'text', 'text/plain', bytes([0xc3, 0x28]), unreadable),
  typed('JSON for text', 'text', json, bytes(`["${secret}"]`), unreadable),
  typed('NUL in a text', 'text', 'text/plain', bytes('a\0b'), accepted),
  typed(
    'text of a thousand parameters',
    'text',
    `text/plain${';a=b'.repeat(1000)}`,
    bytes('x'),
    accepted,
  ),
  field('base64 of one character', `"payloadBase64":"a"`, noBase64),
  field('base64 with padding in the middle', `"payloadBase64":"a=bc"`, noBase64),
  field('base64 of other characters', `"payloadBase64":"${secret}_-!"`, noBase64),
  field('base64 with line ends', `"payloadBase64":"aaaa\\naaa"`, noBase64),
  field('base64 that is not a string', `"payloadBase64":["aaaa"]`, noBase64),
  field(
    'two payloads',
    `"payload":"${secret}","payloadBase64":"aaaa"`,
    'A frame has payload or payloadBase64, not both.',
  ),
  field('an object for text', `"headers":{"content-type":"text/plain"},"payload":{}`, noText),
  field(
    'a lone surrogate for text',
    `"headers":{"content-type":"text/plain"},"payload":"\\ud800"`,
    noText,
  ),
  field(
    'a payload of another charset',
    `"headers":{"content-type":"text/plain;charset=iso-8859-1"},"payload":"é"`,
    'The field payload is UTF-8; use payloadBase64 for bytes of another charset.',
  ),
]);
