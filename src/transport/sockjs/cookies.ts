// The cookies of a SockJS endpoint: one for proxies, and a secret one by which a client is recognized.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Headers } from '../http-session/answer.js';

const secretName = 'signalbox-sockjs';

/**
 * The path of the cookies of an endpoint. Without the segments that have variables: the path of a cookie is not a pattern, and a value
 * from a URL could contain further attributes.
 */
export function cookiePath(path: string): string {
  const variable = path.search(/[*{]/);
  return variable < 0 ? path : path.slice(0, Math.max(path.lastIndexOf('/', variable), 1));
}

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
