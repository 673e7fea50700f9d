// The SSE endpoints that tests send requests to, on one HTTP server.
import type { Server } from 'node:http';
import { createClientReader } from '../../../src/transport/forwarded.js';
import type { HandshakeCheck } from '../../../src/transport/handshake.js';
import { createOriginCheck } from '../../../src/transport/origin.js';
import { defaultSse, type SseOptions } from '../../../src/transport/sse/options.js';
import { sseTransport } from '../../../src/transport/sse/sse.js';
import type { Transport } from '../../../src/transport/transport.js';
import { openEndpointsOf, type AcceptingEndpoint } from '../http-session/endpoints.js';

export interface Endpoint extends AcceptingEndpoint {
  readonly options?: Partial<SseOptions>;
  readonly allowedOrigins?: readonly string[];
  readonly trustedProxies?: readonly string[];
  readonly check?: HandshakeCheck;
}

/** The transport of an endpoint that supports the subprotocol `v12.stomp`. */
export function endpointAt(path: string, endpoint: Endpoint = {}): Transport {
  const { allowedOrigins = [], options, trustedProxies, check } = endpoint;
  return sseTransport({
    path,
    subprotocol: (offered) => (offered.has('v12.stomp') ? 'v12.stomp' : undefined),
    origin: createOriginCheck({ allowed: allowedOrigins }),
    client: createClientReader(trustedProxies),
    check,
    allowedOrigins,
    options: { ...defaultSse, ...options },
  });
}

/** Opens endpoints by their paths. */
export function openEndpoints(endpoints: Readonly<Record<string, Endpoint>>, http?: Server) {
  return openEndpointsOf(endpoints, endpointAt, http);
}
