// A STOMP frame as command, headers and body, and its conversion to bytes. The meaning of the command is not interpreted.
import type { Headers, RepeatedHeaders } from '../../message/message.js';
import { negotiationCommands, type Dialect } from './dialect.js';
import { contentLengthLine, headerLines, verbatim } from './header.js';

export interface RawFrame {
  readonly command: string;
  /** Without escapes, and without `content-length`, which only delimits the body. */
  readonly headers: Headers;
  /** Absent when no header is repeated. */
  readonly repeatedHeaders?: RepeatedHeaders | undefined;
  readonly body: Uint8Array;
}

/** The bytes of a frame. Headers that the dialect cannot represent are omitted. */
export function serialize(frame: RawFrame, dialect: Dialect): Buffer {
  const { command, body } = frame;
  const escaping = negotiationCommands.has(command) ? verbatim : dialect.escaping;
  return frameBytes(`${command}\n${contentLengthLine(body)}${headerLines(frame, escaping)}`, body);
}

/** Command and header lines, an empty line, the body and the closing NUL. */
export function frameBytes(lines: string, body: Uint8Array): Buffer {
  const head = `${lines}\n`;
  const size = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(size + body.length + 1);
  bytes.write(head);
  bytes.set(body, size);
  bytes[bytes.length - 1] = 0;
  return bytes;
}
