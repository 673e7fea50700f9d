// Sends the frames of a test client and waits until the server has processed them.
import { MessagingError } from '../message/error.js';
import type { ClientFrame, Heartbeat, ServerFrame } from '../message/frame.js';
import type { Message } from '../message/message.js';
import type { MemoryClient } from '../transport/memory.js';
import type { ClientProtocol } from './client-protocol.js';
import type { ClientState } from './client-state.js';
import type { TestEnvironment } from './environment.js';
import { describeProblem } from './explain.js';
import { failureAt, type CallSite, type TestFailure } from './failure.js';
import { writeMessage } from './messages.js';
import type { SendOptions } from './options.js';
import { turns } from './real-time.js';

export interface ConnectionParts {
  readonly environment: TestEnvironment;
  readonly state: ClientState;
  readonly connection: MemoryClient;
  readonly protocol: ClientProtocol;
  readonly onFrame: (frame: ServerFrame | Heartbeat) => void;
}

export class ClientConnection {
  readonly #parts: ConnectionParts;
  /** One function for each frame that the server has not started to process. It resolves the call that sent the frame. */
  readonly #unstarted: ((processed: boolean) => void)[] = [];

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { connection, protocol, state, onFrame } = parts;
    connection.onData = (bytes) => {
      for (const frame of protocol.decode(bytes)) onFrame(frame);
    };
    void connection.closed.then((end) => {
      state.end = end;
      // The server will not process these frames; frames that it has started still finish.
      for (const resolve of this.#unstarted.splice(0)) resolve(false);
    });
  }

  /** Sends a frame. Resolves when everything that it caused has arrived: true if processed, false if rejected or dropped. */
  async send(frame: ClientFrame, site: CallSite): Promise<boolean> {
    const { environment, connection, protocol, state } = this.#parts;
    const name = describeFrame(frame);
    this.requireOpen(name, site);
    const processing = new Promise<boolean>((resolve) => {
      this.#unstarted.push(resolve);
      connection.send(protocol.encode(frame));
    });
    return environment.waitForFrame(processing, `${name} of ${state.label}`, site);
  }

  sendHeartbeat(site: CallSite): void {
    const { connection, protocol } = this.#parts;
    this.requireOpen('heart-beat', site);
    connection.send(protocol.encode({ kind: 'heartbeat' }));
  }

  /** Called when the server starts to process the next frame, in the order of sending. */
  frameStarted(): (processed: boolean) => void {
    return this.#unstarted.shift() ?? (() => {});
  }

  /** Closes the connection with a code, or cuts it off without one. */
  async close(code?: number): Promise<void> {
    const { connection } = this.#parts;
    if (code === undefined) connection.vanish();
    else connection.close(code);
    await turns(1);
  }

  /** @throws {TestFailure} when the session has ended */
  requireOpen(action: string, site: CallSite): void {
    const { state } = this.#parts;
    if (state.end === undefined) return;
    const end = state.describeEnd(state.end);
    throw this.failure(site, `${action}: the session of ${state.label} was ${end}.`);
  }

  /** @throws {TestFailure} when no converter can write the payload */
  writeMessage(
    destination: string,
    payload: unknown,
    { headers = {} }: SendOptions,
    site: CallSite,
  ): Message {
    try {
      return writeMessage(destination, payload, headers, this.#parts.environment.payloads);
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      throw this.failure(site, `SEND ${destination}: ${error.message}`);
    }
  }

  /**
   * Creates the error for a frame that the server rejected. It is not a failed expectation, because a test may expect the
   * rejection.
   */
  rejection(frame: string, site: CallSite): TestFailure {
    const { environment, state } = this.#parts;
    const problem = state.readLatestProblem();
    const reason = problem === undefined ? '.' : `: ${describeProblem(environment, problem)}`;
    return failureAt(site, `${frame} of ${state.label} was rejected${reason}`, problem);
  }

  failure(site: CallSite, message: string): TestFailure {
    return this.#parts.environment.failure(site, message);
  }
}

/** Names a frame in texts, such as `SEND /app/hello`. */
function describeFrame(frame: ClientFrame): string {
  const command = frame.kind.toUpperCase();
  if (frame.kind === 'send') return `${command} ${frame.message.destination}`;
  if ('destination' in frame) return `${command} ${frame.destination}`;
  return 'transaction' in frame ? `${command} ${frame.transaction}` : command;
}
