// Encoded MESSAGE frames: frames of one message share bytes, and the cache of frames is bounded.
import { describe, expect, it } from 'vitest';
import type { MessageFrame } from '../../src/message/frame.js';
import { EncodedMessages } from '../../src/wire/encoded-messages.js';

const message: MessageFrame['message'] = {
  destination: '/topic/x',
  headers: new Map(),
  body: Buffer.alloc(10 * 1024, 'x'),
};

function frame(subscription: string): MessageFrame {
  return { kind: 'message', subscription, messageId: 'm', message };
}

function encodedMessages(): EncodedMessages {
  return new EncodedMessages(() => ({
    head: (subscription) => `MESSAGE\nsubscription:${subscription}\n`,
    before: '\n',
    body: message.body,
    after: Buffer.of(0),
    binary: false,
  }));
}

describe('frames of one message', () => {
  it('are one object for each subscription id', () => {
    const messages = encodedMessages();
    const [first, second] = [messages.encode(frame('1')), messages.encode(frame('2'))];
    expect(messages.encode(frame('1'))).toBe(first);
    expect(messages.encode(frame('2'))).toBe(second);
    expect(second).not.toBe(first);
    expect(Buffer.from(second.bytes).toString()).toMatch(/^MESSAGE\nsubscription:2\n\nx+\0$/);
  });

  it('are cached up to 1 MiB, so that a message with a thousand subscription ids takes no more', () => {
    const messages = encodedMessages();
    const ids = Array.from({ length: 200 }, (_, i) => `${i}`);
    const frames = ids.map((id) => messages.encode(frame(id)));
    const cached = ids.filter((id, i) => messages.encode(frame(id)) === frames[i]);
    const bytes = cached.length * frames[0]!.bytes.length;
    expect(bytes).toBeGreaterThan(900 * 1024);
    // The frame of the first subscription is kept in addition.
    expect(bytes).toBeLessThanOrEqual(1024 * 1024 + frames[0]!.bytes.length);
  });
});
