// The HTTP endpoints that tests send requests to, on one server: they echo each message, or close each session at once.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EncodedFrame } from '../../../src/message/encoded-frame.js';
import { httpHostOf, type RequestListener } from '../../../src/transport/http-host.js';
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

export interface AcceptingEndpoint {
  readonly accept?: (connection: Connection) => void;
}

export type Endpoints = Awaited<ReturnType<typeof openEndpointsOf>>;

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
    const echo = (connection: Connection) => void accepted.push(new Echo(connection));
    const context = testContext(endpoint.accept ?? echo, {
      http: httpHostOf(http),
      limits: { maxMessageBytes: 1_000_000 },
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
