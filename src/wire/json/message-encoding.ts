// One message as the JSON protocol says it: what all its frames share, made once.
import { isUtf8 } from 'node:buffer';
import { EncodedFrame } from '../../message/encoded-frame.js';
import type { DeliveryMarks, MessageFrame } from '../../message/frame.js';
import type { Message } from '../../message/message.js';
import { asBuffer } from '../../payload/bytes.js';
import { isJsonText } from '../../payload/json.js';
import { isJson, isUnicode, mediaTypeOf } from '../../payload/media-type.js';
import type { MessageEncoding } from '../encoded-messages.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;

export class JsonMessageEncoding implements MessageEncoding {
  readonly #id: string;
  /** Everything behind the ids. */
  readonly #tail: Buffer;

  constructor({ message, messageId }: MessageFrame) {
    this.#id = JSON.stringify(messageId);
    this.#tail = tailOf(message);
  }

  frame(subscription: string, marks: DeliveryMarks | undefined): EncodedFrame {
    const head = `{"type":"message","subscription":${JSON.stringify(subscription)},"id":${this.#id}${said(marks)}`;
    const size = Buffer.byteLength(head);
    const octets = Buffer.allocUnsafe(size + this.#tail.length);
    octets.write(head);
    octets.set(this.#tail, size);
    return new EncodedFrame(octets, false);
  }
}

function said(marks: DeliveryMarks | undefined): string {
  if (marks === undefined) return '';
  const { ack, redelivered, retained, dropped } = marks;
  return (
    (ack === undefined ? '' : `,"ack":${JSON.stringify(ack)}`) +
    (redelivered === undefined ? '' : `,"deliveries":${redelivered + 1}`) +
    (retained === true ? ',"retained":true' : '') +
    (dropped === undefined ? '' : `,"dropped":${dropped}`)
  );
}

function tailOf({ destination, headers, body }: Message): Buffer {
  const head = `,"destination":${JSON.stringify(destination)}`;
  const said = Object.fromEntries(headers);
  const contentType = said['content-type'];
  const media = contentType === undefined ? undefined : mediaTypeOf(contentType);
  if (media !== undefined && isJson(media) && isUnicode(media) && isJsonText(body)) {
    // What a payload is when nothing else is said.
    if (contentType === 'application/json') delete said['content-type'];
    return Buffer.concat([
      Buffer.from(`${head},"payload":`),
      onOneLine(body),
      Buffer.from(`,"headers":${JSON.stringify(said)}}\n`),
    ]);
  }
  const rest = `,"headers":${JSON.stringify(said)}}\n`;
  if (body.length === 0) return Buffer.from(head + rest);
  if (media?.name !== 'application/octet-stream' && isUtf8(body))
    return Buffer.from(`${head},"payload":${JSON.stringify(asBuffer(body).toString())}${rest}`);
  return Buffer.from(`${head},"payloadBase64":"${asBuffer(body).toString('base64')}"${rest}`);
}

/** Outside of strings, where JSON allows no line end, a blank means the same; on a stream a line is a frame. */
function onOneLine(body: Uint8Array): Uint8Array {
  if (!body.includes(lineFeed) && !body.includes(carriageReturn)) return body;
  return body.map((octet) => (octet === lineFeed || octet === carriageReturn ? space : octet));
}
