// The URLs of SockJS sessions: requests that receive frames, and requests that carry messages.
import type { IncomingMessage } from 'node:http';
import {
  handshakeOf,
  handshakeRequest,
  type HandshakeDecision,
  type HandshakeRefusal,
} from '../handshake.js';
import { answerText, answerUnread, notCached, type Headers } from '../http-session/answer.js';
import { announcesMore, serveMessages, type MessageRequests } from '../http-session/body.js';
import {
  askAgain,
  askApplication,
  hasUser,
  isUserOf,
  newSessionRefusal,
  serveUser,
  type OpeningParts,
} from '../http-session/opening.js';
import { isChunked, whenNext } from '../http-session/response-stream.js';
import type { Sessions } from '../http-session/sessions.js';
import type { SockJsOptions } from './options.js';
import { frameAncestors, onlyUpgrades, type Page, type SockJsExchange } from './page.js';
import { Receiver, receiverKinds, type ReceiverKind } from './receiver.js';
import { senders } from './sender.js';
import { SockJsSession, type SessionParts } from './session.js';

/** The parts that all session URLs of an endpoint need. */
export interface SessionPageParts extends OpeningParts {
  readonly options: SockJsOptions;
  /** Bytes of the body of one request. */
  readonly maxBodyBytes: number;
  readonly allowedOrigins: readonly string[];
  readonly sessions: Sessions<SockJsSession>;
  /** The parts of each session. */
  readonly session: SessionParts;
}

/** The URL of a session. */
interface SessionPath {
  /** The id that the client has chosen. */
  readonly id: string;
  readonly transport: string;
}

/** Server id, session id and transport. Ids contain no dots, so that no file name is an id. */
const sessionPath = /^\/([^/.]+)\/([^/.]+)\/([a-z_]+)$/;
/** Characters of an id, which the server keeps. */
const maxIdCharacters = 256;
const callbackName = /^[a-zA-Z0-9\-_.]+$/;

/** @param path without the path of the endpoint; undefined for paths that are not those of a session */
export function parseSessionPath(path: string): SessionPath | undefined {
  const [, server, session, transport = ''] = sessionPath.exec(path) ?? [];
  const id = idOf(session);
  // The server id is only for proxies.
  return id === undefined || idOf(server) === undefined ? undefined : { id, transport };
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

/** The enabled URLs of a session, by the last part of their path. */
export function sessionPagesOf(parts: SessionPageParts): ReadonlyMap<string, Page> {
  const { transports, websocket } = parts.options;
  const pages = new Map<string, Page>();
  if (websocket) pages.set('websocket', onlyUpgrades);
  for (const name of transports) {
    const send = name === 'jsonp' ? 'jsonp_send' : 'xhr_send';
    pages.set(name, receiverPage(receiverKinds[name], parts));
    pages.set(send, senderPage(senders[send], parts));
  }
  return pages;
}

function receiverPage(kind: ReceiverKind, parts: SessionPageParts): Page {
  const { method, hasCallback } = kind;
  const own =
    kind === receiverKinds.htmlfile
      ? [...notCached, 'Content-Security-Policy', frameAncestors(parts.allowedOrigins)]
      : notCached;
  return {
    method,
    hasPreflight: method === 'POST',
    serve: (exchange) => {
      const callback = hasCallback ? callbackOf(exchange.request) : '';
      if (callback === undefined) answerText(exchange, 500, '"callback" parameter required');
      else if (hasCallback && !callbackName.test(callback))
        answerText(exchange, 500, 'invalid "callback" parameter');
      else receive(exchange, kind, callback, own, parts);
    },
  };
}

function receive(
  exchange: SockJsExchange,
  kind: ReceiverKind,
  callback: string,
  own: Headers,
  parts: SessionPageParts,
): void {
  const { request, response, client, id, owner } = exchange;
  const { maxBodyBytes, sessions, check } = parts;
  if (announcesMore(request, maxBodyBytes)) return answerUnread(exchange, 413);
  whenNext(response, () => {
    // A body has no meaning here. It is read, because otherwise the end of the connection would not be noticed.
    request.resume();
    const attach = (decision?: HandshakeDecision) =>
      attachReceiver(exchange, kind, callback, own, parts, decision);
    const known = sessions.find(id);
    const isAsked = known === undefined || (known.owner === owner && hasUser(known));
    if (check === undefined || !isAsked) return void attach();
    const handshake = handshakeRequest(request, client);
    if (known === undefined) void askApplication(exchange, handshake, check, parts, attach);
    else void askAgain(exchange, handshake, check, known.inbound, attach);
  });
}

/** Sends the frames of the session through the response. Returns the status of the answer. */
function attachReceiver(
  exchange: SockJsExchange,
  kind: ReceiverKind,
  callback: string,
  own: Headers,
  parts: SessionPageParts,
  decision: HandshakeDecision | undefined,
): number {
  const { request, response, headers } = exchange;
  const session = sessionOf(exchange, parts, decision);
  if (!(session instanceof SockJsSession)) {
    answerText(exchange, session.status, session.body);
    return session.status;
  }
  const chunked = isChunked(request);
  const { responseLimit } = parts.options;
  session.attach(
    new Receiver(
      response,
      { kind, callback, headers: [...headers, ...own], chunked, responseLimit },
      session,
    ),
  );
  return 200;
}

/** The session of this id, or a new one; the refusal, when the client may not use it or the server is full. */
function sessionOf(
  exchange: SockJsExchange,
  parts: SessionPageParts,
  decision: HandshakeDecision | undefined,
): SockJsSession | HandshakeRefusal {
  const { request, client, id, owner } = exchange;
  const { sessions, context } = parts;
  const known = sessions.find(id);
  if (known !== undefined)
    return known.owner === owner && isUserOf(known, decision) ? known : { status: 404 };
  const refusal = newSessionRefusal(exchange, parts);
  if (refusal !== undefined) return refusal;
  const session = new SockJsSession(
    id,
    owner,
    handshakeOf(request, client, decision, undefined),
    parts.session,
  );
  context.accept(session);
  return session;
}

function senderPage(
  requests: MessageRequests,
  { sessions, maxBodyBytes, check, context }: SessionPageParts,
): Page {
  return {
    method: 'POST',
    hasPreflight: true,
    serve: (exchange) => {
      const { request, client, id, owner } = exchange;
      const found = sessions.find(id);
      const session = found?.owner === owner ? found : undefined;
      const handshake = () => handshakeRequest(request, client);
      serveUser(exchange, handshake, check, session, (served) =>
        serveMessages(exchange, served?.inbound, maxBodyBytes, requests, context.clock),
      );
    },
  };
}

function callbackOf({ url = '' }: IncomingMessage): string | undefined {
  const query = url.indexOf('?');
  const callback = query < 0 ? null : new URLSearchParams(url.slice(query)).get('c');
  return callback === null || callback === '' ? undefined : callback;
}
