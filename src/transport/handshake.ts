// A handshake over HTTP: the request, the decision of the application or the server, and the facts that a session keeps.
import type { IncomingMessage } from 'node:http';
import { errorCodes } from '../message/error.js';
import type { Principal } from '../message/message.js';
import { hostOf, type RequestClient } from './forwarded.js';
import { targetOf } from './http-host.js';
import type { ConnectionGate, Handshake } from './transport.js';

/** The HTTP request of a client that opens a connection. */
export interface HandshakeRequest {
  /** Path and query. */
  readonly url: string;
  /** HTTP headers in lower case, without those of the upgrade itself. */
  readonly headers: ReadonlyMap<string, string>;
  /** IP address of the client; behind a trusted proxy, the one that the proxy has reported. */
  readonly remoteAddress: string | undefined;
  /** True when the connection of the client is encrypted; behind a trusted proxy, as the proxy has reported it. */
  readonly secure: boolean;
  /** The subprotocols that the client offers, the preferred one first. */
  readonly subprotocols: readonly string[];
  /** The request of Node, for middleware such as express-session. */
  readonly node: IncomingMessage;
}

/** The answer to a client that is not accepted. */
export interface HandshakeRefusal {
  /** Status of HTTP, from 200 to 599. */
  readonly status: number;
  /** Headers of HTTP; a list becomes several lines. @default none */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Body of the answer; text unless the headers have a `Content-Type`. @default empty */
  readonly body?: string;
}

/** The decision of the application about one request. */
export interface HandshakeDecision {
  /** Undefined when the client is accepted. */
  readonly refusal: HandshakeRefusal | undefined;
  /** One of the offered subprotocols; undefined when the endpoint chooses. */
  readonly subprotocol: string | undefined;
  /** The user; undefined when the client is not identified yet. */
  readonly principal: Principal | undefined;
  /** Attributes that the session begins with. */
  readonly attributes: ReadonlyMap<string, unknown> | undefined;
  /** Must be called with the status of the answer, or without one when the client has left before the answer. */
  readonly answered: (status?: number) => void;
}

/** Asks the application. Never rejects: a failure is a refusal with 500. */
export type HandshakeCheck = (request: HandshakeRequest) => Promise<HandshakeDecision>;

/** Headers without facts about the client, and the pseudo-headers of HTTP/2; they would cost memory until the connection ends. */
const omittedHeader = /^(?:connection|upgrade|sec-websocket-.*|:.*)$/;

/** The facts of a request that its session keeps. */
function factsOf(
  { headers }: IncomingMessage,
  { address, secure }: RequestClient,
  url: string,
): Pick<Handshake, 'url' | 'headers' | 'remoteAddress' | 'secure'> {
  const copied = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || omittedHeader.test(name)) continue;
    copied.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const host = hostOf(headers);
  if (host !== undefined) copied.set('host', host);
  return { url, headers: copied, remoteAddress: address, secure };
}

/** The handshake of a session that begins with this request. @param url path and query of the endpoint */
export function handshakeOf(
  node: IncomingMessage,
  client: RequestClient,
  decision: HandshakeDecision | undefined,
  subprotocol: string | undefined,
  url = targetOf(node.url),
): Handshake {
  return {
    ...factsOf(node, client, url),
    subprotocol,
    principal: decision?.principal,
    attributes: decision?.attributes,
  };
}

/**
 * Refuses a client that the server has no room for: with 429 when its address has too many connections, with 503 when the server is
 * full.
 */
export function refusalOf(
  { address }: RequestClient,
  gate: ConnectionGate,
): HandshakeRefusal | undefined {
  const refusal = gate.refusal(address);
  if (refusal === undefined) return undefined;
  const { code, excess } = refusal;
  return { status: excess === 'share' ? 429 : 503, body: errorCodes[code].text };
}

/**
 * The request as interceptors see it.
 *
 * @param offered the subprotocols, separated by commas
 * @param url path and query of the endpoint
 */
export function handshakeRequest(
  node: IncomingMessage,
  client: RequestClient,
  offered = node.headers['sec-websocket-protocol'] ?? '',
  url = targetOf(node.url),
): HandshakeRequest {
  return { ...factsOf(node, client, url), subprotocols: itemsOf(offered), node };
}

/** The items of a list with commas, without the empty ones. */
export function itemsOf(list: string): readonly string[] {
  return list
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}
