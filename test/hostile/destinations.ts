// Destinations that lead nowhere, to others, or out of a pattern's bounds.
import { asked, secret, sent, subscribed, type Answer, type HostileRow } from './row.js';

const receipt = asked;
const taken: Answer = { receipt };
const noRoute: Answer = { code: 'no-route', receipt };
const refused: Answer = { code: 'destination-refused', receipt };
const noQueue: Answer = {
  code: 'destination-invalid',
  text: 'A subscription below /user names one queue, without wildcards.',
  receipt,
};
const noAddress: Answer = {
  code: 'destination-invalid',
  text: 'Expected /user/{user}/{destination}.',
  receipt,
};

const tooLong: Answer = {
  code: 'destination-invalid',
  text: 'A destination has at most 1024 characters.',
  receipt,
};
const tooManySegments: Answer = {
  code: 'destination-invalid',
  text: 'A destination has at most 32 segments.',
  receipt,
};
const braces = badPattern("variables in braces are allowed in the server's mappings only");

function badPattern(problem: string): Answer {
  return { code: 'destination-invalid', text: `The pattern is not valid: ${problem}.`, receipt };
}

/** A SEND with a body that nobody may see. */
function sends(name: string, destination: string, answer: Answer): HostileRow {
  return { name: `SEND to ${name}`, ...sent(destination, `"${secret}"`), answer };
}

function subscribes(name: string, destination: string, answer: Answer): HostileRow {
  return { name: `SUBSCRIBE of ${name}`, ...subscribed(destination), answer };
}

export const destinations: readonly HostileRow[] = [
  sends('a handler that there is not', '/app/none', noRoute),
  sends('no destination', '', noRoute),
  sends('a slash', '/', noRoute),
  sends('a destination without a slash', 'topic/news', noRoute),
  sends('a name that only begins as a topic', '/topicx/news', noRoute),
  sends('a prefix alone', '/topic', noRoute),
  sends('what only begins as a handler', '/application/hostile/text', noRoute),
  sends('a prefix in the wrong case', '/TOPIC/news', noRoute),
  sends('what every object has', '/__proto__/constructor', noRoute),
  sends('a handler that every object has', '/app/constructor', noRoute),
  sends('a way up', '/app/hostile/../hostile/text', noRoute),
  sends('a wildcard of handlers', '/app/**', noRoute),
  sends('every topic', '/topic/**', taken),
  sends('a topic with a wildcard', '/topic/new?', taken),
  sends('a topic with a variable', '/topic/{news}', taken),
  sends('a topic of forty segments', `/topic${'/news'.repeat(40)}`, tooManySegments),
  sends('a topic of four thousand slashes', `/topic${'/'.repeat(4000)}news`, tooLong),
  sends('a topic with a bell', '/topic/\u0007news', taken),
  sends('a handler of four thousand segments', `/app${'/hostile'.repeat(1000)}`, tooLong),
  sends('the queue of problems of another user', '/user/bystander/queue/errors', refused),
  sends('the queue of problems of nobody', '/user/nobody/queue/errors', refused),
  sends('what looks like it', '/user/bystander//queue/errors', taken),
  sends('what begins as it', '/user/bystander/queue/errors/', taken),
  sends('what Spring calls it', '/queue/errors-userbystander', taken),
  sends('a user and no queue', '/user/bystander', noAddress),
  sends('a user and half a queue', '/user/bystander/', noAddress),
  sends('no user', '/user//queue/errors', noAddress),
  sends('every user', '/user/*/queue/news', taken),
  subscribes('a handler that there is not', '/app/none', noRoute),
  subscribes('a handler that takes no SUBSCRIBE', '/app/hostile/text', noRoute),
  subscribes('everything', '**', noRoute),
  subscribes('everything below a slash', '/**', noRoute),
  subscribes('every user', '/user/**', noQueue),
  subscribes('every queue of problems', '/user/*/errors', noQueue),
  subscribes('a user and no queue', '/user/', noQueue),
  subscribes('the queue of problems of another user', '/user/bystander/queue/errors', taken),
  subscribes('half a variable', '/topic/{', braces),
  subscribes('an expression', '/topic/{a:(a+)+}', braces),
  subscribes('a variable', '/topic/{a}', braces),
  subscribes('own queues by a variable', '/user/queue/{x}', noQueue),
  subscribes('a brace too many', '/topic/}', braces),
  subscribes('forty segments with wildcards', `/topic${'/*'.repeat(40)}`, tooManySegments),
  subscribes(
    'nine segments with wildcards',
    `/topic${'/*'.repeat(9)}`,
    badPattern('a pattern has at most 8 wildcards'),
  ),
  subscribes(
    'two wildcards in a segment',
    '/topic/*a*',
    badPattern('`*` is allowed once in a segment'),
  ),
  subscribes(
    'several segments twice',
    '/topic/**/a/**',
    badPattern('`**` is allowed once in a pattern'),
  ),
  subscribes('a thousand wildcards', `/topic/${'?'.repeat(1000)}`, {
    code: 'pattern-limit',
    text: 'All patterns of a session have together at most 8192 characters and 256 wildcards.',
    receipt,
  }),
  {
    name: 'NUL in a destination',
    stomp: `SEND\nreceipt:${asked}\ndestination:/topic/\0news\n\n\0`,
    json: `{"type":"send","receipt":"${asked}","destination":"/topic/\\u0000news"}`,
    answer: {
      stomp: { code: 'frame-malformed', text: 'The frame ends before its headers do.', receipt },
      json: {
        code: 'header-invalid',
        text: 'The field destination takes a string of Unicode without NUL.',
        receipt,
      },
    },
  },
  {
    name: 'the own name of a queue of another session',
    stomp: { lacks: 'NUL' },
    json: `{"type":"subscribe","id":"1","receipt":"${asked}","destination":"\\u0000x/queue/errors"}`,
    answer: {
      code: 'header-invalid',
      text: 'The field destination takes a string of Unicode without NUL.',
      receipt,
    },
  },
  {
    name: 'a line end in a topic',
    stomp: sent('/topic/\\nnews').stomp,
    json: sent('/topic/\nnews').json,
    answer: taken,
  },
  {
    name: 'half of a surrogate pair in a topic',
    stomp: { lacks: 'halves' },
    json: `{"type":"send","receipt":"${asked}","destination":"/topic/\\ud800"}`,
    answer: {
      code: 'header-invalid',
      text: 'The field destination takes a string of Unicode without NUL.',
      receipt,
    },
  },
];
