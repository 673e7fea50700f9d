// The real server of a run: clients in memory, a clock that the run moves, and the frames that its clients receive.
import { sequentialIds, testClock } from 'signalbox/testing';
import { createServer, EmbeddedBroker, memoryTransport } from '../../src/index.js';
import {
  openStomp,
  type MemoryStompClient,
  type StompFrame,
  type StompVersion,
} from '../clients/stomp.js';
import { deadLetters, retainedTopic, problemQueue } from './broker-model.js';
import type { Settings } from './script.js';
import { sessionLimits } from './server-model.js';
import type { Answer } from './session-model.js';
import { replacing } from '../replace.js';

/** A received answer, and the name of the delivery in ACK and NACK. */
export interface ReceivedAnswer {
  readonly answer: Answer;
  readonly name: string | undefined;
}

/** The headers of answers that the model knows, by command. */
const answerHeaders: Readonly<Record<string, readonly string[]>> = {
  CONNECTED: ['version'],
  RECEIPT: ['receipt-id'],
  ERROR: ['code', 'receipt-id'],
  MESSAGE: [
    'subscription',
    'destination',
    'redelivered',
    'delivery-count',
    'retained',
    'original-destination',
  ],
};

export type RealServer = Awaited<ReturnType<typeof openRealServer>>;

export async function openRealServer({ onRejectedFrame, ...queue }: Settings) {
  const transport = memoryTransport();
  const clock = testClock({ date: 0 });
  /** Number of turns that the server has scheduled with its clock. */
  let tasks = 0;
  const soon = (action: () => void) => {
    tasks++;
    clock.soon(() => {
      tasks--;
      action();
    });
  };
  const errors: string[] = [];
  const server = await createServer({
    transports: [transport],
    endpoints: [],
    broker: new EmbeddedBroker({
      queue: { ...queue, deadLetters },
      retain: { destinations: [retainedTopic] },
    }),
    ids: sequentialIds(),
    clock: replacing(clock, { soon }),
    logger: { info() {}, warn() {}, error: (text) => void errors.push(text) },
    // The model has no shares: one client can use up the few queues.
    limits: { ...sessionLimits, shares: 1 },
    onRejectedFrame,
  });
  await server.start();

  const clients = new Map<number, MemoryStompClient>();
  /** The id of each publication, by its body. */
  const ids = new Map<string, string>();
  const connection = (client: number) => clients.get(client)!.connection;
  /** Resolves when the server has no work. `Server.idle` would also wait for readers that have stopped. */
  async function idle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (tasks > 0);
  }

  function answerOf(
    { command, headers, body }: StompFrame,
    version: StompVersion | undefined,
  ): ReceivedAnswer {
    const names = answerHeaders[command];
    if (names === undefined) throw new Error(`A client received ${command}.`);
    const known = Object.fromEntries(names.map((name) => [name, headers[name]]));
    if (command !== 'MESSAGE') return { answer: { command, headers: known }, name: undefined };
    const { ack, 'message-id': id = '' } = headers;
    const isProblem = headers['destination'] === problemQueue;
    const original = headers['original-destination'];
    if (body !== '' && !isProblem && original === undefined) checkId(body, publicationIdOf(id));
    // Before STOMP 1.2, message-id is the name of the delivery, and no header shows whether it waits for ACK.
    const acknowledged = version === '1.2' ? ack !== undefined : undefined;
    const text = isProblem ? problemOf(body) : body;
    return { name: ack ?? id, answer: { command, headers: known, body: text, acknowledged } };
  }

  /** A publication has the same id for all clients. */
  function checkId(publication: string, id: string): void {
    const known = ids.get(publication) ?? id;
    if (known !== id) throw new Error(`${publication} has the ids ${known} and ${id}.`);
    ids.set(publication, id);
  }

  return {
    server,
    clock,
    /** Errors that were logged. */
    errors,
    idle,
    connection,
    connect: (client: number) => void clients.set(client, openStomp(transport)),

    /** Sends bytes, which are given as characters, in several parts. */
    send(client: number, bytes: string, cuts: readonly number[]): void {
      const places = cuts.map((share) => Math.floor(share * bytes.length));
      const ends = [...places, bytes.length].toSorted((a, b) => a - b);
      for (const [i, end] of ends.entries())
        connection(client).send(Buffer.from(bytes.slice(ends[i - 1] ?? 0, end), 'latin1'));
    },

    /** Returns the answers that the client has received since the last call, and how its connection ended. */
    received(client: number, version: StompVersion | undefined) {
      const { received, end } = clients.get(client)!;
      const answers = received.splice(0).map((frame) => answerOf(frame, version));
      if (end !== undefined) clients.delete(client);
      return { answers, end };
    },

    /** Ends all connections, and returns what remains. */
    async empty(): Promise<{ sessions: number; timers: number }> {
      for (const client of clients.keys()) connection(client).vanish();
      await idle();
      // After this time all messages have expired, and the server has stopped its search for expired messages.
      await clock.advance(30_000);
      return { sessions: server.sessions.size, timers: clock.timers.length };
    },
  };
}

/** Without the marks of deliveries: of a session queue, and of a message that a session receives twice. */
function publicationIdOf(messageId: string): string {
  return messageId.replace(/^own-|@.*$/g, '');
}

function problemOf(body: string): string {
  const { code, destination, receipt } = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify({ code, destination, receipt });
}
