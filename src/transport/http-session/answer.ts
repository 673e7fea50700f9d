// The HTTP answers of sessions over HTTP: caching, CORS, and answers that end at once, over HTTP/1 and HTTP/2.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Clock } from '../../message/clock.js';
import { asBuffer } from '../../payload/bytes.js';
import type { RequestClient } from '../forwarded.js';
import { hasBody } from '../http-host.js';

/** Names and values of headers in turn, as Node takes and keeps them; objects would be copied for each answer. */
export type Headers = readonly string[];

/** One request with the facts about its client. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly client: RequestClient;
  /** Headers of each answer. */
  readonly headers: Headers;
}

export const plainText = 'text/plain;charset=UTF-8';

export const notCached: Headers = [
  'Cache-Control',
  'no-store, no-cache, no-transform, must-revalidate, max-age=0',
];

const secondsOfYear = 31_536_000;

export function cached(clock: Clock): Headers {
  const expires = new Date(clock.date() + secondsOfYear * 1000).toUTCString();
  return ['Cache-Control', `public, max-age=${secondsOfYear}`, 'Expires', expires];
}

const varies: Headers = ['Vary', 'Origin'];
const anyOrigin: Headers = ['Access-Control-Allow-Origin', '*', ...varies];

/** The headers that let pages of an allowed origin read the answer. */
export function crossOrigin({ headers }: IncomingMessage): Headers {
  const { origin, 'access-control-request-headers': requested } = headers;
  const own =
    origin === undefined
      ? anyOrigin
      : [
          'Access-Control-Allow-Origin',
          origin,
          'Access-Control-Allow-Credentials',
          'true',
          ...varies,
        ];
  return requested === undefined || requested === ''
    ? own
    : [...own, 'Access-Control-Allow-Headers', requested];
}

/**
 * The headers of the answer to a preflight.
 *
 * @param methods the methods of the URL, separated by commas
 */
export function preflight(methods: string, clock: Clock): Headers {
  return [
    ...cached(clock),
    'Access-Control-Allow-Methods',
    methods,
    'Access-Control-Max-Age',
    `${secondsOfYear}`,
  ];
}

/** Answers a request completely. */
export function answer(
  response: ServerResponse,
  status: number,
  headers: Headers,
  type?: string,
  body: string | Uint8Array = '',
): void {
  const all = [...headers];
  if (type !== undefined) all.push('Content-Type', type);
  if (hasBody(status)) all.push('Content-Length', `${Buffer.byteLength(body)}`);
  writeHead(response, status, all);
  // Node joins the headers with a string, but takes a second write for bytes.
  if (typeof body === 'string') response.end(body);
  else response.end(asBuffer(body).toString('latin1'), 'latin1');
}

/** Answers a request with a text that must not be cached. */
export function answerText({ response, headers }: Exchange, status: number, text = ''): void {
  answer(response, status, [...headers, ...notCached], plainText, text);
}

/** Answers without reading the rest of the request: closes the connection of HTTP/1, or the stream of HTTP/2. */
export function answerUnread({ response, headers }: Exchange, status: number, text = ''): void {
  const type = text === '' ? undefined : plainText;
  const stream = http2StreamOf(response);
  const closes = stream === undefined ? ['Connection', 'close'] : [];
  answer(response, status, [...headers, ...notCached, ...closes], type, text);
  // RFC 9113 section 8.1: NO_ERROR after a complete answer ends the upload.
  stream?.close();
}

/** Refuses a page of another origin. */
export function refuseOrigin(response: ServerResponse): void {
  answer(response, 403, varies);
}

/** Writes the status and the headers. Over HTTP/2, Node keeps only the last header of a name, so several values become a list. */
export function writeHead(response: ServerResponse, status: number, headers: Headers): void {
  if (http2StreamOf(response) === undefined) return void response.writeHead(status, [...headers]);
  const values = new Map<string, string[]>();
  for (let i = 0; i < headers.length; i += 2) {
    const [name, value] = [headers[i]!.toLowerCase(), headers[i + 1]!];
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  response.writeHead(status, Object.fromEntries(values));
}

/** The stream of a response over HTTP/2; undefined for HTTP/1. Node passes both kinds to the listeners of a server. */
export function http2StreamOf(response: ServerResponse): ServerHttp2Stream | undefined {
  return 'stream' in response ? (response.stream as ServerHttp2Stream) : undefined;
}

/** True when the client has left before the answer. */
export function hasLeft(response: ServerResponse): boolean {
  return http2StreamOf(response)?.destroyed ?? response.destroyed;
}
