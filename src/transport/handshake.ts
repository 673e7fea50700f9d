// The part of a handshake over HTTP that the application decides: the request, and the decision.
import type { IncomingMessage } from 'node:http';
import type { Principal } from '../message/message.js';
import type { RequestClient } from './forwarded.js';
import type { Handshake } from './transport.js';

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

/** Headers that say nothing about the client; keeping them would cost memory for the whole connection. */
const upgradeHeader = /^(?:connection|upgrade|sec-websocket-.*)$/;

/** The facts of a request that its session keeps. */
export function factsOf(
  { url = '/', headers }: IncomingMessage,
  { address, secure }: RequestClient,
): Pick<Handshake, 'url' | 'headers' | 'remoteAddress' | 'secure'> {
  const copied = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || upgradeHeader.test(name)) continue;
    copied.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return { url, headers: copied, remoteAddress: address, secure };
}

/** The request as interceptors see it. */
export function handshakeRequest(node: IncomingMessage, client: RequestClient): HandshakeRequest {
  const offered = node.headers['sec-websocket-protocol'] ?? '';
  const subprotocols = offered
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return { ...factsOf(node, client), subprotocols, node };
}
