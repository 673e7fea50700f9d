// Octets that are no frames: malformed, cut, in no encoding, too large.
import { json, many, marker, octets, stomp, type Row } from './row.js';

const send = 'SEND\ndestination:/topic/x\n';
const sendJson = '{"type":"send","destination":"/topic/x",';

export const octetRows: readonly Row[] = [
  {
    name: 'nonsense',
    stomp: `${marker}\n\n\0`,
    json: marker,
    code: 'command-unknown',
    jsonCode: 'frame-malformed',
  },
  {
    name: 'a frame that ends in its headers',
    stomp: `${send}a:${marker}\0`,
    json: `${sendJson}"headers":{"a":"${marker}"`,
    code: 'frame-malformed',
  },
  {
    name: 'a frame of another kind of brackets',
    json: `["send","${marker}"]`,
    code: 'frame-malformed',
  },
  {
    name: 'two frames in one message',
    json: '{"type":"ping"}{"type":"ping"}',
    code: 'frame-malformed',
  },
  { name: 'a trailing comma', json: `${sendJson}"payload":1,}`, code: 'frame-malformed' },
  { name: 'single quotes', json: "{'type':'ping'}", code: 'frame-malformed' },
  { name: 'a number that is none', json: `${sendJson}"payload":NaN}`, code: 'frame-malformed' },
  {
    name: 'a byte order mark',
    json: octets([0xef, 0xbb, 0xbf], '{"type":"ping"}'),
    code: 'frame-malformed',
  },
  {
    name: 'JSON in UTF-16',
    json: Buffer.from('{"type":"ping"}', 'utf16le'),
    code: 'frame-malformed',
  },
  { name: 'a header without a colon', stomp: `${send}${marker}\n\n\0`, code: 'header-malformed' },
  { name: 'a header without a name', stomp: `${send}:${marker}\n\n\0`, code: 'header-malformed' },
  {
    name: 'an empty header name',
    json: json('send', { destination: '/topic/x', headers: { '': marker } }),
    code: 'header-invalid',
  },
  {
    name: 'an illegal escape',
    stomp: `${send}a:\\t${marker}\n\n\0`,
    json: `${sendJson}"headers":{"a":"\\x"}}`,
    code: 'escape-illegal',
    jsonCode: 'frame-malformed',
  },
  { name: 'an escape in capitals', stomp: `${send}a:\\N\n\n\0`, code: 'escape-illegal' },
  { name: 'a backslash at the end', stomp: `${send}a:\\\n\n\0`, code: 'escape-illegal' },
  {
    name: 'invalid UTF-8 in the command',
    stomp: octets([0xc3, 0x28], '\n\n\0'),
    json: octets('{"type":"', [0xc3, 0x28], '"}'),
    code: 'text-invalid',
  },
  {
    name: 'invalid UTF-8 in a header',
    stomp: octets(`${send}a:`, [0xff], '\n\n\0'),
    json: octets(`${sendJson}"headers":{"a":"`, [0xff], '"}}'),
    code: 'text-invalid',
  },
  {
    name: 'an overlong encoding',
    stomp: octets(`${send}a:`, [0xc0, 0xaf], '\n\n\0'),
    json: octets(`${sendJson}"headers":{"a":"`, [0xc0, 0xaf], '"}}'),
    code: 'text-invalid',
  },
  {
    name: 'half of a surrogate pair in UTF-8',
    stomp: octets(`${send}a:`, [0xed, 0xa0, 0x80], '\n\n\0'),
    json: octets(`${sendJson}"headers":{"a":"`, [0xed, 0xa0, 0x80], '"}}'),
    code: 'text-invalid',
  },
  {
    name: 'NUL in a header',
    stomp: octets(`${send}a:b`, [0], 'c\n\n\0'),
    json: json('send', { destination: '/topic/x', headers: { a: '\0' } }),
    code: 'frame-malformed',
    jsonCode: 'header-invalid',
  },
  {
    name: 'NUL in a destination',
    json: json('send', { destination: '\0session/queue/errors' }),
    code: 'header-invalid',
  },
  {
    name: 'a frame beyond the limit',
    stomp: `${send}\n${'x'.repeat(70_000)}`,
    json: `${sendJson}"payload":"${'x'.repeat(70_000)}"}`,
    code: 'frame-too-large',
  },
  {
    name: 'a length beyond the limit',
    stomp: `${send}content-length:999999999\n\n`,
    code: 'frame-too-large',
  },
  {
    name: 'too many headers',
    stomp: stomp('SEND', { destination: '/topic/x', ...many(64) }),
    json: json('send', { destination: '/topic/x', headers: many(65) }),
    code: 'frame-too-large',
  },
  {
    name: 'a header that is too long',
    stomp: `${send}a:${'x'.repeat(9000)}\n\n\0`,
    json: json('send', { destination: '/topic/x', headers: { a: 'x'.repeat(9000) } }),
    code: 'frame-too-large',
  },
  { name: 'a header line that never ends', stomp: 'x'.repeat(9000), code: 'frame-too-large' },
  {
    name: 'a destination that is too long',
    stomp: stomp('SEND', { destination: `/topic/${'x'.repeat(9000)}` }),
    json: json('send', { destination: `/topic/${'x'.repeat(9000)}` }),
    code: 'frame-too-large',
  },
  {
    name: 'a length that is no number',
    stomp: `${send}content-length:ten\n\n\0`,
    code: 'content-length-invalid',
  },
  {
    name: 'a negative length',
    stomp: `${send}content-length:-1\n\n\0`,
    code: 'content-length-invalid',
  },
  {
    name: 'a length in exponents',
    stomp: `${send}content-length:1e1\n\n\0`,
    code: 'content-length-invalid',
  },
  {
    name: 'a length that is too short',
    stomp: `${send}content-length:1\n\nlong\0`,
    code: 'content-length-invalid',
  },
  {
    name: 'base64 that is none',
    json: json('send', { destination: '/topic/x', payloadBase64: `${marker}!` }),
    code: 'header-invalid',
  },
  {
    name: 'base64 without its end',
    json: json('send', { destination: '/topic/x', payloadBase64: 'AP8' }),
    code: 'header-invalid',
  },
  {
    name: 'two payloads',
    json: json('send', { destination: '/topic/x', payload: 1, payloadBase64: '' }),
    code: 'header-invalid',
  },
  {
    name: 'a payload whose name is escaped',
    json: `${sendJson}"p\\u0061yload":1}`,
    code: 'header-invalid',
  },
];
