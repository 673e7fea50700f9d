// One hostile input in the words of each protocol, and the documented answer.
import type { ErrorCode, FieldProblem } from '../../src/index.js';
import { frameText } from '../stomp-client.js';

/** What is said in one go, or in several messages. */
export type Said = string | Uint8Array | readonly (string | Uint8Array)[];

export interface Row {
  readonly name: string;
  /** What a STOMP 1.2 client says; absent where STOMP has no words for it. */
  readonly stomp?: Said;
  /** What a JSON client says; absent where JSON has no words for it. */
  readonly json?: Said;
  /**
   * The code that is answered: one that closes ends the session, after any other it lives on. Undefined: the input is taken, and
   * nothing is said about it.
   */
  readonly code?: ErrorCode;
  /** Where the protocols find different words for what is wrong. */
  readonly jsonCode?: ErrorCode;
  /** The receipt that the failed frame asked for. */
  readonly receipt?: string;
  readonly fields?: readonly FieldProblem[];
  /** Said in place of CONNECT, not after it. */
  readonly first?: true;
}

/** Stands in inputs where an answer must not repeat it. */
export const marker = 'MARKER';

export const stomp = frameText;

export function json(type: string, fields: object = {}): string {
  return JSON.stringify({ type, ...fields });
}

export function octets(...parts: readonly (string | readonly number[])[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
}

export function many(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`h${i}`, 'x']));
}

/** A SEND of JSON with the receipt `r`, as both protocols say it. */
export function sent(destination: string, payload: string) {
  const receipt = 'r';
  const headers = { destination, receipt, 'content-type': 'application/json' };
  return {
    stomp: stomp('SEND', headers, payload),
    json: json('send', { destination, receipt, payload: 0 }).replace('0}', () => `${payload}}`),
    receipt,
  };
}
