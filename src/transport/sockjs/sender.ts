// Requests that carry messages of a client to its session: their bodies up to a limit, their syntax, and their answers.
import type { IncomingMessage } from 'node:http';
import { parseMessages } from './frame.js';
import type { Inbound } from './inbound.js';

/** How one transport carries messages. */
export interface Sender {
  /** The JSON text in a body; empty when it has none. */
  json(body: Buffer, contentType: string): Uint8Array;
  readonly status: number;
  readonly answer: string;
}

const form = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;

export const senders: Readonly<Record<'xhr_send' | 'jsonp_send', Sender>> = {
  xhr_send: { json: (body) => body, status: 204, answer: '' },
  jsonp_send: {
    json: (body, contentType) =>
      form.test(contentType)
        ? Buffer.from(new URLSearchParams(body.toString()).get('d') ?? '')
        : body,
    // Some browsers cannot handle 204 in an iframe.
    status: 200,
    answer: 'ok',
  },
};

/** The status and the text of an answer. `closes` is true when the request is not read to its end. */
export interface SendResult {
  readonly status: number;
  readonly text: string;
  readonly closes?: true;
}

const unknownSession: SendResult = { status: 404, text: '' };
const tooLarge: SendResult = { status: 413, text: '', closes: true };
const tooMany: SendResult = {
  status: 429,
  text: 'Too many requests of the session are in progress.\n',
  closes: true,
};

/** Delivers the messages of a request. Resolves when the session has taken them all, which may be later while reading is paused. */
export async function receiveMessages(
  request: IncomingMessage,
  sender: Sender,
  inbound: Inbound,
  maxBytes: number,
): Promise<SendResult> {
  if (!inbound.begin()) return tooMany;
  try {
    await inbound.whenReading();
    const body = await readBody(request, maxBytes, inbound);
    if (body === 'too-large') return tooLarge;
    if (body === 'ended' || !inbound.isOpen) return { ...unknownSession, closes: true };
    const json = sender.json(body, request.headers['content-type'] ?? '');
    if (json.length === 0) return { status: 500, text: 'Payload expected.' };
    const messages = parseMessages(json);
    if (messages === undefined) return { status: 500, text: 'Broken JSON encoding.' };
    const all = await inbound.receive(messages);
    return all ? { status: sender.status, text: sender.answer } : unknownSession;
  } finally {
    inbound.finish();
  }
}

/** The reason why a body was not read: it is too large, or the client or the session has ended. */
type BodyFailure = 'too-large' | 'ended';

/** Reads the body of a request until its session ends. A body above the limit is not read further. */
function readBody(
  request: IncomingMessage,
  maxBytes: number,
  inbound: Inbound,
): Promise<Buffer | BodyFailure> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (result: Buffer | BodyFailure): void => {
      remove();
      request.off('data', onData).off('end', onComplete).off('close', onClose);
      if (result === 'too-large') request.pause();
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) settle('too-large');
    };
    const onComplete = (): void => settle(Buffer.concat(chunks));
    const onClose = (): void => settle('ended');
    const remove = inbound.onEnd(onClose);
    request.on('data', onData).on('end', onComplete).on('close', onClose);
  });
}

/** True when the client has announced a body above the limit. */
export function announcesMore({ headers }: IncomingMessage, maxBytes: number): boolean {
  return Number(headers['content-length'] ?? 0) > maxBytes;
}
