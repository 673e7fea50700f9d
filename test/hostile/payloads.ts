// Payloads that no handler wants: unreadable, invalid, deep, wide, and out to change what objects are.
import { asked, octets, secret, sent, type Answer, type HostileRow } from './row.js';

const receipt = asked;
const taken: Answer = { receipt };
const unreadable: Answer = { code: 'payload-unreadable', receipt };
const otherType: Answer = {
  code: 'payload-unreadable',
  text: 'The payload cannot be read from this content type.',
  receipt,
};
const invalid = (...fields: string[]): Answer => ({ code: 'payload-invalid', fields, receipt });
const invalidSomewhere: Answer = { code: 'payload-invalid', receipt };
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const order = (text: string, items = '[]') => `{"text":${text},"items":${items}}`;
const first20 = Array.from({ length: 20 }, (_, i) => `items.${i}`);
const wide = (count: number) =>
  `{${Array.from({ length: count }, (_, i) => `"k${i}":0`).join(',')}}`;

/** JSON for a handler that wants an order. */
function ordered(name: string, body: string, answer: Answer): HostileRow {
  return { name: `an order ${name}`, ...sent('/app/hostile/order', body), answer };
}

/** JSON for the handler whose payload a schema checks. */
function tree(name: string, body: string, answer: Answer): HostileRow {
  return { name: `a tree ${name}`, ...sent('/app/hostile/tree', body), answer };
}

/** Octets with a content type, which JSON says in base64. */
function typed(
  name: string,
  to: string,
  contentType: string,
  body: Uint8Array,
  answer: Answer,
): HostileRow {
  const head = `SEND\ndestination:/app/hostile/${to}\nreceipt:${receipt}\ncontent-type:${contentType}\ncontent-length:${body.length}\n\n`;
  return {
    name,
    stomp: octets(head, [...body], '\0'),
    json: JSON.stringify({
      type: 'send',
      destination: `/app/hostile/${to}`,
      receipt,
      headers: { 'content-type': contentType },
      payloadBase64: Buffer.from(body).toString('base64'),
    }),
    answer,
  };
}

/** What only JSON has: fields for the payload. */
function field(name: string, fields: string, text: string): HostileRow {
  return {
    name,
    stomp: { lacks: 'fields' },
    json: `{"type":"send","destination":"/topic/elsewhere","receipt":"${receipt}",${fields}}`,
    answer: { code: 'header-invalid', text, receipt },
  };
}

const noBase64 = 'The field payloadBase64 takes base64 (RFC 4648 section 4).';
const noText = 'With a content-type that is not JSON the field payload takes a string of Unicode.';
const json = 'application/json';

export const payloads: readonly HostileRow[] = [
  ordered('of nothing', '', { code: 'payload-missing', receipt }),
  ordered('of null', 'null', invalid('')),
  ordered('of a number', '1', invalid('')),
  ordered('of a word', `"${secret}"`, invalid('')),
  ordered('of an array', '[]', invalid('')),
  ordered('without its fields', '{}', invalid('text', 'items')),
  ordered('with a wrong field', order(`["${secret}"]`), invalid('text')),
  ordered('with a text that is too long', order(`"${secret.repeat(1000)}"`), invalid('text')),
  ordered(
    'with items at fault',
    order('"x"', `[{"price":1},{"price":"${secret}"},{"price":-1}]`),
    invalid('items.1.price', 'items.2.price'),
  ),
  ordered('with items of null', order('"x"', '[null]'), invalid('items.0')),
  ordered(
    'with more at fault than an answer names',
    order('"x"', `[${Array.from({ length: 1000 }, () => '{"price":-1}').join(',')}]`),
    invalid(...first20.map((path) => `${path}.price`)),
  ),
  ordered(
    'at a price beyond all numbers',
    order('"x"', '[{"price":1e400}]'),
    invalid('items.0.price'),
  ),
  ordered('at a price of less than nothing', order('"x"', '[{"price":-1e-400}]'), taken),
  ordered('at a price of -0', order('"x"', '[{"price":-0}]'), taken),
  ordered(
    'at a price that is no safe integer',
    order('"x"', '[{"price":9007199254740993}]'),
    invalid('items.0.price'),
  ),
  ordered(
    'at a price of a thousand digits',
    order('"x"', `[{"price":${'9'.repeat(1000)}}]`),
    invalid('items.0.price'),
  ),
  ordered('with a field twice', `{"text":1,"text":"x","items":[]}`, taken),
  ordered('of ten thousand levels', order('"x"', nested(10_000)), invalid('')),
  ordered('of thirty thousand levels', order('"x"', nested(30_000)), invalid('')),
  ordered('of too many keys', wide(300), invalid('')),
  ordered('of five thousand keys', wide(5000), invalid('')),
  ordered('of too many keys further in', order('"x"', `[${wide(300)}]`), invalid('')),
  ordered('of ten thousand items', order('"x"', `[${'0,'.repeat(10_000)}0]`), invalid(...first20)),
  ordered('that would be more', `{"__proto__":{"polluted":1},"text":"x","items":[]}`, taken),
  ordered(
    'that would be another',
    `{"constructor":{"prototype":{"polluted":1}},"text":"x","items":[]}`,
    taken,
  ),
  ordered('that would speak', `{"toString":1,"valueOf":1,"text":"x","items":[]}`, taken),
  ordered('that would own', `{"hasOwnProperty":1,"isPrototypeOf":1,"text":"x","items":[]}`, taken),
  ordered('that would be waited for', `{"then":1,"text":"x","items":[]}`, taken),
  ordered(
    'whose items would be more',
    order('"x"', '[{"__proto__":{"price":1}}]'),
    invalid('items.0.price'),
  ),
  ordered('with half of a surrogate pair', order('"\\ud800"'), taken),
  ordered('with NUL in a text', order('"\\u0000"'), taken),
  {
    name: 'anything that would change what objects are',
    ...sent(
      '/app/hostile/anything',
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    ),
    answer: taken,
  },
  {
    name: 'a class that checks nothing, from names that objects have',
    ...sent(
      '/app/hostile/unchecked',
      '{"__proto__":{"polluted":1},"toString":1,"constructor":1,"text":"x"}',
    ),
    answer: taken,
  },
  tree('of nothing', '', { code: 'payload-missing', receipt }),
  tree('of words', `"${secret}"`, invalid('')),
  tree(
    'with a wrong branch',
    '{"branches":[{"branches":[]},{"branches":1}]}',
    invalid('branches.1.branches'),
  ),
  tree(
    'of four thousand levels',
    `${'{"branches":['.repeat(4000)}${']}'.repeat(4000)}`,
    invalidSomewhere,
  ),
  {
    name: 'deep JSON that comes back',
    ...sent('/app/hostile/echo', nested(30_000)),
    answer: { code: 'payload-unwritable', receipt },
  },
  {
    name: 'deep JSON that nobody looks into',
    ...sent('/topic/elsewhere', nested(30_000)),
    answer: taken,
  },
  typed('octets that are no JSON', 'order', json, octets(`{${secret}`), unreadable),
  typed('invalid UTF-8 in JSON', 'order', json, octets('{"text":"', [0xff], '"}'), unreadable),
  typed(
    'a byte order mark before JSON',
    'anything',
    json,
    octets([0xef, 0xbb, 0xbf], '{}'),
    unreadable,
  ),
  typed('another charset', 'order', `${json};charset=utf-16`, octets('{}'), unreadable),
  typed(
    'a charset that every object has',
    'order',
    `${json};charset=__proto__`,
    octets('{}'),
    unreadable,
  ),
  typed('text where an order is wanted', 'order', 'text/plain', octets(order('"x"')), otherType),
  typed('a type of nothing', 'order', ';', octets(order('"x"')), otherType),
  typed('a type that every object has', 'order', 'constructor', octets(order('"x"')), otherType),
  typed('octets where text is wanted', 'text', 'text/plain', octets([0xc3, 0x28]), unreadable),
  typed('JSON where text is wanted', 'text', json, octets(`["${secret}"]`), unreadable),
  typed('NUL in a text', 'text', 'text/plain', octets('a\0b'), taken),
  typed(
    'text of a thousand parameters',
    'text',
    `text/plain${';a=b'.repeat(1000)}`,
    octets('x'),
    taken,
  ),
  field('base64 of one letter', `"payloadBase64":"a"`, noBase64),
  field('base64 with an end in the middle', `"payloadBase64":"a=bc"`, noBase64),
  field('base64 of other characters', `"payloadBase64":"${secret}_-!"`, noBase64),
  field('base64 with line ends', `"payloadBase64":"aaaa\\naaa"`, noBase64),
  field('base64 that is no string', `"payloadBase64":["aaaa"]`, noBase64),
  field(
    'two payloads',
    `"payload":"${secret}","payloadBase64":"aaaa"`,
    'A frame has payload or payloadBase64, not both.',
  ),
  field('an object for text', `"headers":{"content-type":"text/plain"},"payload":{}`, noText),
  field(
    'half of a surrogate pair for text',
    `"headers":{"content-type":"text/plain"},"payload":"\\ud800"`,
    noText,
  ),
  field(
    'a payload of another charset',
    `"headers":{"content-type":"text/plain;charset=iso-8859-1"},"payload":"é"`,
    'The field payload is UTF-8; payloadBase64 takes bytes of another charset.',
  ),
];
