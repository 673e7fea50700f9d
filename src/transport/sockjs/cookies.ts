// The cookies of a SockJS endpoint: one for proxies, and a secret one by which a client is recognized.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Headers } from '../http-session/answer.js';

const secretName = 'signalbox-sockjs';
/** Browsers accept a cookie with this prefix only from the host itself, over HTTPS. So no sibling domain can choose the secret. */
const securePrefix = '__Host-';
/** 16 random bytes in base64url. Another value is not of this server. */
const secretPattern = /^[\w-]{22}$/;

/**
 * The path of the secret cookie of an endpoint over plain HTTP. It ends before the first segment with a variable: the path of a cookie
 * is not a pattern, and a value from a URL could contain further attributes.
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
  const name = secure ? `${securePrefix}${secretName}` : secretName;
  const known = cookieOf(cookie, name);
  const cookies = ['Set-Cookie', `JSESSIONID=${proxied}; path=/`];
  if (known !== undefined && secretPattern.test(known)) return { headers: cookies, secret: known };
  const secret = randomBytes(16).toString('base64url');
  // The prefix needs the path `/`. Pages of other sites send the cookie only with `SameSite=None`, which needs HTTPS.
  const attributes = secure
    ? 'Path=/; HttpOnly; SameSite=None; Secure'
    : `Path=${path}; HttpOnly; SameSite=Lax`;
  cookies.push('Set-Cookie', `${name}=${secret}; ${attributes}`);
  return { headers: cookies, secret };
}

function cookieOf(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined && value !== '') return value;
  }
  return undefined;
}
