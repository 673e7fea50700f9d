// Invalid input: the messages of a client in each protocol, the documented answer, and the server under test.
import { format } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { errorCodes, type ErrorCode, type Logger, type MemoryTransport } from '../../src/index.js';
import { closeCodeOf } from '../../src/message/error.js';
import type { ConnectionEnd } from '../clients/connection.js';
import { connectJson, openJson, type JsonFrame } from '../clients/json.js';
import { rawServer } from '../clients/server.js';
import {
  connected,
  connectStomp,
  frameText,
  openStomp,
  type StompFrame,
  type StompHeaders,
  type StompVersion,
} from '../clients/stomp.js';
import { FailingController, RecoveringController } from './controller.js';
import { secret } from './failing-values.js';

export { secret } from './failing-values.js';

type Protocol = 'stomp' | 'json';
type Bytes = string | Uint8Array;

/** One or several messages; or the reason why the protocol cannot express the input. */
type Input = Bytes | readonly Bytes[] | { readonly lacks: string };

/** Everything that the client receives. */
export interface Answer {
  /** Absent when the server accepts the input. */
  readonly code?: ErrorCode;
  /** Text of the problem, if it differs from the table of codes. */
  readonly text?: string;
  /** The error that the close code belongs to, if it is not `code`. */
  readonly cause?: ErrorCode;
  /** True when the frame was decoded before it was rejected, so that it did not break the protocol. */
  readonly decoded?: boolean;
  /** The receipt of the frame: in the problem, or alone. */
  readonly receipt?: string;
  /** Paths of the invalid fields. */
  readonly fields?: readonly string[];
  /** Heart-beats in the answer to CONNECT. */
  readonly connected?: readonly [number, number];
  /** A problem that belongs to no frame, at any time; only sessions that receive problems get it. */
  readonly later?: ErrorCode | undefined;
  /** The reason why the session ends without an error frame. */
  readonly closes?: ErrorCode | 'disconnect';
}

export interface InvalidInput extends Readonly<Record<Protocol, Input>> {
  readonly name: string;
  readonly answer: Answer | Readonly<Record<Protocol, Answer>>;
  /** True when the input replaces CONNECT. */
  readonly first?: boolean;
  /** STOMP version, default 1.2. */
  readonly version?: StompVersion;
  /** Milliseconds until the answer. */
  readonly delay?: number;
  /** Runs after the input. By default the client publishes a valid message. */
  readonly afterwards?: 'nothing' | 'vanish';
}

/** The receipt that frames ask for. */
export const receipt = 'asked';

/** A topic without subscribers. */
export const elsewhere = '/topic/elsewhere';

const commands =
  'CONNECT, STOMP, SEND, SUBSCRIBE, UNSUBSCRIBE, ACK, NACK, BEGIN, COMMIT, ABORT, DISCONNECT';
const types =
  'connect, send, subscribe, unsubscribe, ack, nack, begin, commit, abort, disconnect, ping, pong';

/** The answer to a command that is unknown. @param type the type of the JSON frame, if the answer repeats it */
export function unknownCommand(type?: string) {
  const code = 'command-unknown';
  const name = type === undefined ? '' : ` '${type}'`;
  return {
    stomp: { code, text: `The command is unknown; the known ones are ${commands}.` },
    json: { code, text: `The type${name} is unknown; the known ones are ${types}.` },
  } as const;
}

/** The answer to a JSON frame without a type. */
export const missingType = {
  code: 'command-unknown',
  text: `The field type is missing; the known ones are ${types}.`,
} as const;

/** The answer to a frame with too many bytes. */
export const largeFrame = {
  code: 'frame-too-large',
  text: 'A frame may have at most 65536 bytes (limits.maxFrameBytes).',
} as const;

/** A frame in both protocols, which asks for a receipt. */
export function frame(type: string, fields: StompHeaders = {}) {
  return {
    stomp: frameText(type.toUpperCase(), { receipt, ...fields }),
    json: JSON.stringify({ type, receipt, ...fields }),
  };
}

/** SEND in both protocols, which asks for a receipt; the body is JSON. */
export function send(destination: string, body = '', headers: StompHeaders = {}) {
  const json = JSON.stringify({ type: 'send', destination, receipt, headers });
  return {
    stomp: frameText('SEND', { destination, receipt, ...headers }, body),
    json: body === '' ? json : `${json.slice(0, -1)},"payload":${body}}`,
  };
}

/** SUBSCRIBE in both protocols, which asks for a receipt. */
export function subscribe(destination: string, id = 'new', headers: StompHeaders = {}) {
  const fields = { id, destination, receipt };
  return {
    stomp: frameText('SUBSCRIBE', { ...fields, ...headers }),
    json: JSON.stringify({ type: 'subscribe', ...fields, headers }),
  };
}

export function bytes(...parts: (string | readonly number[])[]): Uint8Array {
  return Buffer.concat(parts.map((part) => Buffer.from(part as string)));
}

/** The messages of the input; undefined when the protocol cannot express it. */
function messagesOf(input: Input): readonly Bytes[] | undefined {
  if (typeof input === 'string' || input instanceof Uint8Array) return [input];
  return 'lacks' in input ? undefined : input;
}

/** A receipt, the answer to CONNECT, or a problem, in the same form for all protocols. */
interface Received {
  readonly code?: string | undefined;
  readonly text?: string | undefined;
  readonly receipt?: string | undefined;
  readonly fields?: readonly string[] | undefined;
  readonly connected?: readonly number[] | undefined;
  /** True when the frame reports the end of the session. */
  readonly fatal?: boolean | undefined;
}

interface SenderKind {
  readonly name: string;
  readonly protocol: Protocol;
  /** True when a rejected frame leaves the session open. */
  readonly receivesProblems: boolean;
  open(transport: MemoryTransport, input: InvalidInput): Sender;
}

const senderKinds: readonly SenderKind[] = [
  stompSender('STOMP without problem queue', '/topic/own'),
  stompSender('STOMP with problem queue', '/user/queue/errors'),
  { name: 'JSON', protocol: 'json', receivesProblems: true, open: jsonSender },
];

function stompSender(name: string, destination: string): SenderKind {
  return {
    name,
    protocol: 'stomp',
    receivesProblems: destination === '/user/queue/errors',
    open(transport, { version = '1.2' }) {
      const client = openStomp(transport);
      return {
        connection: client.connection,
        async connect() {
          await connected(client, { 'accept-version': version });
          await client.subscribe('own', destination);
        },
        publish: (topic, text) => client.publish(topic, {}, text),
        received: () => client.received.map(receivedByStomp),
      };
    },
  };
}

/** The client that sends the input. */
type Sender = ReturnType<typeof jsonSender>;

function jsonSender(transport: MemoryTransport) {
  const client = openJson(transport);
  return {
    connection: client.connection,
    /** Connects, and subscribes something as `own`. */
    async connect() {
      client.send({ type: 'connect' });
      await client.next('connected');
      await client.subscribe('own', '/topic/own');
    },
    publish(destination: string, payload: string) {
      const headers = { 'content-type': 'text/plain' };
      client.send({ type: 'send', destination, payload, headers });
    },
    received: () => client.received.map(receivedByJson),
  };
}

function receivedByStomp({ command, headers, body }: StompFrame): Received {
  const { code, message = '', 'receipt-id': receipt } = headers;
  switch (command) {
    case 'CONNECTED':
      return { connected: headers['heart-beat']!.split(',').map(Number) };
    case 'RECEIPT':
      return { receipt };
    case 'MESSAGE':
      return { ...problemOf(JSON.parse(body) as Problem), fatal: false };
    default: {
      const lines = code === 'payload-invalid' ? body.match(/^[^:\n]*(?=:)/gm) : null;
      const text = message.replaceAll('\\c', ':');
      return { code, text, receipt, fields: unique(lines ?? []), fatal: true };
    }
  }
}

function receivedByJson(frame: JsonFrame): Received {
  switch (frame['type']) {
    case 'connected':
      return { connected: frame['heartbeat'] as number[] };
    case 'receipt':
      return { receipt: frame['id'] as string };
    default:
      return { ...problemOf(frame as unknown as Problem), fatal: frame['fatal'] as boolean };
  }
}

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly receipt?: string;
  readonly fields?: readonly { readonly path: string }[];
}

function problemOf({ code, message, receipt, fields = [] }: Problem): Received {
  return { code, text: message, receipt, fields: unique(fields.map(({ path }) => path)) };
}

/** A field that breaks several rules is listed once; undefined for no fields. */
function unique(paths: readonly string[]): readonly string[] | undefined {
  return paths.length === 0 ? undefined : [...new Set(paths)];
}

/** The text of an error; some texts name the destination. */
function textOf(code: ErrorCode): string {
  const named: Partial<Record<ErrorCode, RegExp>> = {
    'no-route': /^Nothing serves '[^']*' for (SEND|SUBSCRIBE)\. [^]/,
    'destination-refused': /^Clients may not (send|subscribe) to '[^']+'\.$/,
  };
  const pattern = named[code];
  return pattern === undefined
    ? errorCodes[code].text
    : (expect.stringMatching(pattern) as unknown as string);
}

/** The documented frames, in any order: a problem of no frame may come before the receipt. */
function documentedFrames(answer: Answer, receivesProblems: boolean): readonly Received[] {
  const { code, text, receipt, fields, connected, later } = answer;
  if (code !== undefined) {
    const fatal = documentedEnd(answer, receivesProblems) !== undefined;
    if (!fatal && !receivesProblems) return [];
    return [{ code, text: text ?? textOf(code), receipt, fields, fatal }];
  }
  const frames: Received[] = [];
  if (connected !== undefined) frames.push({ connected });
  if (receipt !== undefined) frames.push({ receipt });
  if (later !== undefined && receivesProblems)
    frames.push({ code: later, text: errorCodes[later].text, fatal: false });
  return frames;
}

/** Undefined when the session stays open. */
function documentedEnd(answer: Answer, receivesProblems: boolean): ConnectionEnd | undefined {
  const { code, closes, decoded, cause, receipt } = answer;
  if (closes === 'disconnect') return { code: 1000, reason: '' };
  const reason = code ?? closes;
  if (reason === undefined) return undefined;
  const breaksProtocol = errorCodes[reason].class === 'client-mistake' && decoded !== true;
  if (!breaksProtocol && (receivesProblems || receipt === undefined)) return undefined;
  return { code: closeCodeOf(cause ?? reason), reason };
}

/** Formats as the console does, which reads errors and objects, and then throws. */
const throwingLog = (text: string, cause?: unknown): never => {
  throw new Error(format(text, cause));
};
const logger: Logger = { error: throwingLog, warn: throwingLog, info: throwingLog };

const news = '/topic/news';

/** A server with two other clients, which must receive everything that is published to the topic of news. */
async function startServer() {
  const controllers = [FailingController, RecoveringController];
  const parts = await rawServer('memory', { controllers, logger });
  const stomp = await connectStomp(parts.memory, {}, { principal: { name: 'bystander' } });
  await stomp.subscribe('b', news);
  await stomp.subscribe('problems', '/user/queue/errors');
  const json = await connectJson(parts.memory);
  await json.subscribe('b', news);
  return {
    ...parts,
    publish: (text: string) => stomp.publish(news, {}, text),
    delivered: () => [
      stomp.received.map(({ body }) => body),
      json.received.map(({ payload }) => payload),
    ],
  };
}

async function check(input: InvalidInput, kind: SenderKind): Promise<void> {
  const { clock, memory, server, publish, delivered } = await startServer();
  const answer = 'stomp' in input.answer ? input.answer[kind.protocol] : input.answer;
  const frames = documentedFrames(answer, kind.receivesProblems);
  const vanishes = input.afterwards === 'vanish';
  const expectedEnd = vanishes
    ? { code: 1006, reason: '' }
    : documentedEnd(answer, kind.receivesProblems);

  const sender = kind.open(memory, input);
  const { connection } = sender;
  let end: ConnectionEnd | undefined;
  let text = '';
  const { onData } = connection;
  connection.onData = (data) => {
    text += Buffer.from(data).toString();
    onData?.(data);
  };
  void connection.closed.then((closed) => void (end = closed));

  if (input.first !== true) {
    await sender.connect();
    sender.publish(news, 'before');
  }
  for (const message of messagesOf(input[kind.protocol])!) connection.send(message);
  if (input.afterwards === undefined) sender.publish(news, 'after');
  if (vanishes) connection.vanish();
  if (input.delay !== undefined) await clock.advance(input.delay);
  await server.idle();

  expect(sender.received()).toEqual(expect.arrayContaining([...frames]));
  expect(sender.received()).toHaveLength(frames.length);
  expect(end).toEqual(expectedEnd);
  expect(text).not.toContain(secret);
  expect(text).not.toMatch(/ {4}at |node_modules|\.[jt]s:\d/);

  publish('late');
  await server.idle();
  const accepted = [
    ...(input.first === true ? [] : ['before']),
    ...(expectedEnd === undefined ? ['after'] : []),
    'late',
  ];
  expect(delivered()).toEqual([accepted, accepted]);
  expect(server.sessions.size).toBe(expectedEnd === undefined ? 3 : 2);

  await server.close();
  expect(server.sessions.size).toBe(0);
  expect(clock.timers).toEqual([]);
}

/**
 * Sends each input from each kind of client: it receives only the documented answer, other clients continue to receive, and the
 * server has no remaining timer, session or rejected promise.
 */
export function testInvalidInput(inputs: readonly InvalidInput[]): void {
  const unhandled: unknown[] = [];
  const keep = (error: unknown) => void unhandled.push(error);
  const objectKeys = Reflect.ownKeys(Object.prototype);
  beforeAll(() => {
    // Replaced because a logger that throws is reported on the console.
    vi.spyOn(console, 'error').mockReturnValue();
    process.on('unhandledRejection', keep).on('uncaughtException', keep);
  });
  afterAll(() => {
    vi.restoreAllMocks();
    process.off('unhandledRejection', keep).off('uncaughtException', keep);
  });

  describe.each(senderKinds)('$name', (kind) => {
    const expressible = inputs.filter((input) => messagesOf(input[kind.protocol]) !== undefined);
    it.each(expressible)('$name', async (input) => {
      await check(input, kind);
      expect(unhandled.splice(0)).toEqual([]);
      expect(Reflect.ownKeys(Object.prototype)).toEqual(objectKeys);
    });
  });
}
