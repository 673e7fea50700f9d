// Destinations without a handler or broker, of other users, or beyond the limits of patterns.
import {
  receipt,
  secret,
  send,
  subscribe,
  testInvalidInput,
  type Answer,
  type InvalidInput,
} from './case.js';

const accepted: Answer = { receipt };
const noRoute: Answer = { code: 'no-route', receipt };
const refused: Answer = { code: 'destination-refused', receipt };
const noQueue: Answer = {
  code: 'destination-invalid',
  text: 'A destination below /user names one queue, without wildcards.',
  receipt,
};
const noAddress: Answer = {
  code: 'destination-invalid',
  text: 'Expected /user/{user}/{destination}.',
  receipt,
};

const tooLong: Answer = {
  code: 'destination-invalid',
  text: 'A destination may have at most 1024 characters (limits.maxDestinationCharacters).',
  receipt,
};
const tooManySegments: Answer = {
  code: 'destination-invalid',
  text: 'A destination may have at most 32 segments (limits.maxDestinationSegments).',
  receipt,
};
const braces = badPattern("variables in braces are allowed in the server's mappings only");

function badPattern(problem: string): Answer {
  return { code: 'destination-invalid', text: `The pattern is not valid: ${problem}.`, receipt };
}

/** A SEND with a body that no client may receive. */
function sends(name: string, destination: string, answer: Answer): InvalidInput {
  return { name: `SEND to ${name}`, ...send(destination, `"${secret}"`), answer };
}

function subscribes(name: string, destination: string, answer: Answer): InvalidInput {
  return { name: `SUBSCRIBE of ${name}`, ...subscribe(destination), answer };
}

testInvalidInput([
  sends('an unknown handler', '/app/none', noRoute),
  sends('no destination', '', noRoute),
  sends('a slash', '/', noRoute),
  sends('a destination without a slash', 'topic/news', noRoute),
  sends('a name that begins like a topic', '/topicx/news', noRoute),
  sends('a prefix alone', '/topic', noRoute),
  sends('a name that begins like a handler', '/application/failing/text', noRoute),
  sends('a prefix in the wrong case', '/TOPIC/news', noRoute),
  sends('names of object members', '/__proto__/constructor', noRoute),
  sends('a handler named like a member of objects', '/app/constructor', noRoute),
  sends('a path with ..', '/app/failing/../failing/text', noRoute),
  sends('all handlers by a wildcard', '/app/**', noRoute),
  sends('every topic', '/topic/**', accepted),
  sends('a topic with a wildcard', '/topic/new?', accepted),
  sends('a topic with a variable', '/topic/{news}', accepted),
  sends('a topic of forty segments', `/topic${'/news'.repeat(40)}`, tooManySegments),
  sends('a topic of four thousand slashes', `/topic${'/'.repeat(4000)}news`, tooLong),
  sends('a topic with a bell', '/topic/\u0007news', accepted),
  sends('a handler of four thousand segments', `/app${'/failing'.repeat(1000)}`, tooLong),
  sends('the problem queue of another user', '/user/bystander/queue/errors', refused),
  sends('the problem queue of an unknown user', '/user/nobody/queue/errors', refused),
  sends('a problem queue with two slashes', '/user/bystander//queue/errors', accepted),
  sends('a problem queue with a trailing slash', '/user/bystander/queue/errors/', accepted),
  sends('the name of a problem queue in Spring', '/queue/errors-userbystander', accepted),
  sends('a user without a queue', '/user/bystander', noAddress),
  sends('a user with an empty queue', '/user/bystander/', noAddress),
  sends('an empty user', '/user//queue/errors', noAddress),
  sends('every user', '/user/*/queue/news', accepted),
  subscribes('an unknown handler', '/app/none', noRoute),
  subscribes('a handler without subscriptions', '/app/failing/text', noRoute),
  subscribes('everything', '**', noRoute),
  subscribes('everything below a slash', '/**', noRoute),
  subscribes('every user', '/user/**', noQueue),
  subscribes('every problem queue', '/user/*/errors', noQueue),
  subscribes('a user without a queue', '/user/', noQueue),
  subscribes('the problem queue of another user', '/user/bystander/queue/errors', accepted),
  subscribes('an open brace', '/topic/{', braces),
  subscribes('an expression', '/topic/{a:(a+)+}', braces),
  subscribes('a variable', '/topic/{a}', braces),
  subscribes('session queues by a variable', '/user/queue/{x}', noQueue),
  subscribes('a closing brace', '/topic/}', braces),
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
    text: 'All patterns of a session may have together at most 8192 characters (limits.maxPatternCharacters) and 256 wildcards (limits.maxPatternWildcards).',
    receipt,
  }),
  {
    name: 'NUL in a destination',
    stomp: `SEND\nreceipt:${receipt}\ndestination:/topic/\0news\n\n\0`,
    json: `{"type":"send","receipt":"${receipt}","destination":"/topic/\\u0000news"}`,
    answer: {
      stomp: { code: 'frame-malformed', text: 'The frame ends before its headers do.', receipt },
      json: {
        code: 'header-invalid',
        text: 'The field destination must be a string of Unicode without NUL.',
        receipt,
      },
    },
  },
  {
    name: 'the internal name of a queue of another session',
    stomp: { lacks: 'NUL' },
    json: `{"type":"subscribe","id":"1","receipt":"${receipt}","destination":"\\u0000x/queue/errors"}`,
    answer: {
      code: 'header-invalid',
      text: 'The field destination must be a string of Unicode without NUL.',
      receipt,
    },
  },
  {
    name: 'a line end in a topic',
    stomp: send('/topic/\\nnews').stomp,
    json: send('/topic/\nnews').json,
    answer: accepted,
  },
  {
    name: 'a lone surrogate in a topic',
    stomp: { lacks: 'halves' },
    json: `{"type":"send","receipt":"${receipt}","destination":"/topic/\\ud800"}`,
    answer: {
      code: 'header-invalid',
      text: 'The field destination must be a string of Unicode without NUL.',
      receipt,
    },
  },
]);
