// The SockJS endpoints that tests send requests to, on one HTTP server: they echo each message, or close each session at once.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EncodedFrame } from '../../../src/message/encoded-frame.js';
import { createClientReader } from '../../../src/transport/forwarded.js';
import { httpHostOf } from '../../../src/transport/http-host.js';
import { createOriginCheck } from '../../../src/transport/origin.js';
import type { PerMessageDeflateOptions } from '../../../src/transport/permessage-deflate.js';
import {
  defaultSockJs,
  httpTransports,
  type SockJsOptions,
} from '../../../src/transport/sockjs/options.js';
import { sockJsTransport } from '../../../src/transport/sockjs/sockjs.js';
import type { Connection, ConnectionRefusal, Transport } from '../../../src/transport/transport.js';
import { testContext } from '../context.js';
import { EventLog } from '../event-log.js';

/** Sends each message back, and closes when the transport ends the input. */
export class Echo extends EventLog {
  override data(chunk: Uint8Array): void {
    super.data(chunk);
    this.send(Buffer.from(chunk));
  }

  override ended(code: number, reason: string): void {
    super.ended(code, reason);
    this.connection.close(code, reason);
  }

  send(text: string | Buffer): void {
    const frame = new EncodedFrame(Buffer.from(text as string), false);
    this.connection.write(frame.framedBy(this.connection.framing));
  }
}

export interface Endpoint {
  readonly options?: Partial<SockJsOptions>;
  readonly allowedOrigins?: readonly string[];
  readonly trustedProxies?: readonly string[];
  readonly deflate?: PerMessageDeflateOptions;
  readonly accept?: (connection: Connection) => void;
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

export type Endpoints = Awaited<ReturnType<typeof openEndpoints>>;

/** Opens endpoints by their paths. Their clock stands still until the test moves it. */
export async function openEndpoints(endpoints: Readonly<Record<string, Endpoint>>) {
  const http: Server = createServer((_request, response) => void response.end('the application'));
  const accepted: Echo[] = [];
  const transports: Transport[] = [];
  let refusal: ConnectionRefusal | undefined;
  const contexts = Object.entries(endpoints).map(([path, endpoint]) => {
    const echo = (connection: Connection) => void accepted.push(new Echo(connection));
    const context = testContext(endpoint.accept ?? echo, {
      http: httpHostOf(http),
      limits: { maxMessageBytes: 1_000_000 },
      gate: { refusal: () => refusal, begin: () => () => {} },
    });
    const transport = endpointAt(path, endpoint);
    transports.push(transport);
    return { transport, context };
  });
  for (const { transport, context } of contexts) await transport.open(context);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const [first] = contexts;
  return {
    http,
    port,
    /** The server's ends of all sessions, in the order of their begin. */
    accepted,
    /** The clock of the first endpoint. */
    clock: first!.context.clock,
    warnings: first!.context.warnings,
    transport: first!.transport,
    refuse: (given: ConnectionRefusal | undefined) => void (refusal = given),
    async close() {
      for (const transport of transports) await transport.close();
      for (const { connection } of accepted) connection.terminate();
      http.closeAllConnections();
      http.close();
    },
  };
}
