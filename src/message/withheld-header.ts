// Headers of client frames that are not passed on: those that only the server may set, and those that are fields of the frame.
import { noHeaders, type Headers, type RepeatedHeaders } from './message.js';

/** Headers that only the server may send to subscribers; all occurrences in client frames are dropped. */
const serverOwned = [
  'message-id',
  'subscription',
  'receipt',
  'receipt-id',
  'ack',
  'redelivered',
  'delivery-count',
  'retained',
  'content-length',
  'transaction',
  'session',
  'user-name',
  'dropped',
  'original-destination',
];

export const withheld = {
  connect: new Set(['passcode']),
  send: new Set(['destination', ...serverOwned]),
  subscribe: new Set(['destination', 'id', ...serverOwned]),
} as const satisfies Record<string, ReadonlySet<string>>;

/**
 * The headers of a client that are passed on: all but those whose name, without escapes and without surrounding white space, is
 * withheld. Names are case-sensitive, as in STOMP. Clients such as stompjs trim names, so ` user-name` would forge `user-name`.
 */
export function passedOn(headers: Headers, names: ReadonlySet<string>): Headers {
  let rest: Map<string, string> | undefined;
  for (const [name, value] of headers)
    if (!isWithheld(name, names)) (rest ??= new Map()).set(name, value);
  return rest ?? noHeaders;
}

/** As `passedOn`, for the further values of repeated headers; undefined when none is left. */
export function repeatedPassedOn(
  repeated: RepeatedHeaders,
  names: ReadonlySet<string>,
): RepeatedHeaders | undefined {
  const rest = [...repeated].filter(([name]) => !isWithheld(name, names));
  return rest.length === 0 ? undefined : new Map(rest);
}

function isWithheld(name: string, names: ReadonlySet<string>): boolean {
  if (names.has(name)) return true;
  const trimmed = trimName(name);
  // The server rewrites `reply-to`; a client that trims names would read ` reply-to` unchanged.
  return trimmed !== name && (names.has(trimmed) || trimmed === 'reply-to');
}

/** White space of Unicode, and control and format characters, which the `trim` functions of some languages remove too. */
const invisible = /^[\p{White_Space}\p{Cc}\p{Cf}]+|[\p{White_Space}\p{Cc}\p{Cf}]+$/gu;

function trimName(name: string): string {
  const isPlain =
    isVisibleAscii(name.charCodeAt(0)) && isVisibleAscii(name.charCodeAt(name.length - 1));
  return isPlain ? name : name.replaceAll(invisible, '');
}

function isVisibleAscii(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
