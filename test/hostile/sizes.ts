// Frames, headers and fields that are larger than a server takes.
import { frameText } from '../stomp-client.js';
import { asked, secret, type HostileRow } from './row.js';

const elsewhere = '/topic/elsewhere';
const large = 'x'.repeat(70_000);
const headers = (count: number, value: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${secret}${i}`, value]));
const many = headers(65, 'x');
const wide = headers(60, 'x'.repeat(1200));
const send = (headers: Readonly<Record<string, string>> = {}) =>
  frameText('SEND', { destination: elsewhere, receipt: asked, ...headers });
const say = (fields: object) =>
  JSON.stringify({ type: 'send', destination: elsewhere, receipt: asked, ...fields });

const code = 'frame-too-large';
const largeFrame = { stomp: { code, receipt: asked }, json: { code } } as const;
const manyHeaders = { code, text: 'The frame has too many headers.', receipt: asked } as const;
const longLine = {
  stomp: { code, text: 'A header of the frame is too long.' },
  json: { code, text: 'A field or header of the frame is too long.' },
} as const;
const longHeader = {
  stomp: { ...longLine.stomp, receipt: asked },
  json: { ...longLine.json, receipt: asked },
} as const;

export const sizes: readonly HostileRow[] = [
  {
    name: 'a frame beyond the limit',
    stomp: `${send().slice(0, -1)}${large}\0`,
    json: say({ payload: large }),
    answer: largeFrame,
  },
  {
    name: 'a frame beyond the limit that never ends',
    stomp: [send().slice(0, -1), ...Array.from({ length: 10 }, () => large.slice(0, 10_000))],
    json: { lacks: 'parts' },
    answer: { code: 'frame-too-large', receipt: asked },
  },
  {
    name: 'many small headers beyond the limit of a frame',
    stomp: send(wide),
    json: say({ headers: wide }),
    answer: largeFrame,
  },
  {
    name: 'too many headers',
    stomp: send(many),
    json: say({ headers: many }),
    answer: manyHeaders,
  },
  {
    name: 'a header that is too long',
    stomp: send({ [secret]: 'x'.repeat(9000) }),
    json: say({ headers: { [secret]: 'x'.repeat(9000) } }),
    answer: longHeader,
  },
  {
    name: 'the name of a header that is too long',
    stomp: send({ ['x'.repeat(9000)]: secret }),
    json: say({ headers: { ['x'.repeat(9000)]: secret } }),
    answer: longHeader,
  },
  {
    name: 'a command that is too long',
    stomp: `${secret.repeat(2000)}\n\n\0`,
    json: `{"type":"${secret.repeat(2000)}"}`,
    answer: {
      stomp: longLine.stomp,
      json: { code: 'command-unknown', text: 'The field type names no known type.' },
    },
  },
  {
    name: 'a command that never ends',
    stomp: secret.repeat(2000),
    json: { lacks: 'parts' },
    answer: longLine.stomp,
  },
  {
    name: 'an id that is too long',
    stomp: frameText('SUBSCRIBE', { id: 'x'.repeat(9000), destination: elsewhere }),
    json: JSON.stringify({ type: 'subscribe', id: 'x'.repeat(9000), destination: elsewhere }),
    answer: longLine,
  },
  {
    name: 'a header of CONNECT that is too long',
    stomp: frameText('CONNECT', { 'accept-version': '1.2', passcode: 'x'.repeat(17_000) }),
    json: JSON.stringify({ type: 'connect', passcode: 'x'.repeat(17_000) }),
    first: true,
    answer: longLine,
  },
];
