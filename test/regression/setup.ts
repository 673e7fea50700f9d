// A real server for one run of a case, with a neighbor: a correct client that must always be served.
import type { Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { format } from 'node:util';
import {
  createServer,
  memoryTransport,
  tcpTransport,
  type Logger,
  type MemoryTransport,
  type Server,
  type ServerOptions,
} from '../../src/index.js';
import { jsonSubprotocol } from '../clients/json.js';
import {
  openConnection,
  portOf,
  type ServerAddress,
  type TransportName,
} from '../clients/server.js';
import { StompClient } from '../clients/stomp.js';
import { WrongAnswer, type Protocol, type Run } from './case.js';
import { connect, formatOf, type ConnectHeaders } from './client.js';
import type { Setting } from './settings.js';

export interface LogEntry {
  readonly level: 'error' | 'warn' | 'info';
  /** Text and cause, as the console shows them. */
  readonly text: string;
}

export interface OpenOptions {
  readonly protocol?: Protocol;
  /** The transport of the client, instead of the transport of the run. */
  readonly memory?: MemoryTransport;
  /** HTTP headers of the handshake. */
  readonly httpHeaders?: Readonly<Record<string, string>>;
}

/** Turns of the event loop that a server may take until it is idle. */
const turnsToIdle = 50;
/** Round trips of the neighbor after which the server has read and answered everything that was sent before. */
const roundTripsToSettle = 3;

export class Setup {
  readonly protocol: Protocol;
  readonly transport: TransportName;
  readonly setting: Setting | undefined;
  readonly log: LogEntry[] = [];
  /** Close codes by session id, as the server reports them: over TCP no code travels. */
  readonly #closeCodes = new Map<string, number>();
  readonly #clients: StompClient[] = [];
  readonly #closing: (() => Promise<void> | void)[] = [];
  #server: Server | undefined;
  #address: ServerAddress | undefined;
  #neighbor: StompClient | undefined;
  #neighborTransactions = 0;

  constructor({ protocol, transport, setting }: Run) {
    this.protocol = protocol;
    this.transport = transport;
    this.setting = setting;
  }

  get server(): Server {
    return this.#server!;
  }

  get address(): ServerAddress {
    return this.#address!;
  }

  /** Keeps all entries in `log`. */
  get logger(): Logger {
    const keep = (level: LogEntry['level']) => (text: string, cause?: unknown) =>
      void this.log.push({ level, text: cause === undefined ? text : format(text, cause) });
    return { error: keep('error'), warn: keep('warn'), info: keep('info') };
  }

  /** All log entries as one text. */
  get logText(): string {
    return this.log.map(({ level, text }) => `${level}: ${text}`).join('\n');
  }

  /**
   * Builds and starts a server on the transport of the run and on memory, and connects the neighbor.
   *
   * @throws WrongAnswer where the server refuses the options
   */
  async start(options: ServerOptions = {}): Promise<Server> {
    const certificate = this.setting?.certificate;
    const [memory, tcp] = [
      memoryTransport(),
      tcpTransport({ port: 0, ...(certificate && { tls: certificate }) }),
    ];
    const own = this.transport === 'TCP' ? [memory, tcp] : [memory];
    const server = await this.create({
      ...options,
      transports: [...own, ...(options.transports ?? [])],
    });
    const port = this.transport.startsWith('WebSocket')
      ? await this.#listen(server)
      : await server.start().then(() => tcp.address()?.port ?? 0);
    this.#address = { memory, port, ...(certificate && { ca: certificate.cert }) };
    this.#neighbor = await this.open({ protocol: 'stomp-1.2' });
    await connect(this.#neighbor, 'stomp-1.2', { login: 'neighbor' });
    return server;
  }

  /** Lets the server listen for WebSocket connections; resolves with its port. */
  async #listen(server: Server): Promise<number> {
    const certificate = this.setting?.certificate;
    if (certificate === undefined) {
      await server.listen(0);
      return portOf(server);
    }
    const https = createHttpsServer(certificate);
    await server.attach(https);
    return listenOn(this, https);
  }

  /** Builds a server; nothing listens. @throws WrongAnswer where it refuses the options */
  async create(options: ServerOptions = {}): Promise<Server> {
    const server = await createServer({
      closeTimeout: 0,
      logger: this.logger,
      ...this.setting?.options,
      ...options,
    }).catch((cause: unknown) => {
      throw new WrongAnswer(`The server refused its options: ${String(cause)}`, { cause });
    });
    this.#server = server;
    this.defer(() => server.close());
    server.events.on('disconnected', ({ session, code }) => {
      this.#closeCodes.set(session.id, code);
    });
    return server;
  }

  /** Starts a server, unless it refuses the options: then resolves with its error. */
  async startUnlessRefused(options: ServerOptions): Promise<Refusal | undefined> {
    return refusalOf(() => this.start(options));
  }

  /** Builds a server, unless it refuses the options: then resolves with its error. */
  async createUnlessRefused(options: ServerOptions): Promise<Refusal | undefined> {
    return refusalOf(() => this.create({ endpoints: [], ...options }));
  }

  /** A client that has sent nothing. */
  async open(options: OpenOptions = {}): Promise<StompClient> {
    const { protocol = this.protocol, memory, httpHeaders: headers = {} } = options;
    const subprotocols =
      protocol === 'json' ? [jsonSubprotocol] : ['v12.stomp', 'v11.stomp', 'v10.stomp'];
    const connection =
      memory?.connect() ??
      (await openConnection(this.transport, this.address, { subprotocols, headers }));
    const client = new StompClient(connection, formatOf(protocol));
    this.#clients.push(client);
    return client;
  }

  /** A connected client. */
  async connect(headers?: ConnectHeaders): Promise<StompClient> {
    const client = await this.open();
    await this.handshake(client, headers);
    return client;
  }

  /** Connects an open client of the run's protocol. */
  handshake(client: StompClient, headers?: ConnectHeaders): Promise<void> {
    return connect(client, this.protocol, headers);
  }

  /** Called at the end of the run, the last one first. */
  defer(action: () => Promise<void> | void): void {
    this.#closing.push(action);
  }

  /** Resolves when the server has processed and answered everything that was sent before. Takes a bounded number of turns. */
  async settle(): Promise<void> {
    for (let i = 0; i < roundTripsToSettle; i++) {
      await Promise.race([this.server.idle(), turns(turnsToIdle)]);
      await this.neighborIsServed();
    }
  }

  /** Waits a bounded number of turns for something that happens at the end of a settled server's work, such as a close. */
  async until(condition: () => boolean, what: string): Promise<void> {
    for (let i = 0; i < 10; i++) {
      if (condition()) return;
      await this.settle();
    }
    if (!condition()) throw new WrongAnswer(what);
  }

  /** The close code with which a session ended; undefined while it is open. */
  async closeCode(client: StompClient): Promise<number | undefined> {
    await this.settle();
    // The answers to a close need further turns, without work of the server.
    for (let i = 0; client.end === undefined && i < 3; i++) await this.settle();
    if (client.end === undefined) return undefined;
    const session = client.history.find(({ command }) => command === 'CONNECTED')?.headers;
    return client.end.code ?? this.#closeCodes.get(session?.['session'] ?? '') ?? 1006;
  }

  /** @throws WrongAnswer unless the neighbor's frames are processed and answered */
  async neighborIsServed(): Promise<void> {
    const neighbor = this.#neighbor;
    if (neighbor === undefined) return;
    const transaction = `neighbor-${++this.#neighborTransactions}`;
    await neighbor.request('BEGIN', { transaction });
    await neighbor.request('ABORT', { transaction });
  }

  /** Closes clients and servers. @throws WrongAnswer where something cannot be closed */
  async close(): Promise<void> {
    for (const client of this.#clients) client.connection.vanish();
    const failures: unknown[] = [];
    for (const action of this.#closing.toReversed())
      await (async () => action())().catch((error: unknown) => void failures.push(error));
    if (failures.length > 0)
      throw new WrongAnswer('The server could not be closed.', { cause: failures[0] });
  }
}

/** The error with which a server refuses its options. */
export type Refusal = Error & { readonly code?: string };

async function refusalOf(start: () => Promise<Server>): Promise<Refusal | undefined> {
  try {
    await start();
    return undefined;
  } catch (error) {
    if (error instanceof WrongAnswer && error.cause instanceof Error) return error.cause;
    throw error;
  }
}

/** Resolves after this number of turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets an HTTP server of the application listen until the end of the run; resolves with its port. */
export async function listenOn(setup: Setup, http: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  setup.defer(() => {
    http.closeAllConnections();
    http.close();
  });
  return (http.address() as AddressInfo).port;
}
