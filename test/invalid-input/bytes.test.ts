// Bytes that are not a frame: malformed, incomplete, or not valid UTF-8.
import { frameText, type StompHeaders } from '../clients/stomp.js';
import {
  bytes,
  elsewhere,
  missingType,
  receipt,
  secret,
  testInvalidInput,
  unknownCommand,
} from './case.js';

const stompSend = (headers: StompHeaders = {}) =>
  frameText('SEND', { destination: elsewhere, receipt, ...headers });
const jsonSend = (fields: object) =>
  JSON.stringify({ type: 'send', destination: elsewhere, receipt, ...fields });
const cutOff = { code: 'frame-malformed', text: 'The frame ends before its headers do.' } as const;
const notJson = { code: 'frame-malformed', text: 'The frame is not valid JSON.' } as const;
const noObject = { code: 'frame-malformed', text: 'A frame is a JSON object.' } as const;
const serverFrame = unknownCommand('message');

testInvalidInput([
  {
    name: 'an unknown command',
    stomp: frameText(secret.toUpperCase()),
    json: `{"type":"${secret}"}`,
    answer: unknownCommand(),
  },
  {
    name: 'a command in the wrong case',
    stomp: frameText('send', { destination: elsewhere }),
    json: `{"type":"SEND","destination":"${elsewhere}"}`,
    answer: unknownCommand('SEND'),
  },
  {
    name: 'a command of the server',
    stomp: frameText('MESSAGE', { destination: elsewhere, receipt }),
    json: `{"type":"message","destination":"${elsewhere}","receipt":"${receipt}"}`,
    answer: {
      stomp: { ...serverFrame.stomp, receipt },
      json: { ...serverFrame.json, receipt },
    },
  },
  {
    name: 'a command named like a member of objects',
    stomp: frameText('__proto__'),
    json: '{"type":"__proto__"}',
    answer: unknownCommand(),
  },
  {
    name: 'a missing command',
    stomp: '\0',
    json: '{}',
    answer: { stomp: cutOff, json: missingType },
  },
  {
    name: 'a command that is not text',
    stomp: { lacks: 'types' },
    json: '{"type":{"type":"send"}}',
    answer: unknownCommand().json,
  },
  {
    name: 'an incomplete frame',
    stomp: `SEND\ndestination:${elsewhere}\0`,
    json: `{"type":"send","destination":"${elsewhere}"`,
    answer: { stomp: cutOff, json: notJson },
  },
  {
    name: 'a header without a colon',
    stomp: `SEND\n${secret}\n\n\0`,
    json: `{"type" "${secret}"}`,
    answer: { stomp: { code: 'header-malformed' }, json: notJson },
  },
  {
    name: 'a header without a name',
    stomp: `SEND\ndestination:${elsewhere}\n:${secret}\n\n\0`,
    json: jsonSend({ headers: { '': secret } }),
    answer: {
      stomp: { code: 'header-malformed' },
      json: {
        code: 'header-invalid',
        text: 'The field headers must be an object of strings of Unicode without NUL.',
        receipt,
      },
    },
  },
  {
    name: 'an illegal escape',
    stomp: stompSend({ [secret]: '\\t' }),
    json: `{"type":"send","destination":"\\q"}`,
    answer: { stomp: { code: 'escape-illegal', receipt }, json: notJson },
  },
  {
    name: 'an escape of a later version',
    stomp: stompSend({ [secret]: '\\r' }),
    json: { lacks: 'versions' },
    version: '1.1',
    answer: { code: 'escape-illegal', receipt },
  },
  {
    name: 'an incomplete escape',
    stomp: stompSend({ [secret]: '\\' }),
    json: `{"type":"send","destination":"\\u00"}`,
    answer: { stomp: { code: 'escape-illegal', receipt }, json: notJson },
  },
  {
    name: 'invalid UTF-8 in a command',
    stomp: bytes([0xc3, 0x28], '\n\n\0'),
    json: bytes('{"type":"', [0xc3, 0x28], '"}'),
    answer: { code: 'text-invalid' },
  },
  {
    name: 'invalid UTF-8 in a header',
    stomp: bytes(`SEND\ndestination:${elsewhere}\na:`, [0xff], '\n\n\0'),
    json: bytes('{"type":"send","headers":{"a":"', [0xff], '"}}'),
    answer: { code: 'text-invalid' },
  },
  {
    name: 'invalid UTF-8 in the name of a header',
    stomp: bytes('SEND\n', [0xe2, 0x82], ':x\n\n\0'),
    json: bytes('{"type":"send","headers":{"', [0xe2, 0x82], '":"x"}}'),
    answer: { code: 'text-invalid' },
  },
  {
    name: 'an overlong UTF-8 slash',
    stomp: bytes('SEND\ndestination:', [0xc0, 0xaf], 'topic/elsewhere\n\n\0'),
    json: bytes('{"type":"send","destination":"', [0xc0, 0xaf], 'topic/elsewhere"}'),
    answer: { code: 'text-invalid' },
  },
  {
    name: 'a surrogate in UTF-8',
    stomp: bytes('SEND\ndestination:', [0xed, 0xa0, 0x80], '\n\n\0'),
    json: bytes('{"type":"send","destination":"', [0xed, 0xa0, 0x80], '"}'),
    answer: { code: 'text-invalid' },
  },
  {
    name: 'a body of invalid UTF-8, which is allowed',
    stomp: bytes(`SEND\ndestination:${elsewhere}\nreceipt:${receipt}\n\n`, [0xff, 0xfe], '\0'),
    json: jsonSend({ payloadBase64: '//4=' }),
    answer: { receipt },
  },
  {
    name: 'invalid UTF-8 in a payload',
    stomp: { lacks: 'payloads' },
    json: bytes(`{"type":"send","destination":"${elsewhere}","payload":"`, [0xff], '"}'),
    answer: { code: 'text-invalid' },
  },
  {
    name: 'random bytes',
    stomp: bytes([0x41, 0x0a, 0x9c, 0x00, 0x7f, 0x0a, 0xee]),
    json: bytes([0x7b, 0x0a, 0x9c, 0x00, 0x7f, 0x0a, 0xee]),
    answer: { stomp: cutOff, json: { code: 'text-invalid' } },
  },
  {
    name: 'a byte order mark',
    stomp: bytes([0xef, 0xbb, 0xbf], frameText('SEND', { destination: elsewhere })),
    json: bytes([0xef, 0xbb, 0xbf], `{"type":"send","destination":"${elsewhere}"}`),
    answer: { stomp: unknownCommand().stomp, json: notJson },
  },
  {
    name: 'another encoding',
    stomp: Buffer.from(stompSend(), 'utf16le'),
    json: Buffer.from('{"type":"ping"}', 'utf16le'),
    answer: { stomp: cutOff, json: notJson },
  },
  {
    name: 'NUL instead of a frame',
    stomp: '\n\0\n\0',
    json: '\0',
    answer: { stomp: cutOff, json: notJson },
  },
  ...(
    [
      ['an array', '[]', noObject],
      ['a string', `"${secret}"`, noObject],
      ['a number', '1', noObject],
      ['null', 'null', noObject],
      ['two objects', '{"type":"ping"}{"type":"ping"}', notJson],
      ['a comment', `{"type":"ping"/* ${secret} */}`, notJson],
      ['a trailing comma', '{"type":"ping",}', notJson],
      ['single quotes', `{'type':'ping'}`, notJson],
      ['NaN', `{"type":"send","destination":"${elsewhere}","payload":NaN}`, notJson],
    ] as const
  ).map(([name, json, answer]) => ({
    name: `${name} instead of an object`,
    stomp: { lacks: 'objects' },
    json,
    answer,
  })),
  {
    name: 'only line ends',
    stomp: '\n\r\n\n',
    json: '\n\r\n\n',
    answer: {},
  },
  {
    name: 'a CR before CR LF',
    stomp: `SEND\ndestination:${elsewhere}\r\r\nreceipt:${receipt}\n\n\0`,
    json: { lacks: 'lines' },
    answer: { receipt },
  },
  {
    name: 'a body on SUBSCRIBE',
    stomp: frameText('SUBSCRIBE', { id: '1', destination: elsewhere, receipt }, secret),
    json: { lacks: 'bodies' },
    answer: { code: 'body-unexpected', receipt },
  },
  {
    name: 'a frame that the client does not finish',
    stomp: 'SEND\ndestination:/to',
    json: { lacks: 'parts' },
    afterwards: 'vanish',
    answer: {},
  },
  {
    name: 'a body that the client does not finish',
    stomp: `SEND\ndestination:${elsewhere}\ncontent-length:10\n\nfive`,
    json: { lacks: 'parts' },
    afterwards: 'vanish',
    answer: {},
  },
  {
    name: 'a TLS handshake',
    stomp: bytes([0x16, 3, 1, 2, 0, 1, 0]),
    json: bytes([0x16, 3, 1, 2, 0, 1, 0]),
    first: true,
    // Without a known protocol there is no error frame to send.
    answer: { stomp: { closes: 'protocol-unknown' }, json: notJson },
  },
  {
    name: 'an HTTP request',
    stomp: 'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
    json: 'GET / HTTP/1.1\r\nhost: x\r\n\r\n',
    first: true,
    afterwards: 'nothing',
    delay: 60_000,
    answer: { stomp: { closes: 'connect-timeout' }, json: notJson },
  },
]);
