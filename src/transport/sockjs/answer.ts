// The HTTP answers of SockJS: caching, CORS, cookies, and answers that end at once.
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../message/clock.js';

/** Headers of a response. */
export type Headers = Readonly<Record<string, string | string[]>>;

export const plainText = 'text/plain;charset=UTF-8';

export const notCached: Headers = {
  'Cache-Control': 'no-store, no-cache, no-transform, must-revalidate, max-age=0',
};

const secondsOfYear = 31_536_000;

export function cached(clock: Clock): Headers {
  return {
    'Cache-Control': `public, max-age=${secondsOfYear}`,
    Expires: new Date(clock.date() + secondsOfYear * 1000).toUTCString(),
  };
}

/** The headers that let pages of an allowed origin read the answer. */
export function crossOrigin({ headers }: IncomingMessage): Headers {
  const { origin, 'access-control-request-headers': requested } = headers;
  return {
    ...(origin === undefined
      ? { 'Access-Control-Allow-Origin': '*' }
      : {
          'Access-Control-Allow-Origin': origin,
          'Access-Control-Allow-Credentials': 'true',
        }),
    ...(requested === undefined || requested === ''
      ? {}
      : { 'Access-Control-Allow-Headers': requested }),
    Vary: 'Origin',
  };
}

/** The answer to a preflight. */
export function preflight(method: string, clock: Clock): Headers {
  return {
    ...cached(clock),
    'Access-Control-Allow-Methods': `OPTIONS, ${method}`,
    'Access-Control-Max-Age': `${secondsOfYear}`,
  };
}

/** Answers a request completely. A text has the content type of plain text unless the headers name another one. */
export function answer(
  response: ServerResponse,
  status: number,
  headers: Headers,
  body: string | Uint8Array = '',
): void {
  const hasBody = body.length > 0;
  response.writeHead(status, {
    ...(hasBody ? { 'Content-Type': plainText } : {}),
    ...headers,
    // RFC 9110 section 8.6: none in a 204 and a 304.
    ...(status === 204 || status === 304 ? {} : { 'Content-Length': Buffer.byteLength(body) }),
  });
  response.end(body);
}

/** Answers with a cached file, or with 304 when the client has it. */
export function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Headers,
  body: string | Uint8Array,
): void {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const { 'Content-Type': contentType, ...others } = { ...headers, ETag: etag } as Headers;
  if (request.headers['if-none-match'] === etag) answer(response, 304, others);
  else answer(response, 200, { ...others, 'Content-Type': contentType! }, body);
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
  const cookies = [`JSESSIONID=${proxied}; path=/`];
  if (known === undefined) cookies.push(`${secretName}=${secret}; Path=${path}; HttpOnly; ${site}`);
  return { headers: { 'Set-Cookie': cookies }, secret };
}

function cookieOf(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined && value !== '') return value;
  }
  return undefined;
}
