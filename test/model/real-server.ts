// The real server of a run: clients in memory, a clock that the run moves, and the frames that its clients receive.
import { testClock, type TestClock } from 'signalbox/testing';
import {
  createServer,
  EmbeddedBroker,
  memoryTransport,
  type MemoryClient,
  type MemoryTransport,
  type Server,
} from '../../src/index.js';
import { openStomp, type MemoryStompClient, type StompFrame } from '../clients/stomp.js';
import { deadLetters, retainedTopic, problemQueue } from './broker-model.js';
import type { Version } from './frame.js';
import type { Settings } from './script.js';
import { sessionLimits } from './server-model.js';
import type { Answer, End } from './session-model.js';

/** A received answer, and the name of the delivery in ACK and NACK. */
export interface ReceivedAnswer {
  readonly answer: Answer;
  readonly name: string | undefined;
}

interface ModelledClient {
  readonly stomp: MemoryStompClient;
  end: End | undefined;
}

export class RealServer {
  readonly #clients = new Map<number, ModelledClient>();
  /** The id of each publication, by its body. */
  readonly #ids = new Map<string, string>();

  private constructor(
    readonly server: Server,
    readonly clock: TestClock,
    private readonly transport: MemoryTransport,
    /** Errors that were logged. */
    readonly errors: readonly string[],
    /** True when the server has asked its clock for another turn. */
    private readonly hasTasks: () => boolean,
  ) {}

  static async open({ onRejectedFrame, ...queue }: Settings): Promise<RealServer> {
    const transport = memoryTransport();
    const clock = testClock({ date: 0 });
    let tasks = 0;
    const soon = (action: () => void) => {
      tasks++;
      clock.soon(() => {
        tasks--;
        action();
      });
    };
    let sessions = 0;
    let messages = 0;
    const ids = {
      session: () => `s${++sessions}`,
      message: () => `m${++messages}`,
      reply: () => 'unused',
    };
    const errors: string[] = [];
    const logger = { info() {}, warn() {}, error: (text: string) => void errors.push(text) };
    const broker = new EmbeddedBroker({
      queue: { ...queue, deadLetters },
      retain: { destinations: [retainedTopic] },
    });
    const server = await createServer({
      transports: [transport],
      endpoints: [],
      broker,
      ids,
      clock: { ...clock, soon },
      logger,
      // The model has no shares: one client can use up the few queues.
      limits: { ...sessionLimits, shares: 1 },
      onRejectedFrame,
    });
    await server.start();
    return new RealServer(server, clock, transport, errors, () => tasks > 0);
  }

  connect(client: number): void {
    const connected: ModelledClient = { stomp: openStomp(this.transport), end: undefined };
    void connected.stomp.connection.closed.then((end) => (connected.end = end));
    this.#clients.set(client, connected);
  }

  /** Sends bytes, which are given as characters, in several parts. */
  send(client: number, bytes: string, cuts: readonly number[]): void {
    const places = cuts.map((share) => Math.floor(share * bytes.length));
    const ends = [...places, bytes.length].toSorted((a, b) => a - b);
    let start = 0;
    for (const end of ends) {
      this.connection(client).send(Buffer.from(bytes.slice(start, end), 'latin1'));
      start = end;
    }
  }

  connection(client: number): MemoryClient {
    return this.#clients.get(client)!.stomp.connection;
  }

  /** Resolves when the server does nothing more. `Server.idle` would also wait for readers that have stopped. */
  async idle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.hasTasks());
  }

  /** Returns the answers that the client has received since the last call, and how its connection ended. */
  received(
    client: number,
    version: Version | undefined,
  ): { answers: ReceivedAnswer[]; end: End | undefined } {
    const { stomp, end } = this.#clients.get(client)!;
    const answers = stomp.received.splice(0).map((frame) => this.#answer(frame, version));
    if (end !== undefined) this.#clients.delete(client);
    return { answers, end };
  }

  /** Ends all connections, and returns what remains. */
  async empty(): Promise<{ sessions: number; timers: number }> {
    for (const { stomp } of this.#clients.values()) stomp.connection.vanish();
    await this.idle();
    // By then all messages have expired, and the server does not look for more.
    await this.clock.advance(30_000);
    return { sessions: this.server.sessions.size, timers: this.clock.timers.length };
  }

  #answer({ command, headers, body }: StompFrame, version: Version | undefined): ReceivedAnswer {
    const plain = (answer: Answer): ReceivedAnswer => ({ answer, name: undefined });
    switch (command) {
      case 'CONNECTED':
        return plain({ kind: 'connected', version: headers['version'] as Version });
      case 'RECEIPT':
        return plain({ kind: 'receipt', receipt: headers['receipt-id']! });
      case 'ERROR':
        return plain({ kind: 'error', code: headers['code']!, receipt: headers['receipt-id'] });
      case 'MESSAGE':
        return this.#message(headers, body, version);
      default:
        throw new Error(`A client received ${command}.`);
    }
  }

  #message(
    headers: StompFrame['headers'],
    body: string,
    version: Version | undefined,
  ): ReceivedAnswer {
    const { subscription, destination = '', ack } = headers;
    const id = headers['message-id']!;
    const original = headers['original-destination'];
    // Before STOMP 1.2, message-id is the name of the delivery, and no header shows whether it waits for ACK.
    const acknowledged = version === '1.2' ? ack !== undefined : undefined;
    const count = Number(headers['delivery-count'] ?? 1);
    if ((headers['redelivered'] === 'true') !== count > 1) throw new Error(`redelivered, ${count}`);
    const isProblem = destination === problemQueue;
    const unique = body !== '' && !isProblem && original === undefined;
    if (unique) this.#checkId(body, publicationIdOf(id));
    return {
      name: ack ?? id,
      answer: {
        kind: 'message',
        subscription,
        destination,
        body: isProblem ? problemOf(body) : body,
        count,
        retained: headers['retained'] === 'true',
        original,
        acknowledged,
      },
    };
  }

  /** A publication has the same id for all clients. */
  #checkId(publication: string, id: string): void {
    const known = this.#ids.get(publication) ?? id;
    if (known !== id) throw new Error(`${publication} has the ids ${known} and ${id}.`);
    this.#ids.set(publication, id);
  }
}

/** Without the marks of deliveries: of a session queue, and of a message that a session receives twice. */
function publicationIdOf(messageId: string): string {
  return messageId.replace(/^own-|@.*$/g, '');
}

function problemOf(body: string): string {
  const { code, destination, receipt } = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify({ code, destination, receipt });
}
