// SockJS frames: shared bytes, messages that are not text, and messages over WebSocket.
import { describe, expect, it } from 'vitest';
import { EncodedFrame } from '../../../src/message/encoded-frame.js';
import { joinableFraming } from '../../../src/transport/http-session/framing.js';
import {
  inWebSocket,
  messagesFrame,
  parseWebSocketMessages,
} from '../../../src/transport/sockjs/frame.js';
import { plainFraming } from '../../../src/transport/websocket-frame.js';

const encoded = (text: string) => new EncodedFrame(Buffer.from(text), false);

describe('messages', () => {
  it('of a batch are one frame', () => {
    const batch = encoded('x').batch(joinableFraming).with(encoded('"y"'), joinableFraming);
    expect(String(messagesFrame(batch.bytes()))).toBe('a["x","\\"y\\""]');
  });

  it('are framed once for all WebSockets with the same framing', () => {
    const frame = encoded('x');
    expect(inWebSocket(plainFraming)).toBe(inWebSocket(plainFraming));
    expect(frame.framedBy(inWebSocket(plainFraming))).toBe(
      frame.framedBy(inWebSocket(plainFraming)),
    );
    expect([...frame.framedBy(inWebSocket(plainFraming))]).toEqual([
      0x81,
      6,
      ...Buffer.from('a["x"]'),
    ]);
  });

  it('that are not text are refused over WebSocket, each time', () => {
    const bytes = new EncodedFrame(Uint8Array.of(0xff, 0), true);
    const textRequired = expect.objectContaining({ code: 'text-required' });
    for (let i = 0; i < 2; i++) {
      expect(() => bytes.framedBy(inWebSocket(plainFraming))).toThrow(textRequired);
      expect(() => bytes.batch(inWebSocket(plainFraming))).toThrow(textRequired);
    }
  });
});

describe('messages of a client', () => {
  const overWebSocket = (json: string) => parseWebSocketMessages(Buffer.from(json));

  it('are an array of strings, one string or none, over WebSocket', () => {
    expect(overWebSocket('["a","b"]')).toEqual(['a', 'b']);
    expect(overWebSocket('"a"')).toEqual(['a']);
    expect(overWebSocket('')).toEqual([]);
    expect(overWebSocket('1')).toBeUndefined();
  });
});
