// STOMP frames to octets, for either side of a connection.
import type { Escaping } from './escaping.js';
import type { RawFrame } from './raw-frame.js';

/** The commands that carry a body; what they carry is always measured by content-length. */
const carriers = new Set(['SEND', 'MESSAGE', 'ERROR']);

/** One header line; nothing when this version cannot write the name or the value. */
export function headerLine(name: string, value: string, escaping: Escaping): string {
  const [escapedName, escapedValue] = [escaping.escape(name), escaping.escape(value)];
  return escapedName === undefined || escapedValue === undefined ? '' : `${escapedName}:${escapedValue}\n`;
}

/** A head, up to and with the blank line. */
export function headText(command: string, headers: readonly string[], escaping: Escaping): string {
  let text = `${command}\n`;
  for (let i = 0; i < headers.length; i += 2) text += headerLine(headers[i]!, headers[i + 1]!, escaping);
  return `${text}\n`;
}

/** A whole frame. A content-length among the headers gives way to the true one. */
export function serialize({ command, headers, body }: RawFrame, escaping: Escaping): Buffer {
  const measured = carriers.has(command);
  const sent = measured ? [...withoutLength(headers), 'content-length', `${body.length}`] : headers;
  return joinFrame(headText(command, sent, escaping), body);
}

/** Head, body and the NUL that ends a frame, in one buffer. */
export function joinFrame(head: string, body: Uint8Array): Buffer {
  const headLength = Buffer.byteLength(head);
  const frame = Buffer.allocUnsafeSlow(headLength + body.length + 1);
  frame.write(head, 0);
  frame.set(body, headLength);
  frame[frame.length - 1] = 0;
  return frame;
}

function* withoutLength(headers: readonly string[]): Generator<string> {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] !== 'content-length') yield* [headers[i]!, headers[i + 1]!];
}
