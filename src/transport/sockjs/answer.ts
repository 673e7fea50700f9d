// The HTTP answers of SockJS: caching, CORS, cookies, and answers that end at once.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../message/clock.js';
import { asBuffer } from '../../payload/bytes.js';
import { hasBody } from '../http-host.js';

/** Names and values of headers in turn, as Node takes and keeps them; objects would be copied for each answer. */
export type Headers = readonly string[];

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

/** The headers of the answer to a preflight. */
export function preflight(method: string, clock: Clock): Headers {
  return [
    ...cached(clock),
    'Access-Control-Allow-Methods',
    `OPTIONS, ${method}`,
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
  response.writeHead(status, all);
  // Node joins the headers with a string, but takes a second write for bytes.
  if (typeof body === 'string') response.end(body);
  else response.end(asBuffer(body).toString('latin1'), 'latin1');
}

/** The `ETag` of a file. */
export function etagOf(content: string | Uint8Array): string {
  return `"${createHash('sha256').update(content).digest('base64url')}"`;
}

/** Refuses a page of another origin. */
export function refuseOrigin(response: ServerResponse): void {
  answer(response, 403, varies);
}

const secretName = 'signalbox-sockjs';

/** The cookies of an endpoint, and the secret in them, by which a client is recognized. */
export function sessionCookies(
  { headers: { cookie = '' } }: IncomingMessage,
  path: string,
  secure: boolean,
): { readonly headers: Headers; readonly secret: string } {
  const proxied = cookieOf(cookie, 'JSESSIONID') ?? 'dummy';
  const known = cookieOf(cookie, secretName);
  const secret = known ?? randomBytes(16).toString('base64url');
  // Pages of other sites send the cookie only with these attributes, which need HTTPS.
  const site = secure ? 'SameSite=None; Secure' : 'SameSite=Lax';
  const cookies = ['Set-Cookie', `JSESSIONID=${proxied}; path=/`];
  if (known === undefined)
    cookies.push('Set-Cookie', `${secretName}=${secret}; Path=${path}; HttpOnly; ${site}`);
  return { headers: cookies, secret };
}

function cookieOf(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined && value !== '') return value;
  }
  return undefined;
}
