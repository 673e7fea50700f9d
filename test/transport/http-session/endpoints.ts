// The HTTP endpoints that tests send requests to, on one server: they echo each message, or close each session at once.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { EncodedFrame } from '../../../src/message/encoded-frame.js';
import type { HandshakeDecision } from '../../../src/transport/handshake.js';
import { httpHostOf, type RequestListener } from '../../../src/transport/http-host.js';
import type { Connection, ConnectionRefusal, Transport } from '../../../src/transport/transport.js';
import { testContext } from '../context.js';
import { ClosingLog } from '../event-log.js';

/** Sends each message back, and closes when the transport ends the input. */
export class Echo extends ClosingLog {
  override data(chunk: Uint8Array): void {
    super.data(chunk);
    this.send(Buffer.from(chunk));
  }

  send(text: string | Buffer): void {
    const frame = new EncodedFrame(Buffer.from(text as string), false);
    this.connection.write(frame.framedBy(this.connection.framing));
  }
}

export interface AcceptingEndpoint {
  /** By default, the endpoint echoes. */
  readonly accept?: (connection: Connection) => void;
  /** @default 1_000_000 */
  readonly maxMessageBytes?: number;
}

export type Endpoints = Awaited<ReturnType<typeof openEndpointsOf>>;

/** The decision of an application that accepts a client without identifying it. */
export const acceptance: HandshakeDecision = {
  refusal: undefined,
  subprotocol: undefined,
  principal: undefined,
  attributes: undefined,
  answered: () => {},
};

/** An HTTP/2 server with the method of `http.Server` that it lacks. The transports close their streams. */
export function asHttpServer(server: Http2Server | Http2SecureServer): Server {
  return Object.assign(server, { closeAllConnections() {} }) as unknown as Server;
}

/** The application behind the endpoints. */
export const application: RequestListener = (_request, response) =>
  void response.end('the application');

/**
 * Opens the transports of endpoints by their paths. Their clock stands still until the test moves it.
 *
 * @param http a server with the methods of `http.Server`
 */
export async function openEndpointsOf<Endpoint extends AcceptingEndpoint>(
  endpoints: Readonly<Record<string, Endpoint>>,
  transportAt: (path: string, endpoint: Endpoint) => Transport,
  http: Server = createServer(application),
) {
  const accepted: Echo[] = [];
  let refusal: ConnectionRefusal | undefined;
  const opened = Object.entries(endpoints).map(([path, endpoint]) => {
    const { maxMessageBytes = 1_000_000 } = endpoint;
    const echo = (connection: Connection) => void accepted.push(new Echo(connection));
    const context = testContext(endpoint.accept ?? echo, {
      http: httpHostOf(http),
      limits: { maxMessageBytes },
      gate: { refusal: () => refusal, begin: () => () => {} },
    });
    return { transport: transportAt(path, endpoint), context };
  });
  for (const { transport, context } of opened) await transport.open(context);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const [first] = opened;
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
      for (const { transport } of opened) await transport.close();
      for (const { connection } of accepted) connection.terminate();
      http.closeAllConnections();
      http.close();
    },
  };
}
