// The messages in the body of an HTTP request: read up to a limit, parsed, and delivered to their session in order.
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../message/clock.js';
import type { TransportLimits } from '../transport.js';
import type { WebSocketOptions } from '../websocket.js';
import { answerText, answerUnread, type Exchange } from './answer.js';
import type { DeliveryResult, Inbound } from './inbound.js';

/** Bytes of one request with messages, by default: a client sends all waiting messages together. */
const leastBodyBytes = 1024 * 1024;

/** Milliseconds until a body over HTTP/2 must be complete. Node has such a limit, `requestTimeout`, only for HTTP/1. */
const bodyTimeout = 60_000;

/** Bytes of one message of a client, which is one part for a session that takes parts. */
export function messageLimit(
  { maxPartBytes = Infinity }: Pick<WebSocketOptions, 'maxPartBytes'>,
  { maxMessageBytes }: TransportLimits,
): number {
  return Math.min(maxMessageBytes, maxPartBytes);
}

/** Bytes of one request with messages. @param given the option; 0 for the default */
export function bodyLimit(given: number, maxMessageBytes: number): number {
  return given > 0 ? given : Math.max(leastBodyBytes, 2 * maxMessageBytes);
}

/** The end of a request with messages. */
type Result = DeliveryResult | 'empty' | Failure | 'too-many';

/** Why a body was not read: it is too large or late, the server holds too many bytes, or the client or the session has ended. */
type Failure = 'too-large' | 'full' | 'late' | 'ended';

/** Status and text of an answer. */
export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

/** How the requests of one kind carry messages. */
export interface MessageRequests {
  /** The JSON text in a body; empty when it has none. */
  json(body: Buffer, contentType: string): Uint8Array;
  readonly answers: Readonly<Record<Result, TextAnswer>>;
}

export const refusals = {
  'too-large': { status: 413, text: '' },
  late: { status: 408, text: 'The body was not complete after 60 seconds.\n' },
  'too-many': { status: 429, text: 'Too many requests of the session are in progress.\n' },
  full: { status: 429, text: 'The server holds too many bytes of this client.\n' },
  ended: { status: 404, text: '' },
} as const;

/**
 * Delivers the messages of a request, and answers it. Returns the status of the answer. It comes when the session has taken all
 * messages, which may be later while reading is paused.
 *
 * @param inbound of the session; undefined for an unknown one
 */
export async function serveMessages(
  exchange: Exchange,
  inbound: Inbound | undefined,
  maxBytes: number,
  requests: MessageRequests,
  clock: Clock,
): Promise<number> {
  const { request } = exchange;
  const { answers } = requests;
  const isTooLarge = announcesMore(request, maxBytes);
  const result = isTooLarge
    ? 'too-large'
    : inbound?.isOpen === true
      ? await receiveMessages(request, inbound, maxBytes, requests, clock)
      : 'unknown';
  const { status, text } = answers[result === 'unknown' ? 'ended' : result];
  // The body of a request to an unknown session is small, and Node reads it.
  if (request.complete || result === 'unknown') answerText(exchange, status, text);
  else answerUnread(exchange, status, text);
  return status;
}

async function receiveMessages(
  request: IncomingMessage,
  inbound: Inbound,
  maxBytes: number,
  requests: MessageRequests,
  clock: Clock,
): Promise<Result> {
  if (!inbound.begin()) return 'too-many';
  const body = new Body(request, maxBytes, inbound, clock);
  try {
    await inbound.whenReading();
    const bytes = await body.read();
    if (typeof bytes === 'string') return bytes;
    if (!inbound.isOpen) return 'ended';
    const json = requests.json(bytes, request.headers['content-type'] ?? '');
    if (json.length === 0) return 'empty';
    return await new Promise<DeliveryResult>((resolve) => inbound.receive(json, resolve));
  } finally {
    inbound.release(body.size);
    inbound.finish();
  }
}

/** The body of a request. */
class Body {
  /** Bytes that have arrived. */
  size = 0;

  constructor(
    private readonly request: IncomingMessage,
    private readonly maxBytes: number,
    private readonly inbound: Inbound,
    private readonly clock: Clock,
  ) {}

  /** Reads the body until its session ends. A body above a limit is not read further. */
  read(): Promise<Buffer | Failure> {
    const { request, inbound, clock } = this;
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      const settle = (result: Buffer | Failure): void => {
        remove();
        timer?.cancel();
        request.off('data', onData).off('end', onComplete).off('close', onClose);
        if (typeof result === 'string') request.pause();
        resolve(result);
      };
      const onData = (chunk: Buffer): void => {
        this.size += chunk.length;
        chunks.push(chunk);
        const hasRoom = inbound.hold(chunk.length);
        if (this.size > this.maxBytes) settle('too-large');
        else if (!hasRoom) settle('full');
      };
      // Over HTTP/2, Node also ends the body of a request that the client has aborted.
      const onComplete = (): void => settle(request.aborted ? 'ended' : Buffer.concat(chunks));
      const onClose = (): void => settle('ended');
      const remove = inbound.onEnd(onClose);
      const timer =
        request.httpVersionMajor > 1 ? clock.after(bodyTimeout, () => settle('late')) : undefined;
      request.on('data', onData).on('end', onComplete).on('close', onClose);
    });
  }
}

/** True when the client has announced a body above the limit. */
export function announcesMore({ headers }: IncomingMessage, maxBytes: number): boolean {
  return Number(headers['content-length'] ?? 0) > maxBytes;
}
