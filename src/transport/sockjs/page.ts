// One URL of a SockJS endpoint, and the pages that belong to no session: greeting, info, iframe and client library.
import { createHash, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Clock } from '../../message/clock.js';
import { errorCodes } from '../../message/error.js';
import {
  answer,
  cached,
  notCached,
  plainText,
  type Exchange,
  type Headers,
} from '../http-session/answer.js';
import type { SockJsOptions } from './options.js';

/** One request with the session that it names. */
export interface SockJsExchange extends Exchange {
  /** The path of the endpoint and the id that the client has chosen; empty for pages that belong to no session. */
  readonly id: string;
  /** Identifies the client that a session belongs to. */
  readonly owner: string;
}

/** One URL. */
export interface Page {
  readonly method: 'GET' | 'POST';
  /** True when pages of other origins send a preflight before it. */
  readonly hasPreflight: boolean;
  readonly serve: (exchange: SockJsExchange) => void;
}

/** A page that is read with GET. */
const reading = (serve: Page['serve']): Page => ({ method: 'GET', hasPreflight: false, serve });

const greeting = reading(({ response, headers }) =>
  answer(response, 200, headers, plainText, 'Welcome to SockJS!\n'),
);

/** The answer to requests for a WebSocket that are not a proper upgrade. */
export const onlyUpgrades: Page = reading(({ request, response, headers }) => {
  const isWebSocket = /^websocket$/i.test(request.headers.upgrade ?? '');
  const text = isWebSocket
    ? '"Connection" must be "Upgrade".'
    : 'Can "Upgrade" only to "WebSocket".';
  answer(response, 400, headers, plainText, text);
});

const libraryName = 'sockjs.min.js';
const javaScript = 'application/javascript;charset=UTF-8';
const html = 'text/html;charset=UTF-8';

/**
 * The pages of an endpoint that belong to no session, by their paths below the endpoint. The iframe page has the path `/iframe.html`.
 *
 * @param isStopped true when no session may begin
 */
export function pagesOf(
  options: SockJsOptions,
  allowedOrigins: readonly string[],
  clock: Clock,
  isStopped: () => boolean,
): ReadonlyMap<string, Page> {
  const pages = new Map([
    ['', greeting],
    ['/', greeting],
    ['/info', infoPage(options, isStopped)],
  ]);
  if (options.websocket) pages.set('/websocket', onlyUpgrades);
  const library = options.clientLibrary === '' ? installedLibrary() : undefined;
  if (library !== undefined) pages.set(`/${libraryName}`, filePage(clock, [], javaScript, library));
  // Relative to the page, because the path of the endpoint may have variables.
  const url = library === undefined ? options.clientLibrary : libraryName;
  const policy = ['Content-Security-Policy', frameAncestors(allowedOrigins)];
  if (url !== '') pages.set('/iframe.html', filePage(clock, policy, html, iframeHtml(url)));
  return pages;
}

/** Clients request it before each connection, and proxies to check the server. */
function infoPage({ websocket, sessionCookie }: SockJsOptions, isStopped: () => boolean): Page {
  return {
    method: 'GET',
    hasPreflight: true,
    serve: ({ response, headers }) => {
      const all = [...headers, ...notCached];
      if (isStopped())
        return answer(response, 503, all, plainText, errorCodes['server-stopping'].text);
      const info = {
        websocket,
        origins: ['*:*'],
        cookie_needed: sessionCookie,
        entropy: randomInt(2 ** 32),
      };
      answer(response, 200, all, 'application/json;charset=UTF-8', JSON.stringify(info));
    },
  };
}

/** A page that browsers keep, and ask for again by its `ETag`. */
function filePage(clock: Clock, own: Headers, type: string, content: string | Uint8Array): Page {
  const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  return reading(({ request, response, headers }) => {
    const all = [...headers, ...cached(clock), ...own, 'ETag', etag];
    if (request.headers['if-none-match'] === etag) answer(response, 304, all);
    else answer(response, 200, all, type, content);
  });
}

/** The client library of the package `sockjs-client`; undefined when the application has not installed it. */
function installedLibrary(): Uint8Array | undefined {
  try {
    const { resolve } = createRequire(join(process.cwd(), 'package.json'));
    return readFileSync(resolve('sockjs-client/dist/sockjs.min.js'));
  } catch {
    return undefined;
  }
}

/** The page that old browsers load in an iframe, to reach the server from a page of another origin. */
function iframeHtml(library: string): string {
  return `<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${library}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>`;
}

/** The directive that lets pages of the own origin and of the allowed ones show a page in an iframe. */
export function frameAncestors(allowedOrigins: readonly string[]): string {
  return `frame-ancestors ${["'self'", ...allowedOrigins.flatMap(hostSources)].join(' ')}`;
}

/**
 * An entry of `allowedOrigins` as host sources, which have one port each, and `*` only as their first label. None for an entry that
 * they cannot express.
 *
 * @see Content Security Policy level 3, section 2.3.1
 */
function hostSources(origin: string): readonly string[] {
  if (origin === '*') return ['*'];
  const [, place = '', ports] = /^(.*?)(?::\[([\d,*]+)\])?\/?$/.exec(origin) ?? [];
  if (/.\*|\*[^.:]/.test(place.replace(/^[^:]*:\/\//, ''))) return [];
  return ports === undefined ? [place] : ports.split(',').map((port) => `${place}:${port}`);
}
