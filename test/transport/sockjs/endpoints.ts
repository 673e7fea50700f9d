// The SockJS endpoints that tests send requests to, on one HTTP server.
import { createClientReader } from '../../../src/transport/forwarded.js';
import { createOriginCheck } from '../../../src/transport/origin.js';
import type { PerMessageDeflateOptions } from '../../../src/transport/permessage-deflate.js';
import {
  defaultSockJs,
  httpTransports,
  type SockJsOptions,
} from '../../../src/transport/sockjs/options.js';
import { sockJsTransport } from '../../../src/transport/sockjs/sockjs.js';
import type { Transport } from '../../../src/transport/transport.js';
import { openEndpointsOf, type AcceptingEndpoint } from '../http-session/endpoints.js';

export type { Echo, Endpoints } from '../http-session/endpoints.js';

export interface Endpoint extends AcceptingEndpoint {
  readonly options?: Partial<SockJsOptions>;
  readonly allowedOrigins?: readonly string[];
  readonly trustedProxies?: readonly string[];
  readonly deflate?: PerMessageDeflateOptions;
}

/** The transport of an endpoint, with all SockJS transports over HTTP. */
export function endpointAt(path: string, endpoint: Endpoint = {}): Transport {
  const { allowedOrigins = [], options, trustedProxies, deflate } = endpoint;
  return sockJsTransport({
    path,
    subprotocol: () => undefined,
    origin: createOriginCheck({ allowed: allowedOrigins }),
    client: createClientReader(trustedProxies),
    deflate,
    allowedOrigins,
    options: { ...defaultSockJs, transports: httpTransports, ...options },
  });
}

/** Opens endpoints by their paths. */
export function openEndpoints(endpoints: Readonly<Record<string, Endpoint>>) {
  return openEndpointsOf(endpoints, endpointAt);
}
