// A server for one check, with a clock that the check moves, and clients over one transport.
import { testClock, type TestClock } from 'signalbox/testing';
import {
  createServer,
  memoryTransport,
  MessagingError,
  silentLogger,
  tcpTransport,
  type LimitOptions,
  type Server,
} from '../../../src/index.js';
import { portOf } from '../../end-to-end/port.js';
import { Dialogue, frame, type SaidHeaders } from './dialogue.js';
import type { TransportName, Version } from './line.js';
import { dials, type Doors } from './wire.js';

export class Stage {
  readonly #clients: Dialogue[] = [];

  private constructor(
    readonly server: Server,
    readonly clock: TestClock,
    readonly doors: Doors,
    private readonly transport: TransportName,
  ) {}

  static async open(transport: TransportName, limits: Partial<LimitOptions> = {}): Promise<Stage> {
    const clock = testClock();
    const [memory, tcp] = [memoryTransport(), tcpTransport({ port: 0 })];
    const server = await createServer({
      transports: [memory, tcp],
      clock,
      limits,
      logger: silentLogger,
      authenticate({ login, passcode, host }) {
        if (login === 'names-its-host' && host === undefined)
          throw new MessagingError('access-refused');
        if (passcode === 'wrong') throw new MessagingError('access-refused', 'Nobody hears this.');
        return login === undefined ? undefined : { name: login };
      },
    });
    await server.listen(0);
    const doors = { memory, tcpPort: tcp.address()!.port, httpPort: portOf(server) };
    return new Stage(server, clock, doors, transport);
  }

  /** A client that has said nothing. */
  async client(): Promise<Dialogue> {
    const client = new Dialogue(await dials[this.transport](this.doors));
    this.#clients.push(client);
    return client;
  }

  /** A connected client. */
  async connect(version: Version, headers: SaidHeaders = {}): Promise<Dialogue> {
    const client = await this.client();
    client.say(frame('CONNECT', { 'accept-version': version, host: 'test', ...headers }));
    await client.next('CONNECTED');
    return client;
  }

  /** A connected client with a live subscription. */
  async subscriber(
    version: Version,
    destination: string,
    headers: SaidHeaders = {},
  ): Promise<Dialogue> {
    const client = await this.connect(version);
    await client.ask('SUBSCRIBE', { id: 's', destination, ...headers });
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.vanish();
    await this.server.close();
  }
}
