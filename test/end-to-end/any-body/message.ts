// Messages that are meant to break whoever reads them: bodies like frames, and headers like other headers.

/** A message as its sender means it. */
export interface Said {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

function body(name: string, octets: string | readonly number[], contentType?: string): Said {
  return {
    name: `a body ${name}`,
    headers: contentType === undefined ? {} : { 'content-type': contentType },
    body: Buffer.from(octets as string),
  };
}

function header(name: string, ...pairs: readonly (readonly [string, string])[]): Said {
  return {
    name: `a header ${name}`,
    headers: Object.fromEntries(pairs),
    body: Buffer.from('body'),
  };
}

const json = 'application/json';
const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

export const anyMessages: readonly Said[] = [
  body('of invalid UTF-8', [0x61, 0xff, 0xc3, 0x28, 0xfe]),
  body('of invalid UTF-8 that is said to be text', [0xc0, 0xaf], 'text/plain'),
  body('of invalid UTF-8 that is said to be JSON', [0x22, 0xff, 0x22], json),
  body('of text that is said to be octets', 'text', 'application/octet-stream'),
  body('of another charset', [0xfe, 0xff, 0x00, 0x22], `${json};charset=utf-16`),
  body('with NUL', 'a\0b'),
  body('of NUL', '\0\0\0'),
  body('of nothing', ''),
  body('of line ends', '\r\n\n\r'),
  body('that is a frame', 'a\0ERROR\nmessage:over\n\nover\0\n'),
  body('that is an object', '{"type":"error","fatal":true}'),
  body('that ends an object', '"},"type":"error","fatal":true}\n', 'text/plain'),
  body('that is no JSON', '{"type":', json),
  body('of two values', '1,"type":"error"', json),
  body('of JSON on many lines', '{\n"a":\r\n[1,\n2]\n}', json),
  body('of JSON with half of a surrogate pair', '"\\ud800"', json),
  body('of JSON with names that objects have', '{"__proto__":{"a":1},"constructor":1}', json),
  body('of JSON with a byte order mark', '\ufeff{}', json),
  body('of JSON with digits that no number holds', '[1e400,9007199254740993,-0]', json),
  body('of deep JSON', deep, json),
  body('of the line ends that scripts know', '\u2028\u2029\u0085'),
  header('with line ends', ['a', 'b\r\nc:d\n\ne'], ['f', '\r'], ['g', '\n']),
  header('with a line end in its name', ['a\nsubscription', 'x'], ['b\r\n\r\n', 'y']),
  header('with colons', ['a:b', 'c:d'], [':', ':']),
  header('with backslashes', ['C:\\new', '\\c\\r\\n\\'], ['\\', '\\\\']),
  header('of characters beyond sixteen bits', ['a', '😀'], ['😀', 'b']),
  header('with blanks', [' ', ' '], ['\t', 'x'], [' a ', ' b ']),
  header('of eight thousand characters', ['a', 'é'.repeat(4000)]),
  header('that objects have', ['__proto__', 'x'], ['constructor', 'y'], ['toString', 'z']),
  header('like a length', ['content-length\r', '0'], ['Content-Length', '0']),
  header('like a length with a line end', ['content-length\n', '0'], ['\rcontent-length', '0']),
  header('like a length with blanks', [' content-length', '0'], ['content-length\t', '0']),
  header(
    'like the server’s own',
    ['subscription\r', 'x'],
    [' message-id', 'x'],
    ['destination ', 'x'],
  ),
  header('that is the server’s own', ['subscription', 'x'], ['message-id', 'x'], ['ack', 'x']),
  header('with a content type of two lines', ['content-type', 'text/plain\r\nx:y']),
];
