// Payloads that no handler can use, and handlers that fail in every way.
import type { ErrorCode } from '../../src/index.js';
import { marker, sent, stomp, type Row } from './row.js';

const order = (text: string, items = '[]') => `{"text":${text},"items":${items}}`;
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const wide = Array.from({ length: 4000 }, (_, i) => `"k${i}":0`).join(',');

function failing(handler: string, code: ErrorCode): Row {
  return { name: `a handler that ${handler}`, ...sent(`/app/h/${handler}`, '1'), code };
}

/** Its receipt goes before it fails: a stream is processed when it runs. */
function streaming(stream: string, code: ErrorCode): Row {
  const { stomp: asStomp, json } = sent(`/app/h/${stream}`, '1');
  return { name: `a ${stream}`, stomp: asStomp, json, code };
}

export const handlerRows: readonly Row[] = [
  {
    name: 'a payload that is no JSON',
    stomp: stomp('SEND', { destination: '/app/h/order', receipt: 'r' }, marker),
    code: 'payload-unreadable',
    receipt: 'r',
  },
  {
    name: 'a payload of another type',
    ...sent('/app/h/order', `"${marker}"`),
    code: 'payload-invalid',
    fields: [{ path: '', message: 'must be an object' }],
  },
  {
    name: 'a payload of nothing',
    ...sent('/app/h/order', 'null'),
    code: 'payload-invalid',
    fields: [{ path: '', message: 'must be an object' }],
  },
  {
    name: 'a field of another type',
    ...sent('/app/h/order', order('42')),
    code: 'payload-invalid',
    fields: [
      {
        path: 'text',
        message:
          'text must be longer than or equal to 1 and shorter than or equal to 20 characters',
      },
      { path: 'text', message: 'text must be a string' },
    ],
  },
  {
    name: 'a field that is too long',
    ...sent('/app/h/order', order(`"${marker.repeat(5)}"`)),
    code: 'payload-invalid',
    fields: [{ path: 'text', message: 'text must be shorter than or equal to 20 characters' }],
  },
  {
    name: 'a field deep inside',
    ...sent('/app/h/order', order('"ok"', '[{"count":1},{"count":99}]')),
    code: 'payload-invalid',
    fields: [{ path: 'items.1.count', message: 'count must not be greater than 10' }],
  },
  {
    name: 'a number out of range',
    ...sent('/app/h/order', order('"ok"', '[{"count":1e400}]')),
    code: 'payload-invalid',
    fields: [
      { path: 'items.0.count', message: 'count must not be greater than 10' },
      { path: 'items.0.count', message: 'count must be an integer number' },
    ],
  },
  {
    name: 'a prototype in place of fields',
    ...sent('/app/h/order', `{"__proto__":{"text":"ok","items":[]}}`),
    code: 'payload-invalid',
  },
  {
    name: 'a constructor in place of a field',
    ...sent('/app/h/order', '{"text":"ok","items":[],"constructor":{"prototype":{"polluted":1}}}'),
  },
  { name: 'a deep payload', ...sent('/app/h/order', nested(15_000)), code: 'payload-invalid' },
  {
    name: 'a deep field',
    ...sent('/app/h/order', order('"ok"', nested(15_000))),
    code: 'payload-invalid',
  },
  { name: 'a deep payload for anybody', ...sent('/app/h/any', nested(15_000)) },
  {
    name: 'a wide payload',
    ...sent('/app/h/order', `{"text":"ok","items":[],${wide}}`),
    code: 'payload-invalid',
  },
  {
    name: 'a list of wrong items',
    ...sent('/app/h/order', order('"ok"', `[${Array(1000).fill('{"count":99}').join(',')}]`)),
    code: 'payload-invalid',
  },
  {
    name: 'text that is none',
    stomp: Buffer.concat([
      Buffer.from('SEND\ndestination:/app/h/text\nreceipt:r\ncontent-type:text/plain\n\n'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from([0]),
    ]),
    json: JSON.stringify({
      type: 'send',
      destination: '/app/h/text',
      receipt: 'r',
      payloadBase64: '//4=',
      headers: { 'content-type': 'text/plain' },
    }),
    code: 'payload-unreadable',
    receipt: 'r',
  },
  {
    name: 'a content type that nobody reads',
    stomp: stomp(
      'SEND',
      { destination: '/app/h/order', receipt: 'r', 'content-type': marker },
      '{}',
    ),
    code: 'payload-unreadable',
    receipt: 'r',
  },
  failing('throws-undefined', 'handler-failed'),
  failing('throws-text', 'handler-failed'),
  failing('throws-frozen', 'handler-failed'),
  failing('throws-odd', 'handler-failed'),
  failing('rejects', 'handler-failed'),
  failing('handles-badly', 'handler-failed'),
  failing('never', 'handler-timeout'),
  failing('rejects-late', 'handler-timeout'),
  failing('cycle', 'payload-unwritable'),
  failing('bigint', 'payload-unwritable'),
  failing('function', 'payload-unwritable'),
  failing('deep', 'payload-unwritable'),
  streaming('stream-throws', 'handler-failed'),
  streaming('stream-of-nonsense', 'payload-unwritable'),
  streaming('stream-returns-badly', 'payload-unwritable'),
  streaming('stream-is-none', 'handler-failed'),
];
