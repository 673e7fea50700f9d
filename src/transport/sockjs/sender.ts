// Requests that carry messages of a client to its session.
import type { IncomingMessage } from 'node:http';
import { readBody } from './body.js';
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
    const body = await readBody(request, maxBytes, (abort) => inbound.onEnd(abort));
    if (body === 'too-large') return tooLarge;
    if (body === 'ended' || !inbound.isOpen) return { ...unknownSession, closes: true };
    const json = sender.json(body, request.headers['content-type'] ?? '');
    if (json.length === 0) return { status: 500, text: 'Payload expected.' };
    const messages = parseMessages(json);
    if (messages === undefined) return { status: 500, text: 'Broken JSON encoding.' };
    await inbound.receive(messages);
    return inbound.isOpen ? { status: sender.status, text: sender.answer } : unknownSession;
  } finally {
    inbound.finish();
  }
}
