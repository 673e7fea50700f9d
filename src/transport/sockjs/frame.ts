// SockJS frames: one letter, and for messages and closes a JSON array.
import { EncodedFrame, type Framing } from '../../message/encoded-frame.js';
import { messagesOf, parseJson, quoted, quotedFrame } from '../http-session/framing.js';

export const openFrame: Uint8Array = Buffer.from('o');
export const heartbeatFrame: Uint8Array = Buffer.from('h');

export function closeFrame(code: number, reason: string): Uint8Array {
  return Buffer.from(`c[${code},${quoted(reason)}]`);
}

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

/** As `parseMessages`, but over WebSocket one string is one message, and an empty text is none. */
export function parseWebSocketMessages(json: Uint8Array): Iterable<string> | undefined {
  if (json.length === 0) return [];
  const parsed = parseJson(json);
  return typeof parsed === 'string' ? [parsed] : messagesOf(parsed, json);
}
