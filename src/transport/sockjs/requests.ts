// Finds the page of a plain HTTP request below a SockJS endpoint, and checks its origin and its method.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LimitedLog } from '../../message/limited-log.js';
import type { ClientReader, RequestClient } from '../forwarded.js';
import { compileDestination } from '../../pattern/destination-pattern.js';
import { pathOf, splitPath, type RequestListener } from '../http-host.js';
import {
  answer,
  crossOrigin,
  preflight,
  refuseOrigin,
  type Headers,
} from '../http-session/answer.js';
import { createPageCheck, type OriginCheck } from '../origin.js';
import { cookiePath, sessionCookies } from './cookies.js';
import { pagesOf } from './page.js';
import { parseSessionPath, sessionPagesOf, type SessionPageParts } from './session-pages.js';

/** The parts that all requests of an endpoint need. */
export interface RequestParts extends SessionPageParts {
  /** Path of the endpoint, without a slash at its end; it may have variables. */
  readonly path: string;
  readonly origin: OriginCheck;
  readonly client: ClientReader;
}

/** The version in its name keeps browsers from using the cached page of another version. */
const iframeName = /^\/iframe[0-9-.a-z_]*\.html$/;

/** Returns the listener for all requests below the path. */
export function requestListener(parts: RequestParts): RequestListener {
  const { path, options, origin, allowedOrigins, client: clientOf, context, sessions } = parts;
  const { clock, logger } = context;
  const pattern = compileDestination(path);
  const pathOfCookies = cookiePath(path);
  const pages = pagesOf(options, allowedOrigins, clock, () => sessions.stopped);
  const sessionPages = sessionPagesOf(parts);
  const log = new LimitedLog(clock, logger, 'warn');
  const isAllowed = createPageCheck(origin, allowedOrigins, log);

  function identify(
    request: IncomingMessage,
    { address, secure }: RequestClient,
    headers: Headers,
    isSession: boolean,
  ): { readonly headers: Headers; readonly owner: string } {
    if (!isSession || !options.sessionCookie) return { headers, owner: `address ${address}` };
    const cookies = sessionCookies(request, pathOfCookies, secure);
    return { headers: [...headers, ...cookies.headers], owner: `cookie ${cookies.secret}` };
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    // The host passes only requests of the endpoint.
    const { base, below } = splitPath(pattern, pathOf(request.url))!;
    const client = clientOf(request);
    const isIframe = iframeName.test(below);
    // Browsers load the iframe page without an origin; `frame-ancestors` protects it.
    if (!isIframe && !isAllowed(request, client)) return refuseOrigin(response);
    const session = parseSessionPath(below);
    const page =
      session === undefined
        ? pages.get(isIframe ? '/iframe.html' : below)
        : sessionPages.get(session.transport);
    // The origin of a request for the iframe page has not been checked, and no script reads this page.
    const readers = isIframe ? [] : crossOrigin(request);
    const { headers, owner } = identify(request, client, readers, session !== undefined);
    if (page === undefined) return answer(response, 404, headers);
    const { method, hasPreflight } = page;
    // Clients choose the ids, so the same id below another path is another session.
    const id = session === undefined ? '' : `${base}/${session.id}`;
    if (request.method === method)
      return page.serve({ request, response, client, headers, id, owner });
    const methods = hasPreflight ? `OPTIONS, ${method}` : method;
    if (request.method === 'OPTIONS' && hasPreflight)
      return answer(response, 204, [...headers, ...preflight(methods, clock)]);
    answer(response, 405, [...headers, 'Allow', methods]);
  };
}
