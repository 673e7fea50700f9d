// The requests of a session over HTTP: the limits of the server, the decision of the application, and the user of each request.
import { errorCodes } from '../../message/error.js';
import {
  refusalOf,
  type HandshakeCheck,
  type HandshakeDecision,
  type HandshakeRefusal,
  type HandshakeRequest,
} from '../handshake.js';
import type { Connection, TransportContext } from '../transport.js';
import { answer, answerText, answerUnread, hasLeft, notCached, type Exchange } from './answer.js';
import { refusals } from './body.js';
import type { Inbound } from './inbound.js';

export interface OpeningParts {
  /** Asks the application before a session begins. */
  readonly check?: HandshakeCheck | undefined;
  readonly context: TransportContext;
  readonly sessions: { readonly stopped: boolean };
}

/** A session that further requests continue. */
interface BegunSession extends Pick<Connection, 'handshake'> {
  readonly inbound: Inbound;
}

/** True when a handshake interceptor has identified the user of the session: then it identifies the user of each request. */
export function hasUser({ handshake: { principal } }: BegunSession): boolean {
  return principal !== undefined;
}

/** False for a request of another user than the one of the session. */
export function isUserOf(session: BegunSession, decision: HandshakeDecision | undefined): boolean {
  return !hasUser(session) || session.handshake.principal?.name === decision?.principal?.name;
}

/** Refuses a new session when the server stops or has no room for it. */
export function newSessionRefusal(
  { client }: Exchange,
  { sessions, context }: OpeningParts,
): HandshakeRefusal | undefined {
  return sessions.stopped
    ? { status: 503, body: errorCodes['server-stopping'].text }
    : refusalOf(client, context.gate);
}

/**
 * Asks the application about a new session, and answers clients that it refuses.
 *
 * @param accept begins the session, and returns the status of the answer
 */
export async function askApplication(
  exchange: Exchange,
  request: HandshakeRequest,
  check: HandshakeCheck,
  parts: OpeningParts,
  accept: (decision: HandshakeDecision) => number,
): Promise<void> {
  const full = newSessionRefusal(exchange, parts);
  if (full !== undefined) return answerText(exchange, full.status, full.body);
  const release = parts.context.gate.begin(exchange.client.address);
  const decision = await check(request);
  release();
  await apply(exchange, decision, accept);
}

/**
 * Asks the application about a further request of a session, and answers requests that it refuses.
 *
 * @param inbound counts the requests that wait for the application
 * @param accept serves the request, and returns the status of the answer
 */
export async function askAgain(
  exchange: Exchange,
  request: HandshakeRequest,
  check: HandshakeCheck,
  inbound: Inbound,
  accept: (decision: HandshakeDecision) => number | Promise<number>,
): Promise<void> {
  if (!inbound.begin()) {
    const { status, text } = refusals['too-many'];
    return answerUnread(exchange, status, text);
  }
  const decision = await check(request);
  inbound.finish();
  await apply(exchange, decision, accept);
}

/**
 * Serves a further request of a session. If the session has a user, the application first identifies the user of the request.
 *
 * @param request builds the request for the application, which most sessions do not need
 * @param session undefined for an unknown one
 * @param serve serves the request, and returns the status of the answer; without a session for a request of another user
 */
export function serveUser<Session extends BegunSession>(
  exchange: Exchange,
  request: () => HandshakeRequest,
  check: HandshakeCheck | undefined,
  session: Session | undefined,
  serve: (session: Session | undefined) => number | Promise<number>,
): void {
  if (session === undefined || check === undefined || !hasUser(session)) return void serve(session);
  void askAgain(exchange, request(), check, session.inbound, (decision) =>
    serve(isUserOf(session, decision) ? session : undefined),
  );
}

/** Answers a request as the application has decided. */
async function apply(
  exchange: Exchange,
  decision: HandshakeDecision,
  accept: (decision: HandshakeDecision) => number | Promise<number>,
): Promise<void> {
  const { response, headers } = exchange;
  const { refusal, answered } = decision;
  if (hasLeft(response)) return answered();
  if (refusal === undefined) return answered(await accept(decision));
  const own = Object.entries(refusal.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  );
  answer(response, refusal.status, [...headers, ...notCached, ...own], undefined, refusal.body);
  answered(refusal.status);
}
