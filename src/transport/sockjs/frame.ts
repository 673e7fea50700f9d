// SockJS frames: one letter, and for messages and closes a JSON array.
import { EncodedFrame, type Framing } from '../../message/encoded-frame.js';
import { MessagingError } from '../../message/error.js';
import { bytesOf, textOf } from './text.js';

export const openFrame: Uint8Array = Buffer.from('o');
export const heartbeatFrame: Uint8Array = Buffer.from('h');

export function closeFrame(code: number, reason: string): Uint8Array {
  return Buffer.from(`c[${code},${quoted(reason)}]`);
}

/**
 * The framing of sessions over HTTP: a comma and the message as a JSON string. All receivers share these bytes, because each receiver
 * makes its own frame of any number of joined messages with `messagesFrame`.
 */
export const joinableFraming: Framing = {
  frame: (encoded) => Buffer.from(`,${quotedFrame(encoded)}`),
};

const messagesStart = Buffer.from('a[');
const messagesEnd = Buffer.from(']');

/** The frame of messages that `joinableFraming` has framed. */
export function messagesFrame(joined: Uint8Array): Uint8Array {
  return Buffer.concat([messagesStart, joined.subarray(1), messagesEnd]);
}

const webSocketFramings = new WeakMap<Framing, Framing>();

/** The framing of SockJS over WebSocket: each message is a SockJS frame in its own WebSocket message. One for each framing of WebSockets. */
export function inWebSocket(webSocket: Framing): Framing {
  let framing = webSocketFramings.get(webSocket);
  if (framing === undefined) {
    framing = {
      frame: (encoded) => webSocket.frame(textFrame(Buffer.from(`a[${quotedFrame(encoded)}]`))),
    };
    webSocketFramings.set(webSocket, framing);
  }
  return framing;
}

/** A frame for a framing of WebSockets. */
export function textFrame(bytes: Uint8Array): EncodedFrame {
  return new EncodedFrame(bytes, false);
}

/** @throws {MessagingError} `text-required` for bytes that are not text: SockJS has no binary messages */
function quotedFrame({ bytes }: EncodedFrame): string {
  const text = textOf(bytes);
  if (text === undefined) throw new MessagingError('text-required');
  return quoted(text);
}

/** Characters that browsers and proxies change and `JSON.stringify` does not escape: controls and lone surrogates. */
const fragile = /[\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]/g;

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    fragile,
    (character) => `\\u${character.charCodeAt(0).toString(16)}`,
  );
}

/** The messages of a client in a JSON array of strings; undefined for anything else. */
export function parseMessages(json: Uint8Array): readonly Uint8Array[] | undefined {
  const parsed = parse(json);
  return isTexts(parsed) ? parsed.map(bytesOf) : undefined;
}

/** As `parseMessages`, but over WebSocket one string is one message, and an empty text is none. */
export function parseWebSocketMessages(json: Uint8Array): readonly Uint8Array[] | undefined {
  if (json.length === 0) return [];
  const parsed = parse(json);
  if (typeof parsed === 'string') return [bytesOf(parsed)];
  return isTexts(parsed) ? parsed.map(bytesOf) : undefined;
}

function parse(json: Uint8Array): unknown {
  const text = textOf(json);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
