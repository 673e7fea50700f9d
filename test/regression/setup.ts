// A real server for one run of a case, with a neighbor: a client that did nothing wrong and must be served at all times.
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { format } from 'node:util';
import {
  createServer,
  memoryTransport,
  tcpTransport,
  type Logger,
  type Server,
  type ServerOptions,
  type Transport,
} from '../../src/index.js';
import { WrongAnswer, type Protocol, type Run, type TransportName } from './case.js';
import { Client, type ConnectHeaders, type Headers, type Ports } from './client.js';

export interface LogEntry {
  readonly level: 'error' | 'warn' | 'info';
  /** Text and cause, as the console shows them. */
  readonly text: string;
}

export interface ConnectOptions extends ConnectHeaders {
  readonly overProtocol?: Protocol;
}

/** Turns of the event loop that a server may take until it is idle. */
const turnsToIdle = 50;
/** Round trips of the neighbor after which the server has read and answered everything that was sent before. */
const roundTripsToSettle = 3;

export class Setup {
  readonly protocol: Protocol;
  readonly transport: TransportName;
  readonly log: LogEntry[] = [];
  /** Close codes by session id, as the server reports them: over TCP no code travels. */
  readonly #closeCodes = new Map<string, number>();
  readonly #clients: Client[] = [];
  readonly #closing: (() => Promise<void> | void)[] = [];
  #server: Server | undefined;
  #ports: Ports | undefined;
  #neighbor: Client | undefined;
  #neighborTransactions = 0;

  constructor({ protocol, transport }: Run) {
    this.protocol = protocol;
    this.transport = transport;
  }

  get server(): Server {
    return this.#server!;
  }

  /** Where the server listens. */
  get ports(): Ports {
    return this.#ports!;
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
    const memory = memoryTransport();
    const tcp = this.transport === 'tcp' ? tcpTransport({ port: 0 }) : undefined;
    const transports: Transport[] = [memory, ...(tcp === undefined ? [] : [tcp])];
    const server = await this.create({
      ...options,
      transports: [...transports, ...(options.transports ?? [])],
    });
    if (this.transport.startsWith('websocket')) await server.listen(0);
    else await server.start();
    this.#ports = {
      memory,
      webSocket: (server.address() as AddressInfo | undefined)?.port,
      tcp: tcp?.address()?.port,
    };
    this.#neighbor = await this.connect({ login: 'neighbor', overProtocol: 'stomp-1.2' });
    return server;
  }

  /** Builds a server; nothing listens. @throws WrongAnswer where it refuses the options */
  async create(options: ServerOptions = {}): Promise<Server> {
    const server = await createServer({ closeTimeout: 0, logger: this.logger, ...options }).catch(
      (cause: unknown) => {
        throw new WrongAnswer(`The server refused its options: ${String(cause)}`, { cause });
      },
    );
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

  /** Opens a connection, which has sent nothing. */
  async open(httpHeaders: Headers = {}, protocol = this.protocol): Promise<Client> {
    const { ports, transport } = this;
    const client = await Client.open(ports, { protocol, transport, httpHeaders });
    this.#clients.push(client);
    return client;
  }

  /** Connects a client. */
  async connect(options: ConnectOptions = {}): Promise<Client> {
    const { overProtocol, ...headers } = options;
    const client = await this.open({}, overProtocol);
    await client.connect(headers);
    return client;
  }

  /** Runs when the run is over, the last first. */
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
  async closeCode(client: Client): Promise<number | undefined> {
    await this.settle();
    // The answers to a close take turns that the server has no part in.
    for (let i = 0; client.end === undefined && i < 3; i++) await this.settle();
    if (client.end === undefined) return undefined;
    const session = client.received.find(({ command }) => command === 'CONNECTED')?.headers;
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
    for (const client of this.#clients) client.close();
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

/** Resolves after so many turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets an HTTP server of the application listen until the run is over; resolves with its port. */
export async function listenOn(setup: Setup, http: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  setup.defer(() => {
    http.closeAllConnections();
    http.close();
  });
  return (http.address() as AddressInfo).port;
}
