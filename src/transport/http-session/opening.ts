// The begin of a session over HTTP: the limits of the server, and the decision of the application.
import { errorCodes } from '../../message/error.js';
import {
  refusalOf,
  type HandshakeCheck,
  type HandshakeDecision,
  type HandshakeRefusal,
  type HandshakeRequest,
} from '../handshake.js';
import type { TransportContext } from '../transport.js';
import { answer, answerText, answerUnread, hasLeft, notCached, type Exchange } from './answer.js';
import { refusals } from './body.js';
import type { Inbound } from './inbound.js';

export interface OpeningParts {
  /** Asks the application before a session begins. */
  readonly check: HandshakeCheck | undefined;
  readonly context: TransportContext;
  readonly sessions: { readonly stopped: boolean };
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
