// Encodes server frames for JSON clients; all clients share one encoder.
import { isUtf8 } from 'node:buffer';
import { EncodedFrame } from '../../message/encoded-frame.js';
import type { DeliveryMarks, Heartbeat, MessageFrame, ServerFrame } from '../../message/frame.js';
import type { Headers, Message } from '../../message/message.js';
import { asBuffer } from '../../payload/bytes.js';
import { isJsonText } from '../../payload/json.js';
import { mediaTypeOf } from '../../payload/media-type.js';
import type { Encoder } from '../codec.js';
import { EncodedMessages, type MessageText } from '../encoded-messages.js';
import { noBody } from '../received-bytes.js';

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const space = 0x20;

export class JsonEncoder implements Encoder {
  readonly #messages = new EncodedMessages((frame) => new JsonMessageText(frame));

  encode(frame: ServerFrame | Heartbeat): EncodedFrame {
    switch (frame.kind) {
      case 'message':
        return this.#messages.encode(frame);
      case 'heartbeat':
        // An unsolicited pong requires no answer, as in WebSocket (RFC 6455 section 5.5.3).
        return encodeObject({ type: 'pong' });
      case 'receipt':
        return encodeObject({ type: 'receipt', id: frame.receipt });
      case 'connected': {
        const { session, server, heartbeat, user } = frame;
        return encodeObject({ type: 'connected', session, server, heartbeat, user });
      }
      case 'error': {
        const { code, message, detail, destination, receipt, fields, fatal } = frame;
        const type = 'error';
        return encodeObject({ type, code, message, detail, destination, receipt, fields, fatal });
      }
      default:
        return frame satisfies never;
    }
  }
}

/** One line; fields that are undefined are omitted. */
function encodeObject(frame: {
  readonly type: string;
  readonly [field: string]: unknown;
}): EncodedFrame {
  return new EncodedFrame(Buffer.from(`${JSON.stringify(frame)}\n`), false);
}

/** The end of messages without headers, which are the most frequent. */
const endWithoutHeaders = Buffer.from(',"headers":{}}\n');

class JsonMessageText implements MessageText {
  readonly before: string;
  readonly body: Uint8Array;
  readonly after: Uint8Array;
  readonly binary = false;
  readonly #id: string;

  constructor({ message, messageId }: MessageFrame) {
    const { destination, headers } = message;
    const contentType = headers.get('content-type');
    const payload = payloadOf(message, contentType);
    // JSON is the default content type of the field `payload`.
    const omitsType = payload.body !== noBody && contentType === 'application/json';
    this.before = `,"destination":${JSON.stringify(destination)}${payload.before}`;
    this.body = payload.body;
    this.after = omitsType && headers.size === 1 ? endWithoutHeaders : endOf(headers, omitsType);
    this.#id = JSON.stringify(messageId);
  }

  head(subscription: string, marks: DeliveryMarks | undefined): string {
    return `{"type":"message","subscription":${JSON.stringify(subscription)},"id":${this.#id}${markFields(marks)}`;
  }
}

function endOf(headers: Headers, omitsType: boolean): Uint8Array {
  const fields = Object.fromEntries(headers);
  if (omitsType) delete fields['content-type'];
  return Buffer.from(`,"headers":${JSON.stringify(fields)}}\n`);
}

function markFields(marks: DeliveryMarks | undefined): string {
  if (marks === undefined) return '';
  const { ack, redelivered, retained, dropped } = marks;
  return (
    (ack === undefined ? '' : `,"ack":${JSON.stringify(ack)}`) +
    (redelivered === undefined ? '' : `,"deliveries":${redelivered + 1}`) +
    (retained === true ? ',"retained":true' : '') +
    (dropped === undefined ? '' : `,"dropped":${dropped}`)
  );
}

/** The payload field. A JSON body is copied unchanged; other bodies become a string or base64. */
function payloadOf(
  { body }: Message,
  contentType: string | undefined,
): Pick<MessageText, 'before' | 'body'> {
  const media = mediaTypeOf(contentType ?? 'text/plain');
  const isText = media.unicode && media.name !== 'application/octet-stream';
  if (isText && media.json && isJsonText(body))
    return { before: ',"payload":', body: onOneLine(body) };
  if (body.length === 0) return { before: '', body: noBody };
  if (isText && isUtf8(body))
    return { before: `,"payload":${JSON.stringify(asBuffer(body).toString())}`, body: noBody };
  return { before: `,"payloadBase64":"${asBuffer(body).toString('base64')}"`, body: noBody };
}

/** On a byte stream a line is a frame. JSON has line ends only between tokens, where a space has the same meaning. */
function onOneLine(body: Uint8Array): Uint8Array {
  if (!body.includes(lineFeed) && !body.includes(carriageReturn)) return body;
  return body.map((byte) => (byte === lineFeed || byte === carriageReturn ? space : byte));
}
