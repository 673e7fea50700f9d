// The transport of Server-Sent Events: a response that carries events to the client, and requests that carry its messages.
import type { IncomingMessage } from 'node:http';
import { MessagingError } from '../../message/error.js';
import { LimitedLog } from '../../message/limited-log.js';
import {
  handshakeOf,
  handshakeRequest,
  itemsOf,
  type HandshakeDecision,
  type HandshakeRequest,
} from '../handshake.js';
import { pathOf, targetOf, type RequestListener } from '../http-host.js';
import {
  answer,
  answerText,
  answerUnread,
  crossOrigin,
  notCached,
  preflight,
  refuseOrigin,
  type Exchange,
} from '../http-session/answer.js';
import {
  announcesMore,
  bodyLimit,
  messageLimit,
  refusals,
  serveMessages,
  type MessageRequests,
} from '../http-session/body.js';
import {
  askApplication,
  newSessionRefusal,
  serveUser,
  type OpeningParts,
} from '../http-session/opening.js';
import { isChunked, whenNext } from '../http-session/response-stream.js';
import { Sessions } from '../http-session/sessions.js';
import { createPageCheck } from '../origin.js';
import type { Transport } from '../transport.js';
import type { WebSocketOptions } from '../websocket.js';
import { EventStream } from './event-stream.js';
import type { SseOptions } from './options.js';
import { SseSession } from './session.js';

export interface SseEndpoint extends Omit<WebSocketOptions, 'deflate'> {
  readonly allowedOrigins: readonly string[];
  readonly options: SseOptions;
}

/** Creates a transport for one endpoint. Opening it fails with `listen-failed` when the server has no HTTP server. */
export function sseTransport(endpoint: SseEndpoint): Transport {
  const { options } = endpoint;
  const path = `${endpoint.path.replace(/\/$/, '')}/sse`;
  let sessions: Sessions<SseSession> | undefined;
  return {
    name: `sse ${endpoint.path}`,
    open(context) {
      const { http, limits } = context;
      if (http === undefined)
        throw new MessagingError(
          'listen-failed',
          `The SSE endpoint '${endpoint.path}' needs an HTTP server.`,
        );
      const claims: (() => void)[] = [];
      sessions = new Sessions(() => {
        for (const release of claims) release();
      });
      const maxMessageBytes = messageLimit(endpoint, limits);
      const maxBodyBytes = bodyLimit(options.maxBodyBytes, maxMessageBytes);
      const parts = { ...endpoint, context, sessions, maxMessageBytes, maxBodyBytes };
      claims.push(http.claimRequests(path, streamListener(parts)));
      claims.push(http.claimRequests(`${path}/*`, sessionListener(parts)));
    },
    close: () => sessions?.stop(),
  };
}

/** The parts that all requests of an endpoint need. */
interface RequestParts extends OpeningParts, SseEndpoint {
  readonly sessions: Sessions<SseSession>;
  /** Bytes of one message. */
  readonly maxMessageBytes: number;
  /** Bytes of the body of one request. */
  readonly maxBodyBytes: number;
}

/** Serves the methods of one URL, for pages of allowed origins. */
function serveMethods(
  methods: ReadonlyMap<string, (exchange: Exchange) => void>,
  { client: clientOf, origin, allowedOrigins, context: { clock, logger } }: RequestParts,
): RequestListener {
  const isAllowed = createPageCheck(origin, allowedOrigins, new LimitedLog(clock, logger, 'warn'));
  const allowed = ['OPTIONS', ...methods.keys()].join(', ');
  return (request, response) => {
    const client = clientOf(request);
    if (!isAllowed(request, client)) return refuseOrigin(response);
    const exchange = { request, response, client, headers: crossOrigin(request) };
    const serve = methods.get(request.method ?? '');
    if (serve !== undefined) return serve(exchange);
    if (request.method === 'OPTIONS')
      return answer(response, 204, [...exchange.headers, ...preflight(allowed, clock)]);
    answer(response, 405, [...exchange.headers, 'Allow', allowed]);
  };
}

/** The URL that begins a session, and continues it. */
function streamListener(parts: RequestParts): RequestListener {
  const { check, maxBodyBytes } = parts;
  const get = (exchange: Exchange): void => {
    const { request, response, client } = exchange;
    if (announcesMore(request, maxBodyBytes)) return answerUnread(exchange, 413);
    whenNext(response, () => {
      // A body has no meaning here. It is read, because otherwise the end of the connection would not be noticed.
      request.resume();
      const query = queryOf(request);
      const { 'last-event-id': header = query.get('lastEventId') ?? '' } = request.headers;
      const lastEventId = header.toString();
      if (lastEventId !== '') return continueSession(exchange, lastEventId, parts);
      const offered = query.getAll('protocols').join(',');
      if (!itemsOf(offered).every((each) => token.test(each)))
        return answerText(exchange, 400, wrongProtocols);
      const begin = (decision?: HandshakeDecision) =>
        beginSession(exchange, offered, parts, decision);
      if (check === undefined) return void begin();
      const handshake = handshakeRequest(request, client, offered, endpointUrl(request, parts));
      void askApplication(exchange, handshake, check, parts, begin);
    });
  };
  return serveMethods(new Map([['GET', get]]), parts);
}

/** A subprotocol. @see RFC 9110 section 5.6.2 */
const token = /^[\w!#$%&'*+\-.^`|~]+$/;
const wrongProtocols =
  "The query parameter 'protocols' must be a list of subprotocols, such as v12.stomp,v11.stomp.\n";
const unknownSession =
  'The session is unknown, has ended, or its next events are no longer kept. Open another one.\n';

/** Begins a session. Returns the status of the answer. */
function beginSession(
  exchange: Exchange,
  offered: string,
  parts: RequestParts,
  decision: HandshakeDecision | undefined,
): number {
  const { request, client } = exchange;
  const refusal = newSessionRefusal(exchange, parts);
  if (refusal !== undefined) {
    answerText(exchange, refusal.status, refusal.body);
    return refusal.status;
  }
  const subprotocol = decision?.subprotocol ?? parts.subprotocol(new Set(itemsOf(offered)));
  const url = endpointUrl(request, parts);
  const session = new SseSession(handshakeOf(request, client, decision, subprotocol, url), parts);
  parts.context.accept(session);
  session.open(eventStream(exchange, session));
  return 200;
}

const eventId = /^([\w-]{22})\.(\d{1,15})$/;

function continueSession(exchange: Exchange, lastEventId: string, parts: RequestParts): void {
  const [, id = '', number] = eventId.exec(lastEventId) ?? [];
  const { sessions, check } = parts;
  const handshake = () => furtherRequest(exchange, parts, '');
  serveUser(exchange, handshake, check, sessions.find(id), (session) => {
    // It may have ended while the application has identified the user.
    const isKnown = session !== undefined && sessions.find(id) === session;
    if (!isKnown || !session.continuesAfter(Number(number))) {
      answerText(exchange, 404, unknownSession);
      return 404;
    }
    session.continueWith(eventStream(exchange, session), Number(number));
    return 200;
  });
}

function eventStream({ request, response, headers }: Exchange, session: SseSession): EventStream {
  return new EventStream(response, headers, isChunked(request), session);
}

const sending: MessageRequests = {
  json: (body) => body,
  answers: {
    ...refusals,
    ended: { status: 404, text: 'The session is unknown or has ended. Open another one.\n' },
    delivered: { status: 204, text: '' },
    empty: { status: 400, text: 'The body must be a JSON array of texts, such as ["text"].\n' },
    malformed: { status: 400, text: 'The body must be a JSON array of texts, such as ["text"].\n' },
  },
};

/** The URL of one session: messages of its client, and its end. */
function sessionListener(parts: RequestParts): RequestListener {
  const { sessions, maxBodyBytes, check, context } = parts;
  const { clock } = context;
  const serve = (
    exchange: Exchange,
    answerTo: (session: SseSession | undefined) => number | Promise<number>,
  ) => {
    const path = pathOf(exchange.request.url);
    const id = path.slice(path.lastIndexOf('/') + 1);
    const handshake = () => furtherRequest(exchange, parts, `/${id}`);
    serveUser(exchange, handshake, check, sessions.find(id), answerTo);
  };
  const post = (exchange: Exchange) =>
    serve(exchange, (session) =>
      serveMessages(exchange, session?.inbound, maxBodyBytes, sending, clock),
    );
  const remove = (exchange: Exchange, session: SseSession | undefined) => {
    if (session?.inbound.isOpen !== true) {
      answerText(exchange, 404, sending.answers.ended.text);
      return 404;
    }
    session.closedByClient();
    answer(exchange.response, 204, [...exchange.headers, ...notCached]);
    return 204;
  };
  // Later, because the last messages may have arrived together with it.
  const removeSoon = (exchange: Exchange) =>
    serve(
      exchange,
      (session) =>
        new Promise((resolve) => {
          clock.soon(() => resolve(remove(exchange, session)));
        }),
    );
  return serveMethods(
    new Map([
      ['POST', post],
      ['DELETE', removeSoon],
    ]),
    parts,
  );
}

function queryOf({ url }: IncomingMessage): URLSearchParams {
  const target = targetOf(url);
  return new URLSearchParams(target.slice(pathOf(target).length));
}

/**
 * A further request of a session as interceptors see it.
 *
 * @param below the path below `/sse`
 */
function furtherRequest(
  { request, client }: Exchange,
  parts: RequestParts,
  below: string,
): HandshakeRequest {
  return handshakeRequest(request, client, '', endpointUrl(request, parts, below));
}

/**
 * Path and query of a request as WebSocket clients of the endpoint request them.
 *
 * @param below the path below `/sse`
 */
function endpointUrl({ url }: IncomingMessage, { path }: RequestParts, below = ''): string {
  const target = targetOf(url);
  const end = pathOf(target).length;
  const base = target.slice(0, end - '/sse'.length - below.length);
  return base + (path.endsWith('/') ? '/' : '') + target.slice(end);
}
