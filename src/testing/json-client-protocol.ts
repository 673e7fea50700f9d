// A client that speaks the JSON protocol.
import type { ClientFrame, ErrorFrame, HeartbeatPair, ServerFrame } from '../message/frame.js';
import type { Message } from '../message/message.js';
import { asBuffer } from '../payload/bytes.js';
import { isJson, mediaTypeOf } from '../payload/media-type.js';
import { noBody } from '../wire/received-bytes.js';
import type { ClientProtocol } from './client-protocol.js';

/** What the server says, as `docs/json-protocol.schema.json` has it. */
type Said =
  | {
      readonly type: 'connected';
      readonly session: string;
      readonly server: string;
      readonly heartbeat: HeartbeatPair;
      readonly user?: string;
    }
  | SaidMessage
  | { readonly type: 'receipt'; readonly id: string }
  | ({ readonly type: 'error' } & Omit<ErrorFrame, 'kind'>)
  | { readonly type: 'pong' };

interface SaidMessage {
  readonly type: 'message';
  readonly subscription: string;
  readonly id: string;
  readonly destination: string;
  readonly payload?: unknown;
  readonly payloadBase64?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ack?: string;
  readonly deliveries?: number;
  readonly retained?: boolean;
  readonly dropped?: number;
}

export function jsonClientProtocol(): ClientProtocol {
  let rest = '';
  return {
    subprotocol: 'v1.json.signalbox',
    /** As lines, which a stream needs; a message takes them as well. */
    say: (frame) =>
      Buffer.from(`${frame.kind === 'heartbeat' ? '{"type":"pong"}' : textOf(frame)}\n`),
    /** Each frame of the server's is a line, and a write of it holds whole ones. */
    hear(chunk) {
      const lines = (rest + asBuffer(chunk).toString()).split('\n');
      rest = lines.pop()!;
      return lines.map((line) => serverFrame(JSON.parse(line) as Said));
    },
  };
}

function textOf(frame: ClientFrame): string {
  switch (frame.kind) {
    case 'connect':
    case 'subscribe': {
      const { kind, headers, ...fields } = frame;
      return JSON.stringify({ type: kind, ...fields, headers: Object.fromEntries(headers) });
    }
    case 'send':
      return sendText(frame);
    default: {
      const { kind, ...fields } = frame;
      return JSON.stringify({ type: kind, ...fields });
    }
  }
}

/** A JSON body stands in the frame as it was written. */
function sendText({ message, receipt, transaction }: ClientFrame & { kind: 'send' }): string {
  const { destination, body } = message;
  const headers = Object.fromEntries(message.headers);
  const contentType = headers['content-type'];
  const media = contentType === undefined ? undefined : mediaTypeOf(contentType);
  const head = JSON.stringify({ type: 'send', destination, receipt, transaction, headers });
  if (body.length === 0) return head;
  const text = asBuffer(body).toString();
  const payload =
    media === undefined || media.name === 'application/octet-stream'
      ? `"payloadBase64":"${asBuffer(body).toString('base64')}"`
      : `"payload":${isJson(media) ? text : JSON.stringify(text)}`;
  return `${head.slice(0, -1)},${payload}}`;
}

function serverFrame(said: Said): ServerFrame | { readonly kind: 'heartbeat' } {
  switch (said.type) {
    case 'connected': {
      const { type, ...fields } = said;
      return { kind: type, ...fields };
    }
    case 'message': {
      const { subscription, id, ack, deliveries, retained, dropped } = said;
      const redelivered = deliveries === undefined ? undefined : deliveries - 1;
      return {
        kind: 'message',
        subscription,
        messageId: id,
        marks: { ack, redelivered, retained, dropped },
        message: messageOf(said),
      };
    }
    case 'receipt':
      return { kind: 'receipt', receipt: said.id };
    case 'error': {
      const { type, ...fields } = said;
      return { kind: type, ...fields };
    }
    case 'pong':
      return { kind: 'heartbeat' };
    default:
      return said satisfies never;
  }
}

/** Headers say no content type where it is the one that everybody expects. */
function messageOf({ destination, payload, payloadBase64, headers }: SaidMessage): Message {
  const said = new Map(Object.entries(headers));
  if (payloadBase64 !== undefined)
    return { destination, headers: said, body: Buffer.from(payloadBase64, 'base64') };
  if (payload === undefined) return { destination, headers: said, body: noBody };
  const contentType = said.get('content-type') ?? 'application/json';
  const body = Buffer.from(
    typeof payload === 'string' && !isJson(mediaTypeOf(contentType))
      ? payload
      : JSON.stringify(payload),
  );
  return { destination, headers: said.set('content-type', contentType), body };
}
