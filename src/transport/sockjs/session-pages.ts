// The URLs of SockJS sessions: requests that receive frames, and requests that carry messages.
import type { IncomingMessage } from 'node:http';
import { errorCodes } from '../../message/error.js';
import {
  factsOf,
  handshakeRequest,
  type HandshakeCheck,
  type HandshakeDecision,
} from '../handshake.js';
import type { TransportContext } from '../transport.js';
import { answer, notCached, plainText, type Headers } from './answer.js';
import { announcesMore } from './body.js';
import type { SockJsOptions } from './options.js';
import { frameAncestors, onlyUpgrades, type Exchange, type Page } from './page.js';
import { Receiver, receiverKinds, type ReceiverKind } from './receiver.js';
import { receiveMessages, senders, type Sender } from './sender.js';
import { SockJsSession } from './session.js';
import type { Sessions } from './sessions.js';

/** The parts that all session URLs of an endpoint need. */
export interface SessionPageParts {
  readonly options: SockJsOptions;
  /** Bytes of the body of one request. */
  readonly maxBodyBytes: number;
  readonly allowedOrigins: readonly string[];
  /** Asks the application before a session begins. */
  readonly check: HandshakeCheck | undefined;
  readonly gate: TransportContext['gate'];
  readonly accept: TransportContext['accept'];
  readonly sessions: Sessions;
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
  exchange: Exchange,
  kind: ReceiverKind,
  callback: string,
  own: Headers,
  parts: SessionPageParts,
): void {
  const { request, response, id } = exchange;
  const { maxBodyBytes, sessions, check } = parts;
  if (announcesMore(request, maxBodyBytes)) return refuseBody(exchange, 413);
  if (response.socket === null) {
    // Behind pipelined requests. Their connection may end before this response can be written, so no session waits for it.
    response.once('socket', () => receive(exchange, kind, callback, own, parts));
    return;
  }
  // A body has no meaning here. It is read, because otherwise the end of the connection would not be noticed.
  request.resume();
  const attach = (decision?: HandshakeDecision) =>
    attachReceiver(exchange, kind, callback, own, parts, decision);
  if (check === undefined || sessions.find(id) !== undefined) attach();
  else void decide(exchange, check, parts, attach);
}

/** Asks the application about a session that does not exist, and answers those that it refuses. */
async function decide(
  exchange: Exchange,
  check: HandshakeCheck,
  parts: SessionPageParts,
  attach: (decision: HandshakeDecision) => number,
): Promise<void> {
  const { request, response, client, headers } = exchange;
  const full = refusalOf(exchange, parts);
  if (full !== undefined) return answerText(exchange, full.status, full.text);
  const release = parts.gate.begin(client.address);
  const decision = await check(handshakeRequest(request, client));
  release();
  const { refusal, answered } = decision;
  if (response.destroyed) return answered();
  if (refusal === undefined) return answered(attach(decision));
  const own = Object.entries(refusal.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  );
  answer(response, refusal.status, [...headers, ...notCached, ...own], undefined, refusal.body);
  answered(refusal.status);
}

/** Sends the frames of the session through the response. Returns the status of the answer. */
function attachReceiver(
  exchange: Exchange,
  kind: ReceiverKind,
  callback: string,
  own: Headers,
  parts: SessionPageParts,
  decision: HandshakeDecision | undefined,
): number {
  const { request, response, headers } = exchange;
  const session = sessionOf(exchange, parts, decision);
  if (!(session instanceof SockJsSession)) {
    answerText(exchange, session.status, session.text);
    return session.status;
  }
  const chunked = request.httpVersionMinor > 0;
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
  exchange: Exchange,
  parts: SessionPageParts,
  decision: HandshakeDecision | undefined,
): SockJsSession | Refusal {
  const { request, client, id, owner } = exchange;
  const { sessions, accept } = parts;
  const known = sessions.find(id);
  if (known !== undefined) return known.owner === owner ? known : { status: 404, text: '' };
  const refusal = refusalOf(exchange, parts);
  if (refusal !== undefined) return refusal;
  const session = sessions.begin(id, owner, {
    ...factsOf(request, client),
    subprotocol: undefined,
    principal: decision?.principal,
    attributes: decision?.attributes,
  });
  accept(session);
  return session;
}

interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** Refuses a new session when the server stops or has no room for it. */
function refusalOf(
  { client }: Exchange,
  { sessions, gate }: SessionPageParts,
): Refusal | undefined {
  if (sessions.stopped) return { status: 503, text: errorCodes['server-stopping'].text };
  const refusal = gate.refusal(client.address);
  if (refusal !== undefined) {
    const status = refusal.excess === 'share' ? 429 : 503;
    return { status, text: errorCodes[refusal.code].text };
  }
  return undefined;
}

function senderPage(sender: Sender, parts: SessionPageParts): Page {
  return {
    method: 'POST',
    hasPreflight: true,
    serve: (exchange) => void send(exchange, sender, parts),
  };
}

async function send(
  exchange: Exchange,
  sender: Sender,
  { sessions, maxBodyBytes }: SessionPageParts,
): Promise<void> {
  const { request, id, owner } = exchange;
  if (announcesMore(request, maxBodyBytes)) return refuseBody(exchange, 413);
  const session = sessions.find(id);
  if (session?.owner !== owner || !session.isOpen) return answerText(exchange, 404, '');
  const result = await receiveMessages(request, sender, session.inbound, maxBodyBytes);
  if (result.closes === true) refuseBody(exchange, result.status, result.text);
  else answerText(exchange, result.status, result.text);
}

function callbackOf({ url = '' }: IncomingMessage): string | undefined {
  const query = url.indexOf('?');
  const callback = query < 0 ? null : new URLSearchParams(url.slice(query)).get('c');
  return callback === null || callback === '' ? undefined : callback;
}

function answerText({ response, headers }: Exchange, status: number, text: string): void {
  answer(response, status, [...headers, ...notCached], plainText, text);
}

/** Answers without reading the body of the request, and closes the connection. */
function refuseBody({ response, headers }: Exchange, status: number, text = ''): void {
  const type = text === '' ? undefined : plainText;
  answer(response, status, [...headers, ...notCached, 'Connection', 'close'], type, text);
}
