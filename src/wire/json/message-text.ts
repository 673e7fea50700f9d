// One message in the words of the JSON protocol.
import { isUtf8 } from 'node:buffer';
import type { DeliveryMarks, MessageFrame } from '../../message/frame.js';
import type { Headers, Message } from '../../message/message.js';
import { asBuffer } from '../../payload/bytes.js';
import { isJsonText } from '../../payload/json.js';
import { isJson, isUnicode, mediaTypeOf } from '../../payload/media-type.js';
import { noBody } from '../body.js';
import type { MessageText } from '../encoded-messages.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
/** The end of most frames. */
const noHeadersEnd = Buffer.from(',"headers":{}}\n');

export class JsonMessageText implements MessageText {
  readonly before: string;
  readonly body: Uint8Array;
  readonly after: Uint8Array;
  readonly binary = false;
  readonly #id: string;

  constructor({ message, messageId }: MessageFrame) {
    const { destination, headers } = message;
    const contentType = headers.get('content-type');
    const payload = payloadOf(message, contentType);
    // JSON is what a payload is when nothing else is said.
    const hides = payload.body !== noBody && contentType === 'application/json';
    this.before = `,"destination":${JSON.stringify(destination)}${payload.before}`;
    this.body = payload.body;
    this.after = hides && headers.size === 1 ? noHeadersEnd : endOf(headers, hides);
    this.#id = JSON.stringify(messageId);
  }

  head(subscription: string, marks: DeliveryMarks | undefined): string {
    return `{"type":"message","subscription":${JSON.stringify(subscription)},"id":${this.#id}${said(marks)}`;
  }
}

function endOf(headers: Headers, hidesType: boolean): Uint8Array {
  const said = Object.fromEntries(headers);
  if (hidesType) delete said['content-type'];
  return Buffer.from(`,"headers":${JSON.stringify(said)}}\n`);
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

/** How the body is said; JSON goes through as it is. */
function payloadOf(
  { body }: Message,
  contentType: string | undefined,
): Pick<MessageText, 'before' | 'body'> {
  const media = mediaTypeOf(contentType ?? 'text/plain');
  const isText = isUnicode(media) && media.name !== 'application/octet-stream';
  if (isText && isJson(media) && isJsonText(body))
    return { before: ',"payload":', body: onOneLine(body) };
  if (body.length === 0) return { before: '', body: noBody };
  if (isText && isUtf8(body))
    return { before: `,"payload":${JSON.stringify(asBuffer(body).toString())}`, body: noBody };
  return { before: `,"payloadBase64":"${asBuffer(body).toString('base64')}"`, body: noBody };
}

/** Outside of strings, where JSON allows no line end, a blank means the same; on a stream a line is a frame. */
function onOneLine(body: Uint8Array): Uint8Array {
  if (!body.includes(lineFeed) && !body.includes(carriageReturn)) return body;
  return body.map((octet) => (octet === lineFeed || octet === carriageReturn ? space : octet));
}
