// The clients of the cases: the STOMP client of all tests, which also sends and receives JSON frames under the names of STOMP.
import {
  frameText,
  parseFrames,
  StompFrame,
  type FrameFormat,
  type StompClient,
  type StompHeaders,
} from '../clients/stomp.js';
import type { Protocol } from './case.js';

/** A problem that the server reported: in a MESSAGE of the problem queue, or in an ERROR frame. */
export interface ReceivedProblem {
  readonly code: string;
  readonly message: string;
  readonly destination: string | undefined;
  /** The whole problem as text. */
  readonly text: string;
}

/** The subscription that `connect` makes for problems. */
const problemSubscription = 'problems';

const isProblem = ({ headers }: StompFrame) => headers['subscription'] === problemSubscription;

export interface ConnectHeaders {
  /** Whether to subscribe to the problem queue. Default false; JSON clients receive problems without it. */
  readonly problems?: boolean;
  readonly [header: string]: string | boolean | undefined;
}

/** Sends CONNECT, waits for CONNECTED, and subscribes to problems where the protocol needs that. */
export async function connect(
  client: StompClient,
  protocol: Protocol,
  { problems = false, ...headers }: ConnectHeaders = {},
): Promise<void> {
  const version = {
    'stomp-1.0': undefined,
    'stomp-1.1': '1.1',
    'stomp-1.2': '1.2',
    json: undefined,
  };
  client.send('CONNECT', {
    'accept-version': version[protocol],
    host: 'test',
    ...(headers as StompHeaders),
  });
  await client.next('CONNECTED');
  if (problems && protocol !== 'json')
    await client.subscribe(problemSubscription, '/user/queue/errors');
}

/** Sends ACK or NACK for a message as the protocol version does. */
export function acknowledge(
  client: StompClient,
  protocol: Protocol,
  { headers }: StompFrame,
  command: 'ACK' | 'NACK' = 'ACK',
  more: StompHeaders = {},
): void {
  const { ack, subscription, 'message-id': id } = headers;
  const names: Readonly<Record<Protocol, StompHeaders>> = {
    'stomp-1.0': { 'message-id': id },
    'stomp-1.1': { 'message-id': id, subscription },
    'stomp-1.2': { id: ack },
    json: { id: ack },
  };
  client.send(command, { ...names[protocol], ...more });
}

/** All problems that a client has received, in order. */
export function problemsOf({ history }: StompClient): readonly ReceivedProblem[] {
  return history.flatMap((frame) => {
    const { command, headers, body } = frame;
    if (command === 'ERROR') {
      const { code = '', message = '', destination } = headers;
      return [{ code, message, destination, text: `${JSON.stringify(headers)} ${body}` }];
    }
    if (command !== 'MESSAGE' || !isProblem(frame)) return [];
    return [{ ...(JSON.parse(body) as Omit<ReceivedProblem, 'text'>), text: body }];
  });
}

/** The messages that a client has received, in order. */
export function messagesOf({ history }: StompClient, subscription?: string): readonly StompFrame[] {
  return history.filter(
    (frame) =>
      frame.command === 'MESSAGE' &&
      !isProblem(frame) &&
      (subscription === undefined || frame.headers['subscription'] === subscription),
  );
}

// A session may stay open after a rejected frame, so that an expected frame would never arrive.
const isRejection = (frame: StompFrame) => frame.command === 'ERROR' || isProblem(frame);

export function formatOf(protocol: Protocol): FrameFormat {
  return protocol === 'json'
    ? { text: jsonText, parse: parseJson, isRejection }
    : { text: frameText, parse: parseFrames, isRejection };
}

/** Fields of a JSON frame; all other headers belong to its `headers`. */
const jsonFields = /^(?:id|destination|ack|receipt|transaction|login|passcode|host)$/;

function jsonText(command: string, headers: StompHeaders = {}, body = ''): string {
  const fields: Record<string, unknown> = { type: command.toLowerCase() };
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers))
    (jsonFields.test(name) ? fields : others)[name] = value;
  const head = JSON.stringify({ ...fields, headers: others });
  if (body === '') return `${head}\n`;
  // A JSON body is sent as it is: parsing it would change large numbers.
  return `${head.slice(0, -1)},"payload":${isJson(body) ? body : JSON.stringify(body)}}\n`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseJson(bytes: Buffer): ReturnType<FrameFormat['parse']> {
  const end = bytes.lastIndexOf('\n') + 1;
  const lines = bytes.toString('utf8', 0, end).split('\n');
  const frames = lines.filter((line) => line !== '').map(jsonFrame);
  return {
    frames,
    heartbeats: lines.length - frames.length - 1,
    rest: bytes.subarray(end),
    missing: 1,
  };
}

/** A JSON frame of the server under the names of STOMP. */
function jsonFrame(line: string): StompFrame {
  const { type, headers, payload, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const names: Readonly<Record<string, string>> = {
    user: 'user-name',
    receipt: 'receipt-id',
    id: type === 'receipt' ? 'receipt-id' : 'message-id',
  };
  const own = Object.entries(fields).map(([name, value]) => [names[name] ?? name, textOf(value)]);
  const all = { ...(headers as StompHeaders), ...Object.fromEntries(own) } as Record<
    string,
    string
  >;
  return new StompFrame((type as string).toUpperCase(), all, Buffer.from(textOf(payload)));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
