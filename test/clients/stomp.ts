// The STOMP client of the tests: sends frames or raw bytes over any connection, and keeps the frames that it receives.
import { deepEqual, equal, ok } from 'node:assert/strict';
import type { MemoryClient, MemoryClientOptions, MemoryTransport } from '../../src/index.js';
import {
  tcpConnection,
  type ClientConnection,
  type ConnectionEnd,
  type TcpClientConnection,
} from './connection.js';

export type StompVersion = '1.0' | '1.1' | '1.2';

/** Headers of a frame to send, without escaping. Undefined headers are omitted. */
export type StompHeaders = Readonly<Record<string, string | number | undefined>>;

/** A received frame. */
export class StompFrame {
  readonly body: string;
  readonly #bytes: Buffer;

  constructor(
    readonly command: string,
    /** As received, with escapes; the first of a repeated header. */
    readonly headers: Readonly<Record<string, string>>,
    bytes: Buffer,
  ) {
    this.#bytes = bytes;
    this.body = bytes.toString();
  }

  /** The body. */
  get bytes(): Buffer {
    return this.#bytes;
  }
}

/** The text of a frame, ready to send. */
export function frameText(command: string, headers: StompHeaders = {}, body = ''): string {
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

/** Encodes and decodes frames. */
export interface FrameFormat {
  text(command: string, headers?: StompHeaders, body?: string): string;
  /** Throws when a frame is malformed. */
  parse(bytes: Buffer): ParsedFrames;
  /** True for a frame that rejects another one: methods that wait for frames reject when it arrives. @default never */
  isRejection?(frame: StompFrame): boolean;
}

export class StompClient<C extends ClientConnection = ClientConnection> {
  /** Received frames that no method has returned yet. */
  readonly received: StompFrame[] = [];
  /** All received frames. */
  readonly history: StompFrame[] = [];
  /** Undefined while the connection is open. */
  end: ConnectionEnd | undefined;
  /** Number of line ends received between frames. */
  heartbeats = 0;
  readonly #chunks: Buffer[] = [];
  /** Number of bytes that have to arrive before there can be another frame. */
  #missing = 1;
  #malformed: Error | undefined;
  #waiting: (() => void)[] = [];
  #receipts = 0;

  /** @param format another protocol in the names of STOMP */
  constructor(
    readonly connection: C,
    readonly format: FrameFormat = { text: frameText, parse: parseFrames },
  ) {
    connection.onData = (bytes) => {
      // Joined only when a frame may be complete: a large frame arrives in hundreds of chunks.
      this.#chunks.push(Buffer.from(bytes));
      this.#missing -= bytes.length;
      if (this.#missing > 0) return;
      try {
        const { frames, heartbeats, rest, missing } = format.parse(
          Buffer.concat(this.#chunks.splice(0)),
        );
        this.received.push(...frames);
        this.history.push(...frames);
        this.heartbeats += heartbeats;
        this.#chunks.push(rest);
        this.#missing = missing;
      } catch (error) {
        this.#malformed = error as Error;
      }
      this.#wake();
    };
    void connection.closed.then((end) => {
      this.end = end;
      this.#wake();
    });
  }

  /** Sends raw bytes or text. */
  write(...parts: readonly (string | Uint8Array)[]): void {
    this.connection.send(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  }

  send(command: string, headers?: StompHeaders, body?: string): void {
    this.connection.send(this.format.text(command, headers, body));
  }

  /** Sends SEND. */
  publish(destination: string, headers: StompHeaders = {}, body = 'x'): void {
    this.send('SEND', { destination, ...headers }, body);
  }

  /** Sends a frame that asks for a receipt, and waits for the receipt. */
  async request(command: string, headers: StompHeaders = {}, body = ''): Promise<void> {
    const receipt = `receipt-${++this.#receipts}`;
    this.send(command, { ...headers, receipt }, body);
    await this.#take(
      (frame) => frame.command === 'RECEIPT' && frame.headers['receipt-id'] === receipt,
      `a receipt for ${command}`,
    );
  }

  subscribe(id: string, destination: string, headers: StompHeaders = {}): Promise<void> {
    return this.request('SUBSCRIBE', { id, destination, ...headers });
  }

  /** Returns the next frame of this command; frames of other commands stay in `received`. Rejects when the connection ends. */
  async next(command: string): Promise<StompFrame> {
    return this.#take((frame) => frame.command === command, command);
  }

  /** Returns the next frame. Rejects when its command is not one of these. */
  async expect(...commands: readonly string[]): Promise<StompFrame> {
    const expected = commands.join(' or ');
    await this.#until(() => this.received.length > 0, expected);
    const frame = this.received.shift()!;
    ok(commands.includes(frame.command), `Expected ${expected}, received ${describe(frame)}`);
    return frame;
  }

  /** Returns the bodies of the next messages. Rejects when another frame arrives first. */
  async texts(count: number): Promise<string[]> {
    const texts = [];
    for (let i = 0; i < count; i++) texts.push((await this.expect('MESSAGE')).body);
    return texts;
  }

  /** Waits until the server has processed all frames of this client; rejects when the client has received frames. */
  async expectNone(): Promise<void> {
    await this.request('SEND', { destination: '/topic/without/subscribers' }, '');
    deepEqual(this.received, []);
  }

  /** Expects ERROR and the end of the connection. */
  async expectError(): Promise<StompFrame> {
    const error = await this.expect('ERROR');
    const { headers, body, bytes } = error;
    ok((headers['message'] ?? '') !== '', 'The ERROR has no message.');
    if (body !== '') equal(headers['content-length'], String(bytes.length));
    await this.expectEnd();
    return error;
  }

  /** Waits for the end of the connection; rejects when a frame arrives before. */
  async expectEnd(): Promise<void> {
    await this.connection.closed;
    deepEqual(this.received, []);
  }

  /** Waits for a line end between frames. */
  async heartbeat(): Promise<void> {
    await this.#until(() => this.heartbeats > 0, 'a heart-beat');
    this.heartbeats = 0;
  }

  async #take(matches: (frame: StompFrame) => boolean, expected: string): Promise<StompFrame> {
    await this.#until(() => this.received.some(matches), expected);
    return this.received.splice(this.received.findIndex(matches), 1)[0]!;
  }

  async #until(condition: () => boolean, expected: string): Promise<void> {
    while (!condition()) {
      if (this.#malformed !== undefined) throw this.#malformed;
      const received = this.received.map(describe).join('; ');
      ok(
        this.end === undefined,
        `The connection ended, expected ${expected}; received: ${received}`,
      );
      const rejection = this.received.find((frame) => this.format.isRejection?.(frame));
      ok(rejection === undefined, `Expected ${expected}; received: ${received}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export interface ParsedFrames {
  readonly frames: readonly StompFrame[];
  /** Number of line ends between frames. */
  readonly heartbeats: number;
  /** The beginning of another frame. */
  readonly rest: Buffer;
  /** Minimum number of bytes that are missing for that frame. */
  readonly missing: number;
}

/** Parses received frames. Throws when one is malformed. */
export function parseFrames(bytes: Buffer): ParsedFrames {
  const frames: StompFrame[] = [];
  let heartbeats = 0;
  let rest = bytes;
  const parsed = (missing: number): ParsedFrames => ({ frames, heartbeats, rest, missing });
  for (;;) {
    while (rest[0] === 0x0a) {
      rest = rest.subarray(1);
      heartbeats++;
    }
    const head = rest.indexOf('\n\n');
    if (head < 0) return parsed(1);
    const [command = '', ...lines] = utf8.decode(rest.subarray(0, head)).split('\n');
    // Reversed: the first of a repeated header counts.
    const headers = Object.fromEntries(lines.map(headerOf).toReversed());
    const start = head + 2;
    const length = headers['content-length'];
    const end = length === undefined ? rest.indexOf(0, start) : start + Number(length);
    if (end < 0) return parsed(1);
    if (rest.length <= end) return parsed(end + 1 - rest.length);
    equal(rest[end], 0, `No NUL behind the body of ${command}.`);
    frames.push(new StompFrame(command, headers, rest.subarray(start, end)));
    rest = rest.subarray(end + 1);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function headerOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  ok(colon > 0 && !line.includes('\r'), `Not a header: ${JSON.stringify(line)}`);
  return [line.slice(0, colon), line.slice(colon + 1)];
}

/** A frame in one line, for error texts. */
export function describe({ command, headers, body }: StompFrame): string {
  return `${command} ${JSON.stringify(headers)} ${body.slice(0, 200)}`;
}

export type MemoryStompClient = StompClient<MemoryClient>;

/** A client in memory that has not sent CONNECT. */
export function openStomp(
  transport: MemoryTransport,
  options?: MemoryClientOptions,
): MemoryStompClient {
  return new StompClient(transport.connect(options));
}

/** A connected client in memory. */
export function connectStomp(
  transport: MemoryTransport,
  headers: StompHeaders = {},
  options?: MemoryClientOptions,
): Promise<MemoryStompClient> {
  return connected(openStomp(transport, options), headers);
}

export type TcpStompClient = StompClient<TcpClientConnection>;

/** A client on TCP that has not sent CONNECT. */
export function openTcp(port: number): TcpStompClient {
  return new StompClient(tcpConnection(port));
}

/** A connected client on TCP. */
export function connectTcp(port: number, headers: StompHeaders = {}): Promise<TcpStompClient> {
  return connected(openTcp(port), headers);
}

/** Sends CONNECT and waits for CONNECTED. */
export async function connected<C extends StompClient>(
  client: C,
  headers: StompHeaders = {},
): Promise<C> {
  client.send('CONNECT', { 'accept-version': '1.2', host: 'test', ...headers });
  await client.next('CONNECTED');
  return client;
}
