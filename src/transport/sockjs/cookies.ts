// The cookies of a SockJS endpoint: one for proxies, and a secret one by which a client is recognized.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Headers } from '../http-session/answer.js';

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
