// The real server of a run, over memory, with a clock that stands still, and what its clients hear.
import { createServer, EmbeddedBroker, memoryTransport, type Server } from '../../src/index.js';
import type { MemoryClient, MemoryTransport } from '../../src/transport/memory.js';
import { manualClock } from '../manual-clock.js';
import { parseFrames, type HeardFrame } from '../stomp-client.js';
import { deadLetters, keptTopic, problemQueue } from './broker-model.js';
import type { Settings, Version } from './script.js';
import { sessionLimits } from './server-model.js';
import type { Answer, End } from './session-model.js';

/** An answer, and what ACK and NACK name it by. */
export interface HeardAnswer {
  readonly answer: Answer;
  readonly name: string | undefined;
}

interface Line {
  readonly connection: MemoryClient;
  text: string;
  end: End | undefined;
}

export class Stage {
  readonly #lines = new Map<number, Line>();
  /** The id of each publication, by what it says. */
  readonly #ids = new Map<string, string>();

  private constructor(
    readonly server: Server,
    readonly clock: ReturnType<typeof manualClock>,
    private readonly transport: MemoryTransport,
    /** Errors that were logged. */
    readonly errors: readonly string[],
  ) {}

  static async open({ errors: answer, ...queue }: Settings): Promise<Stage> {
    const transport = memoryTransport();
    const clock = manualClock();
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
      retain: { destinations: [keptTopic] },
    });
    const server = await createServer({
      transports: [transport],
      endpoints: [],
      broker,
      ids,
      clock,
      logger,
      limits: sessionLimits,
      errors: answer,
    });
    await server.start();
    return new Stage(server, clock, transport, errors);
  }

  connect(client: number): void {
    const connection = this.transport.connect();
    const line: Line = { connection, text: '', end: undefined };
    connection.onData = (octets) => void (line.text += Buffer.from(octets).toString());
    void connection.closed.then((end) => (line.end = end));
    this.#lines.set(client, line);
  }

  /** Says octets, an octet a character, in pieces. */
  say(client: number, octets: string, cuts: readonly number[]): void {
    const places = cuts.map((share) => Math.floor(share * octets.length));
    const ends = [...places, octets.length].toSorted((a, b) => a - b);
    let start = 0;
    for (const end of ends) {
      this.line(client).send(Buffer.from(octets.slice(start, end), 'latin1'));
      start = end;
    }
  }

  line(client: number): MemoryClient {
    return this.#lines.get(client)!.connection;
  }

  /** Resolves when everything that was begun has ended. */
  async rest(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.clock.turn());
  }

  /** What the client has heard since it was last asked, and how it ended. */
  heard(
    client: number,
    version: Version | undefined,
  ): { answers: HeardAnswer[]; end: End | undefined } {
    const line = this.#lines.get(client)!;
    const answers = parseFrames(line.text).map((frame) => this.#answer(frame, version));
    line.text = '';
    if (line.end !== undefined) this.#lines.delete(client);
    return { answers, end: line.end };
  }

  /** All clients vanish; says what is left behind. */
  async empty(): Promise<{ sessions: number; timers: number }> {
    for (const { connection } of this.#lines.values()) connection.vanish();
    await this.rest();
    // All that ever expires has expired by then, and is no longer looked for.
    this.clock.advance(30_000);
    const left = { sessions: this.server.sessions.size, timers: this.clock.timers };
    return left;
  }

  #answer({ command, headers, body }: HeardFrame, version: Version | undefined): HeardAnswer {
    const plain = (answer: Answer): HeardAnswer => ({ answer, name: undefined });
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
        throw new Error(`A client heard ${command}.`);
    }
  }

  #message(
    headers: HeardFrame['headers'],
    body: string,
    version: Version | undefined,
  ): HeardAnswer {
    const { subscription, destination = '', ack } = headers;
    const id = headers['message-id']!;
    const original = headers['original-destination'];
    // Before STOMP 1.2 the name of a delivery stands in the place of the message's id.
    const acknowledged = version === '1.2' ? ack !== undefined : !id.startsWith('m');
    const count = Number(headers['delivery-count'] ?? 1);
    if ((headers['redelivered'] === 'true') !== count > 1) throw new Error(`redelivered, ${count}`);
    const told = destination === problemQueue;
    const unique = body !== '' && !told && original === undefined;
    if (unique && id.startsWith('m')) this.#checkId(body, id);
    return {
      name: ack ?? id,
      answer: {
        kind: 'message',
        subscription,
        destination,
        body: told ? problemOf(body) : body,
        count,
        retained: headers['retained'] === 'true',
        original,
        acknowledged,
      },
    };
  }

  /** A publication has one id, wherever it is heard. */
  #checkId(publication: string, id: string): void {
    const known = this.#ids.get(publication) ?? id;
    if (known !== id) throw new Error(`${publication} came as ${known} and as ${id}.`);
    this.#ids.set(publication, id);
  }
}

function problemOf(body: string): string {
  const { code, destination, receipt } = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify({ code, destination, receipt });
}
