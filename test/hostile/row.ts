// One row of hostile input: what a client says in the words of each protocol, and the answer that is documented for it.
import type { ErrorCode } from '../../src/index.js';
import { frameText } from '../stomp-client.js';

export type Protocol = 'stomp' | 'json';

export type Octets = string | Uint8Array;

/** One message, or several; or, in one word, what the protocol lacks to say it. */
export type Input = Octets | readonly Octets[] | { readonly lacks: string };

/** What the client hears of it, and nothing else. */
export interface Answer {
  /** Absent where the server takes what was said. */
  readonly code?: ErrorCode;
  /** Where it is more precise than the table of codes. */
  readonly text?: string;
  /** Whether the frame was understood before it was refused: then no code ends a session that survives problems. */
  readonly understood?: boolean;
  /** What the answer names of the frame; alone it is a receipt. */
  readonly receipt?: string;
  /** The paths of the fields at fault. */
  readonly fields?: readonly string[];
  /** The heart-beats of a client that is let in. */
  readonly connected?: readonly [number, number];
  /** A problem of no frame, sooner or later; only who survives problems hears of it. */
  readonly beside?: ErrorCode | undefined;
  /** Why the session ends where no frame says so. */
  readonly closes?: ErrorCode | 'as it said';
}

export interface HostileRow extends Readonly<Record<Protocol, Input>> {
  readonly name: string;
  readonly answer: Answer | Readonly<Record<Protocol, Answer>>;
  /** Said in place of CONNECT. */
  readonly first?: boolean;
  /** Of STOMP; 1.2 where nothing is said. */
  readonly version?: '1.0' | '1.1';
  /** Milliseconds until the answer comes. */
  readonly lasts?: number;
  /** What becomes of the client when it has said this; where nothing is said, it publishes something decent. */
  readonly afterwards?: 'silent' | 'gone';
}

/** Stands wherever a client sends what must not come back. */
export const secret = 'h4rmful';

/** The receipt that frames ask for. */
export const asked = 'asked';

type Headers = Readonly<Record<string, string>>;

/** A frame of both protocols, whose words for it are one in another case; it asks for a receipt. */
export function frame(type: string, fields: Headers = {}) {
  return {
    stomp: frameText(type.toUpperCase(), { receipt: asked, ...fields }),
    json: JSON.stringify({ type, receipt: asked, ...fields }),
  };
}

/** A SEND that asks for a receipt, in both protocols; the body is JSON as it stands. */
export function sent(destination: string, body = '', headers: Headers = {}) {
  const frame = JSON.stringify({ type: 'send', destination, receipt: asked, headers });
  return {
    stomp: frameText('SEND', { destination, receipt: asked, ...headers }, body),
    json: body === '' ? frame : `${frame.slice(0, -1)},"payload":${body}}`,
  };
}

/** A SUBSCRIBE that asks for a receipt, in both protocols. */
export function subscribed(destination: string, id = 'new', headers: Headers = {}) {
  const fields = { id, destination, receipt: asked };
  return {
    stomp: frameText('SUBSCRIBE', { ...fields, ...headers }),
    json: JSON.stringify({ type: 'subscribe', ...fields, headers }),
  };
}

export function octets(...parts: (string | readonly number[])[]): Uint8Array {
  return Buffer.concat(parts.map((part) => Buffer.from(part as string)));
}

export function answerOf({ answer }: HostileRow, protocol: Protocol): Answer {
  return 'stomp' in answer ? answer[protocol] : answer;
}

/** What is sent one after the other; undefined where the protocol cannot say it. */
export function messagesOf(row: HostileRow, protocol: Protocol): readonly Octets[] | undefined {
  const input = row[protocol];
  if (typeof input === 'string' || input instanceof Uint8Array) return [input];
  return 'lacks' in input ? undefined : input;
}
