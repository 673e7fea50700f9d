// A raw client for all protocols and transports: sends frames or bytes, and keeps the frames that it receives.
import { connect as connectSocket } from 'node:net';
import { WebSocket } from 'ws';
import type { MemoryTransport } from '../../src/index.js';
import { frameText, parseFrames, type StompFrame } from '../clients/stomp.js';
import { WrongAnswer, type Protocol, type TransportName } from './case.js';

export type Frame = Pick<StompFrame, 'command' | 'headers' | 'body'>;

/** Header names and values, as a STOMP client writes them. JSON clients send the same as fields and `headers`. */
export type Headers = Readonly<Record<string, string>>;

export interface End {
  /** Undefined over TCP, where no close code travels. */
  readonly code: number | undefined;
}

/** A problem that the server reported: in a MESSAGE of the problem queue, or in an ERROR frame. */
export interface ReceivedProblem {
  readonly code: string;
  readonly message: string;
  readonly destination: string | undefined;
  /** The whole problem as text. */
  readonly text: string;
}

/** Where the server listens. */
export interface Ports {
  readonly memory: MemoryTransport;
  readonly webSocket: number | undefined;
  readonly tcp: number | undefined;
}

export interface OpenOptions {
  readonly protocol: Protocol;
  readonly transport: TransportName;
  /** HTTP headers of a WebSocket handshake. */
  readonly httpHeaders?: Headers;
}

/** The bytes of one connection, whatever the transport is. */
interface RawConnection {
  write(bytes: Uint8Array): void;
  close(): void;
}

interface ConnectionEvents {
  received(chunk: Uint8Array): void;
  ended(code: number | undefined): void;
}

/** The subscription that `Client.connect` makes for problems. */
const problemSubscription = 'problems';
/** Fields of a JSON frame; all other headers belong to its `headers`. */
const jsonFields = new Set([
  'id',
  'destination',
  'ack',
  'receipt',
  'transaction',
  'login',
  'passcode',
  'host',
]);
/** How the fields of the server's JSON frames are called in STOMP. */
const stompNames: Readonly<Record<string, string>> = {
  user: 'user-name',
  receipt: 'receipt-id',
};

export class Client {
  /** All frames received, in order. */
  readonly received: Frame[] = [];
  /** The same as the server has written them. */
  receivedText = '';
  /** How the connection ended; undefined while it is open. */
  end: End | undefined;
  readonly #unread: Frame[] = [];
  #rest = Buffer.alloc(0);
  #wake: (() => void)[] = [];
  #connection!: RawConnection;
  #receipts = 0;

  private constructor(readonly protocol: Protocol) {}

  /** Opens a connection and sends nothing. */
  static async open(ports: Ports, options: OpenOptions): Promise<Client> {
    const client = new Client(options.protocol);
    client.#connection = await openConnection(ports, options, {
      received: (chunk) => client.#receive(Buffer.from(chunk)),
      ended: (code) => {
        client.end ??= { code };
        client.#changed();
      },
    });
    return client;
  }

  /** Sends CONNECT, waits for CONNECTED, and subscribes to problems where the protocol needs that. */
  async connect({ problems = false, ...headers }: ConnectHeaders = {}): Promise<void> {
    const accepted: Headers = {
      'stomp-1.0': {},
      'stomp-1.1': { 'accept-version': '1.1' },
      'stomp-1.2': { 'accept-version': '1.2' },
      json: {},
    }[this.protocol] as Headers;
    this.send('CONNECT', { ...accepted, host: 'test', ...(headers as Headers) });
    await this.next('CONNECTED');
    if (problems && this.protocol !== 'json')
      await this.subscribe(problemSubscription, '/user/queue/errors');
  }

  /** Sends a frame, named and written as in STOMP. */
  send(command: string, headers: Headers = {}, body = ''): void {
    this.write(this.text(command, headers, body));
  }

  /** The text of a frame in the client's protocol. */
  text(command: string, headers: Headers = {}, body = ''): string {
    return this.protocol === 'json'
      ? jsonText(command, headers, body)
      : frameText(command, headers, body);
  }

  /** Sends bytes as they are: one message where the transport has messages. */
  write(bytes: string | Uint8Array): void {
    this.#connection.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  }

  /** Several frames in one write, which a stream delivers at once. WebSocket and memory take one JSON frame a message. */
  sendTogether(frames: readonly (readonly [command: string, headers?: Headers, body?: string])[]) {
    const texts = frames.map((frame) => this.text(...frame));
    if (this.protocol === 'json') for (const text of texts) this.write(text);
    else this.write(texts.join(''));
  }

  /** Sends a frame and resolves with its RECEIPT. */
  async request(command: string, headers: Headers = {}, body = ''): Promise<void> {
    const receipt = `receipt-${++this.#receipts}`;
    this.send(command, { ...headers, receipt }, body);
    await this.#take(
      (frame) => frame.command === 'RECEIPT' && frame.headers['receipt-id'] === receipt,
      `a RECEIPT for ${command} ${headers['destination'] ?? ''}`,
    );
  }

  async subscribe(id: string, destination: string, headers: Headers = {}): Promise<void> {
    await this.request('SUBSCRIBE', { id, destination, ...headers });
  }

  /** Acknowledges a message as the protocol version does. */
  acknowledge({ headers }: Frame, command: 'ACK' | 'NACK' = 'ACK', more: Headers = {}): void {
    const { ack = '', subscription = '' } = headers;
    const id = headers['message-id'] ?? '';
    const names: Headers = {
      'stomp-1.0': { 'message-id': id },
      'stomp-1.1': { 'message-id': id, subscription },
      'stomp-1.2': { id: ack },
      json: { id: ack },
    }[this.protocol];
    this.send(command, { ...names, ...more });
  }

  /** The next unread frame of this command; frames of other commands stay unread. */
  next(command: string): Promise<Frame> {
    return this.#take((frame) => frame.command === command, command);
  }

  /** Resolves when the connection has ended. */
  async ended(): Promise<End> {
    while (this.end === undefined) await this.#change();
    return this.end;
  }

  /** All problems received, in order. */
  get problems(): readonly ReceivedProblem[] {
    return this.received.flatMap((frame) => {
      const { command, headers, body } = frame;
      if (command === 'ERROR') return [errorOf(frame)];
      if (command !== 'MESSAGE' || headers['subscription'] !== problemSubscription) return [];
      return [{ ...(JSON.parse(body) as Omit<ReceivedProblem, 'text'>), text: body }];
    });
  }

  /** The messages received for one subscription, in order. */
  messages(subscription?: string): readonly Frame[] {
    return this.received.filter(
      ({ command, headers }) =>
        command === 'MESSAGE' &&
        headers['subscription'] !== problemSubscription &&
        (subscription === undefined || headers['subscription'] === subscription),
    );
  }

  close(): void {
    this.#connection.close();
  }

  async #take(wanted: (frame: Frame) => boolean, what: string): Promise<Frame> {
    for (;;) {
      const index = this.#unread.findIndex(wanted);
      if (index >= 0) return this.#unread.splice(index, 1)[0]!;
      // A refusal that the session survives comes in place of the frame.
      const refusal = this.#unread.find(
        ({ command, headers }) =>
          command === 'ERROR' || headers['subscription'] === problemSubscription,
      );
      if (refusal !== undefined)
        throw new WrongAnswer(`Expected ${what}, received ${show(refusal)}.`);
      if (this.end !== undefined)
        throw new WrongAnswer(`Expected ${what}, but the server ended the connection.`);
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #changed(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  #receive(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(this.protocol === 'json' ? '\n' : '\0') + 1;
    this.#rest = bytes.subarray(end);
    const text = bytes.toString('utf8', 0, end);
    this.receivedText += text;
    const frames =
      this.protocol === 'json'
        ? text.split('\n').flatMap((line) => (line === '' ? [] : [jsonFrame(line)]))
        : parseFrames(Buffer.from(text)).frames;
    if (frames.length === 0) return;
    this.received.push(...frames);
    this.#unread.push(...frames);
    this.#changed();
  }
}

export interface ConnectHeaders {
  /** Whether to subscribe to the problem queue. Default false; JSON clients receive problems without it. */
  readonly problems?: boolean;
  readonly [header: string]: string | boolean | undefined;
}

/** A frame in one line, for error texts. */
export function show({ command, headers, body }: Frame): string {
  const text = [command, ...Object.entries(headers).map(([name, value]) => `${name}:${value}`)];
  return `${text.join(' ')} ${body}`.slice(0, 300).trim();
}

async function openConnection(
  ports: Ports,
  { transport, protocol, httpHeaders = {} }: OpenOptions,
  events: ConnectionEvents,
): Promise<RawConnection> {
  switch (transport) {
    case 'memory': {
      const client = ports.memory.connect({ headers: httpHeaders });
      client.onData = (bytes) => events.received(bytes);
      void client.closed.then(({ code }) => events.ended(code));
      return { write: (bytes) => client.send(bytes), close: () => client.vanish() };
    }
    case 'tcp': {
      const socket = connectSocket({ port: ports.tcp!, host: '127.0.0.1', noDelay: true });
      socket.on('data', (chunk) => events.received(chunk));
      socket.on('error', () => {});
      socket.on('close', () => events.ended(undefined));
      await new Promise((resolve) => socket.on('connect', resolve).on('error', resolve));
      return { write: (bytes) => void socket.write(bytes), close: () => socket.destroy() };
    }
    case 'websocket-text':
    case 'websocket-binary': {
      const offered =
        protocol === 'json' ? ['v1.json.signalbox'] : ['v12.stomp', 'v11.stomp', 'v10.stomp'];
      const socket = new WebSocket(`ws://127.0.0.1:${ports.webSocket}/ws`, offered, {
        headers: httpHeaders,
      });
      socket.on('message', (data: Buffer) => events.received(data));
      socket.on('error', () => {});
      socket.on('close', (code) => events.ended(code));
      await new Promise((resolve) => socket.on('open', resolve).on('close', resolve));
      const binary = transport === 'websocket-binary';
      return {
        write: (bytes) => socket.send(bytes, { binary }),
        close: () => socket.terminate(),
      };
    }
    default:
      return transport satisfies never;
  }
}

function jsonText(command: string, headers: Headers, body: string): string {
  const fields: Record<string, unknown> = { type: command.toLowerCase() };
  const others: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    (jsonFields.has(name) ? fields : others)[name] = value;
  const head = JSON.stringify({ ...fields, headers: others });
  if (body === '') return `${head}\n`;
  const payload = isJson(body) ? body : JSON.stringify(body);
  return `${head.slice(0, -1)},"payload":${payload}}\n`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A JSON frame of the server in the names of STOMP. */
function jsonFrame(line: string): Frame {
  const {
    type,
    headers = {},
    payload,
    ...fields
  } = JSON.parse(line) as {
    readonly type: string;
    readonly headers?: Headers;
    readonly payload?: unknown;
  } & Readonly<Record<string, unknown>>;
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    const isReceiptId = name === 'id' && type === 'receipt';
    const stompName = isReceiptId
      ? 'receipt-id'
      : name === 'id'
        ? 'message-id'
        : (stompNames[name] ?? name);
    own[stompName] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  const body =
    payload === undefined ? '' : typeof payload === 'string' ? payload : JSON.stringify(payload);
  return { command: type.toUpperCase(), headers: { ...headers, ...own }, body };
}

function errorOf({ headers, body }: Frame): ReceivedProblem {
  const { code = '', message = '', destination } = headers;
  return { code, message, destination, text: `${JSON.stringify(headers)} ${body}` };
}
