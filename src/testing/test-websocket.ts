// A client of a WebSocket handler under test, and the list of these clients.
import type { ClientFrame } from '../message/frame.js';
import type { RawFrame } from '../server/websocket-client.js';
import type { MemoryClient } from '../transport/memory.js';
import { ClientState } from './client-state.js';
import type { TestEnvironment } from './environment.js';
import {
  callSiteOf,
  formatCount,
  formatEnd,
  formatValue,
  type CallSite,
  type SessionEnd,
} from './failure.js';
import { turns } from './real-time.js';

/** @internal */
export interface WebSocketParts {
  readonly environment: TestEnvironment;
  readonly connection: MemoryClient;
}

/** A client of a WebSocket handler; `TestServer.connectWebSocket()` returns it. */
export class TestWebSocket {
  readonly #parts: WebSocketParts;
  readonly #state: ClientState;
  readonly #received: (string | Uint8Array)[] = [];
  #read = 0;
  readonly #readers: ((data: string | Uint8Array) => void)[] = [];
  /** For each message that the server has not started to process: resolves the call that sent it. */
  readonly #unstarted: ((handled: boolean) => void)[] = [];

  /** @internal */
  constructor(
    /** Session id. */
    readonly session: string,
    user: string | undefined,
    parts: WebSocketParts,
  ) {
    this.#parts = parts;
    this.#state = new ClientState(session, user);
    const { connection, environment } = parts;
    environment.clients.set(session, this.#state);
    connection.onData = (bytes, binary) =>
      this.#receive(binary === true ? bytes : Buffer.from(bytes).toString());
    void connection.closed.then((end) => {
      this.#state.end = end;
      for (const resolve of this.#unstarted.splice(0)) resolve(false);
    });
  }

  /** Name of the client in failure messages, such as `ann (session-1)`. */
  get label(): string {
    return this.#state.label;
  }

  /** True until either side has closed the connection. */
  get isOpen(): boolean {
    return this.#state.end === undefined;
  }

  /** How the session ended; undefined while it is open. */
  get closed(): SessionEnd | undefined {
    return this.#state.readEnd();
  }

  /** All messages that the client has received, in order: text as strings, binary as bytes. */
  get messages(): readonly (string | Uint8Array)[] {
    this.#read = this.#received.length;
    return [...this.#received];
  }

  /**
   * Sends a message: a string as text, bytes as binary. Resolves when the handler has processed it and everything that it caused has
   * arrived; with false when the handler has failed, or the session has ended before.
   *
   * @throws {TestFailure} when the session has ended, or the handler still runs after the `timeout` of the test server
   */
  async send(data: string | Uint8Array): Promise<boolean> {
    const site = callSiteOf(this, 'send');
    this.#requireOpen('send()', site);
    const { environment } = this.#parts;
    return environment.waitForFrame(this.#sendLast(data), `A message of ${this.label}`, site);
  }

  /**
   * Sends one message in parts, all strings or all bytes. A handler with `maxPartBytes` receives them one by one, and any other
   * handler the whole message. Resolves as `send()`, when the handler has returned. Do not send another message before. Without parts,
   * the message is an empty text.
   *
   * @throws {TestFailure} as `send()`; also when the handler does not take a part within the `timeout` of the test server
   */
  async sendParts(
    parts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  ): Promise<boolean> {
    const site = callSiteOf(this, 'sendParts');
    this.#requireOpen('sendParts()', site);
    let empty: string | Uint8Array = '';
    for await (const part of parts) {
      if (!this.isOpen) return false;
      this.#parts.connection.send(part, true);
      if (typeof part !== 'string') empty = new Uint8Array(0);
    }
    if (!this.isOpen) return false;
    const { environment } = this.#parts;
    const handling = this.#sendLast(empty);
    return environment.waitForFrame(handling, `A message of ${this.label}`, site);
  }

  /**
   * Returns the next message that the test has not read. Waits while a handler runs.
   *
   * @throws {TestFailure} when there is none and no more messages can arrive
   */
  async next(): Promise<string | Uint8Array> {
    const site = callSiteOf(this, 'next');
    if (this.#read < this.#received.length) return this.#received[this.#read++]!;
    return new Promise((resolve, reject) => {
      this.#readers.push(resolve);
      void this.#parts.environment.waitForLastMessage().then((reason) => {
        const index = this.#readers.indexOf(resolve);
        if (index < 0) return;
        this.#readers.splice(index, 1);
        reject(this.#noMessage(reason, site));
      });
    });
  }

  /** Stops reading, as a slow client does; the server's messages wait in its connection. */
  pause(): void {
    this.#parts.connection.pause();
  }

  /** Continues to read after `pause`. */
  resume(): void {
    this.#parts.connection.resume();
  }

  /** Closes the connection with a code and a reason. Resolves when `close` of the handler has been called. */
  async close(code = 1000, reason = ''): Promise<void> {
    this.#state.expectEnd();
    this.#parts.connection.close(code, reason);
    await turns(1);
  }

  /** Ends the connection without a close frame, as a lost network does; the handler sees 1006. */
  async vanish(): Promise<void> {
    this.#state.expectEnd();
    this.#parts.connection.vanish();
    await turns(1);
  }

  /** Closes an open connection at the end of a test. @internal */
  async leave(): Promise<void> {
    if (this.isOpen) await this.close();
  }

  /** The server starts to process the next message. @internal */
  messageStarted(): (handled: boolean) => void {
    return this.#unstarted.shift() ?? (() => {});
  }

  /**
   * Lists the abnormal end that the test has not read.
   *
   * @param strict also lists unread messages
   * @internal
   */
  listUnread(strict: boolean): string[] {
    const { label, end, hasUnreadEnd } = this.#state;
    const unread = this.#received.length - this.#read;
    return [
      ...(hasUnreadEnd
        ? [`${label} was ${formatEnd(end!)}. The test has not read its 'closed'.`]
        : []),
      ...(strict && unread > 0 ? [`${label} has not read ${formatCount(unread, 'message')}.`] : []),
    ];
  }

  #requireOpen(method: string, site: CallSite): void {
    const { end, label } = this.#state;
    if (end === undefined) return;
    throw this.#parts.environment.failure(
      site,
      `${method}: the session of ${label} was ${formatEnd(end)}.`,
    );
  }

  /** Sends a message, or the last part of one. Resolves when the server has processed it. */
  #sendLast(data: string | Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      this.#unstarted.push(resolve);
      this.#parts.connection.send(data);
    });
  }

  #receive(data: string | Uint8Array): void {
    this.#received.push(data);
    const reader = this.#readers.shift();
    if (reader === undefined) return;
    this.#read++;
    reader(data);
  }

  #noMessage(reason: string, site: CallSite): Error {
    const { environment } = this.#parts;
    const { end, label } = this.#state;
    const why = end === undefined ? reason : `The session was ${formatEnd(end)}.`;
    const before = this.#received.map((data) => `  ${formatValue(data)}`);
    const received = before.length === 0 ? '' : ' It received before:';
    return environment.failure(
      site,
      [`${label} has no message to read. ${why}${received}`, ...before].join('\n'),
    );
  }
}

/** The clients of WebSocket handlers, by session. */
export class TestWebSockets {
  /** The paths of the handlers. */
  paths: readonly string[] = [];
  readonly #bySession = new Map<string, TestWebSocket>();
  #opening: (() => (handled: boolean) => void) | undefined;

  /** Must be called before a client connects: the server begins to open its session in the same call. */
  nextOpened(): { readonly begun: boolean; readonly done: Promise<boolean> } {
    const opened = { begun: false, done: Promise.resolve(false) };
    this.#opening = () => {
      this.#opening = undefined;
      opened.begun = true;
      let end!: (handled: boolean) => void;
      opened.done = new Promise((resolve) => (end = resolve));
      return end;
    };
    return opened;
  }

  add(client: TestWebSocket): void {
    this.#opening = undefined;
    this.#bySession.set(client.session, client);
  }

  all(): Iterable<TestWebSocket> {
    return this.#bySession.values();
  }

  /** The server starts to process a frame; undefined when it is not the frame of such a client. */
  frameStarted(frame: ClientFrame, session: string): ((handled: boolean) => void) | undefined {
    if (frame.kind === 'connect') return this.#opening?.();
    // A call that sends parts waits for the last one.
    if ((frame as Partial<RawFrame>).more === true) return undefined;
    return this.#bySession.get(session)?.messageStarted();
  }
}
