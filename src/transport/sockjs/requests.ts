// Answers the plain HTTP requests of a SockJS endpoint: its pages, and the requests of sessions.
import { randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorCodes } from '../../message/error.js';
import { LimitedLog } from '../../message/logger.js';
import type { ClientReader, RequestClient } from '../forwarded.js';
import { pathOf } from '../http-host.js';
import { refusedOrigin, type OriginCheck } from '../origin.js';
import type { Handshake, TransportContext } from '../transport.js';
import {
  answer,
  answerFile,
  cached,
  crossOrigin,
  notCached,
  plainText,
  preflight,
  sessionCookies,
} from './answer.js';
import { announcesMore } from './body.js';
import { frameAncestors, iframePage, installedLibrary } from './iframe.js';
import { httpTransports, type SockJsHttpTransport, type SockJsOptions } from './options.js';
import { Receiver, receiverKinds, type Headers, type ReceiverKind } from './receiver.js';
import { receiveMessages, senders, type Sender } from './sender.js';
import type { Sessions } from './sessions.js';
import type { SockJsSession } from './session.js';

/** The parts that all requests of an endpoint need. */
export interface RequestParts {
  /** Path of the endpoint, without a slash at its end. */
  readonly path: string;
  readonly options: SockJsOptions;
  readonly maxBodyBytes: number;
  readonly origin: OriginCheck;
  readonly allowedOrigins: readonly string[];
  readonly client: ClientReader;
  readonly context: TransportContext;
  readonly sessions: Sessions;
}

/** One request, and what is known about it. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly client: RequestClient;
  /** The headers of each answer. */
  readonly headers: Headers;
  /** Identifies the client that a session belongs to. */
  readonly owner: string;
}

/** One URL of the endpoint. */
interface Page {
  readonly method: 'GET' | 'POST';
  /** True when pages of other origins send a preflight before it. */
  readonly hasPreflight?: true;
  readonly serve: (exchange: Exchange) => void;
}

/** The URL of a session. */
interface SessionPath {
  /** The id that the client has chosen. */
  readonly id: string;
  readonly transport: string;
}

const iframeName = /^\/iframe[0-9-.a-z_]*\.html$/;
const libraryName = '/sockjs.min.js';
/** Server id, session id and transport. Ids contain no dots, so that no file name is an id. */
const sessionPath = /^\/([^/.]+)\/([^/.]+)\/([a-z_]+)$/;
/** Characters of an id, which the server keeps. */
const maxIdCharacters = 256;
const callbackName = /^[a-zA-Z0-9\-_.]+$/;

/** @param path without the path of the endpoint; undefined for paths that are not those of a session */
export function parseSessionPath(path: string): SessionPath | undefined {
  const [, server, session, transport] = sessionPath.exec(path) ?? [];
  const id = idOf(session);
  // The server id is only for proxies.
  return id === undefined || idOf(server) === undefined ? undefined : { id, transport: transport! };
}

/** Undefined for a malformed id, and for one with an encoded dot or slash, which a proxy may decode. */
function idOf(encoded: string | undefined): string | undefined {
  if (encoded === undefined) return undefined;
  try {
    const id = decodeURIComponent(encoded);
    return /[/.]/.test(id) || id.length > maxIdCharacters ? undefined : id;
  } catch {
    return undefined;
  }
}

export class SockJsRequests {
  readonly #refusedOrigins: LimitedLog;
  readonly #library: Uint8Array | undefined;
  readonly #iframe: string | undefined;
  readonly #anyOrigin: boolean;
  readonly #frameAncestors: Headers;

  constructor(private readonly parts: RequestParts) {
    const { allowedOrigins, context, options, path } = parts;
    this.#refusedOrigins = new LimitedLog(context.clock, context.logger, 'warn');
    this.#anyOrigin = allowedOrigins.includes('*');
    this.#frameAncestors = { 'Content-Security-Policy': frameAncestors(allowedOrigins) };
    if (options.clientLibrary !== '') this.#iframe = iframePage(options.clientLibrary);
    else {
      this.#library = installedLibrary();
      if (this.#library !== undefined) this.#iframe = iframePage(`${path}${libraryName}`);
    }
  }

  /** Answers one request of the endpoint. */
  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    const path = pathOf(request.url).slice(this.parts.path.length);
    const client = this.parts.client(request);
    const isIframe = iframeName.test(path);
    // The browser loads the iframe page without an origin; `frame-ancestors` protects it.
    if (!isIframe && !this.#isAllowed(request, client))
      return answer(response, 403, { Vary: 'Origin' });
    const session = parseSessionPath(path);
    const page = session === undefined ? this.#pageOf(path, isIframe) : this.#sessionPage(session);
    const { headers, owner } = this.#identify(request, client, session !== undefined);
    if (page === undefined) return answer(response, 404, headers);
    const { method, hasPreflight } = page;
    if (request.method === method) return page.serve({ request, response, client, headers, owner });
    if (request.method === 'OPTIONS' && hasPreflight)
      return answer(response, 204, { ...headers, ...preflight(method, this.parts.context.clock) });
    answer(response, 405, { ...headers, Allow: hasPreflight ? `OPTIONS, ${method}` : method });
  };

  /** A page of another site whose origin the browser does not send, as for a script element, is allowed only where all origins are. */
  #isAllowed({ headers }: IncomingMessage, { host, scheme }: RequestClient): boolean {
    const { origin, 'sec-fetch-site': site = 'none' } = headers;
    const isForeign = origin === undefined && site !== 'none' && site !== 'same-origin';
    if (isForeign ? this.#anyOrigin : this.parts.origin({ origin, host, scheme })) return true;
    this.#refusedOrigins.write(refusedOrigin(origin ?? `${site}`));
    return false;
  }

  #identify(
    request: IncomingMessage,
    { address, secure }: RequestClient,
    isSession: boolean,
  ): Pick<Exchange, 'headers' | 'owner'> {
    const headers = crossOrigin(request);
    const { options, path } = this.parts;
    if (!isSession || !options.sessionCookie) return { headers, owner: `address ${address}` };
    const cookies = sessionCookies(request, path, secure);
    return { headers: { ...headers, ...cookies.headers }, owner: `cookie ${cookies.secret}` };
  }

  #pageOf(path: string, isIframe: boolean): Page | undefined {
    if (isIframe) return this.#iframe === undefined ? undefined : this.#iframePage(this.#iframe);
    if (path === '' || path === '/') return greeting;
    if (path === '/info') return this.#info;
    if (path === '/websocket') return this.parts.options.websocket ? onlyUpgrades : undefined;
    if (path === libraryName && this.#library !== undefined)
      return this.#libraryPage(this.#library);
    return undefined;
  }

  #sessionPage({ id, transport }: SessionPath): Page | undefined {
    const { options } = this.parts;
    if (transport === 'websocket') return options.websocket ? onlyUpgrades : undefined;
    const enabled = new Set<string>(options.transports);
    if (isReceiver(transport))
      return enabled.has(transport) ? this.#receiverPage(id, receiverKinds[transport]) : undefined;
    const isJsonp = transport === 'jsonp_send';
    if (isJsonp ? !enabled.has('jsonp') : transport !== 'xhr_send') return undefined;
    return this.#senderPage(id, senders[isJsonp ? 'jsonp_send' : 'xhr_send']);
  }

  readonly #info: Page = {
    method: 'GET',
    hasPreflight: true,
    serve: ({ response, headers }) => {
      const { websocket, sessionCookie } = this.parts.options;
      const entropy = randomInt(2 ** 32);
      answer(
        response,
        200,
        { ...headers, ...notCached, 'Content-Type': 'application/json;charset=UTF-8' },
        JSON.stringify({ websocket, origins: ['*:*'], cookie_needed: sessionCookie, entropy }),
      );
    },
  };

  #iframePage(page: string): Page {
    const { clock } = this.parts.context;
    return {
      method: 'GET',
      serve: ({ request, response, headers }) =>
        answerFile(
          request,
          response,
          {
            ...headers,
            ...cached(clock),
            ...this.#frameAncestors,
            'Content-Type': 'text/html;charset=UTF-8',
          },
          page,
        ),
    };
  }

  #libraryPage(library: Uint8Array): Page {
    const { clock } = this.parts.context;
    return {
      method: 'GET',
      serve: ({ request, response, headers }) =>
        answerFile(
          request,
          response,
          { ...headers, ...cached(clock), 'Content-Type': 'application/javascript;charset=UTF-8' },
          library,
        ),
    };
  }

  #receiverPage(id: string, kind: ReceiverKind): Page {
    const page: Page = {
      method: kind.method,
      serve: (exchange) => {
        const callback = kind.hasCallback ? callbackOf(exchange.request) : '';
        if (callback === undefined) answerText(exchange, 500, '"callback" parameter required');
        else if (kind.hasCallback && !callbackName.test(callback))
          answerText(exchange, 500, 'invalid "callback" parameter');
        else this.#receive(id, kind, callback, exchange);
      },
    };
    return kind.method === 'POST' ? { ...page, hasPreflight: true } : page;
  }

  #receive(id: string, kind: ReceiverKind, callback: string, exchange: Exchange): void {
    const { request, response, headers } = exchange;
    const { maxBodyBytes, options } = this.parts;
    if (announcesMore(request, maxBodyBytes)) return refuseBody(exchange, 413);
    // Behind pipelined requests, the response cannot be written yet. It may never be: then no session must wait for it.
    if (response.socket === null)
      return void response.once('socket', () => this.#receive(id, kind, callback, exchange));
    const session = this.#sessionFor(id, exchange);
    if (session === undefined) return;
    // A body has no meaning here. It is read, because otherwise the end of the connection would not be noticed.
    request.resume();
    const framed = kind.method === 'GET' && kind.hasCallback && kind.streams;
    session.attach(
      new Receiver(
        response,
        kind,
        callback,
        { ...headers, ...notCached, ...(framed ? this.#frameAncestors : {}) },
        request.httpVersionMinor > 0,
        options.responseLimit,
        session,
      ),
    );
  }

  /** The session of this id, or a new one. Undefined when the request is answered, because the client may not use it or the server is full. */
  #sessionFor(id: string, exchange: Exchange): SockJsSession | undefined {
    const { request, response, client, headers, owner } = exchange;
    const { sessions, context } = this.parts;
    const known = sessions.find(id);
    if (known?.owner === owner) return known;
    if (known !== undefined) return void answer(response, 404, headers);
    if (sessions.stopped) return void answer(response, 503, headers);
    const refusal = context.gate.refusal(client.address);
    if (refusal !== undefined) {
      const status = refusal.excess === 'share' ? 429 : 503;
      return void answer(response, status, headers, errorCodes[refusal.code].text);
    }
    const session = sessions.begin(id, owner, handshakeOf(request, client));
    context.accept(session);
    return session;
  }

  #senderPage(id: string, sender: Sender): Page {
    return {
      method: 'POST',
      hasPreflight: true,
      serve: (exchange) => void this.#send(id, sender, exchange),
    };
  }

  async #send(id: string, sender: Sender, exchange: Exchange): Promise<void> {
    const { request, owner } = exchange;
    const session = this.parts.sessions.find(id);
    if (session?.owner !== owner || !session.isOpen) return refuseBody(exchange, 404);
    const { maxBodyBytes } = this.parts;
    const { status, text, closes } = await receiveMessages(
      request,
      sender,
      session.inbound,
      maxBodyBytes,
    );
    if (closes === true) refuseBody(exchange, status, text);
    else answerText(exchange, status, text);
  }
}

const greeting: Page = {
  method: 'GET',
  serve: ({ response, headers }) => answer(response, 200, headers, 'Welcome to SockJS!\n'),
};

/** A WebSocket without the headers of an upgrade. */
const onlyUpgrades: Page = {
  method: 'GET',
  serve: ({ request, response, headers }) => {
    const isWebSocket = /^websocket$/i.test(request.headers.upgrade ?? '');
    const text = isWebSocket
      ? '"Connection" must be "Upgrade".'
      : 'Can "Upgrade" only to "WebSocket".';
    answer(response, 400, headers, text);
  },
};

function isReceiver(transport: string): transport is SockJsHttpTransport {
  return (httpTransports as readonly string[]).includes(transport);
}

function callbackOf({ url = '' }: IncomingMessage): string | undefined {
  const query = url.indexOf('?');
  const callback = query < 0 ? null : new URLSearchParams(url.slice(query)).get('c');
  return callback === null || callback === '' ? undefined : callback;
}

function answerText({ response, headers }: Exchange, status: number, text: string): void {
  answer(response, status, { ...headers, ...notCached, 'Content-Type': plainText }, text);
}

/** Answers without reading the body of the request, and closes the connection. */
function refuseBody({ response, headers }: Exchange, status: number, text = ''): void {
  answer(response, status, { ...headers, Connection: 'close' }, text);
}

function handshakeOf(
  { url = '/', headers }: IncomingMessage,
  { address, secure }: RequestClient,
): Handshake {
  const copied = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) copied.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return {
    url,
    headers: copied,
    remoteAddress: address,
    subprotocol: undefined,
    secure,
    principal: undefined,
  };
}
