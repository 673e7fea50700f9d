// Interoperability with the parser and the writer of @stomp/stompjs.
import { FrameImpl, Parser as StompjsParser, type IRawFrameType } from '@stomp/stompjs';
import { describe, expect, it } from 'vitest';
import { stompCodec } from '../../../src/wire/stomp/codec.js';
import { decodeStomp } from '../decoding.js';

function parseWithStompjs(bytes: Uint8Array): FrameImpl[] {
  const frames: FrameImpl[] = [];
  const take = (raw: IRawFrameType) => void frames.push(FrameImpl.fromRawFrame(raw, true));
  new StompjsParser(take, () => {}).parseChunk(Uint8Array.from(bytes).buffer);
  return frames;
}

describe('@stomp/stompjs', () => {
  it('parses our frames', () => {
    const encoder = stompCodec.encoder('1.2');
    const message = {
      destination: '/topic/a:b',
      headers: new Map([
        ['content-type', 'application/json'],
        ['note', 'a:b\\d\r\ne'],
      ]),
      body: Buffer.from('{"text":"né\0"}'),
    };
    const [frame] = parseWithStompjs(
      encoder.encode({ kind: 'message', subscription: 'sub-0', messageId: 'm:1', message }).bytes,
    );
    expect(frame).toMatchObject({ command: 'MESSAGE', body: '{"text":"né\0"}' });
    expect(frame!.headers).toEqual({
      subscription: 'sub-0',
      'message-id': 'm:1',
      destination: '/topic/a:b',
      'content-type': 'application/json',
      note: 'a:b\\d\r\ne',
      'content-length': '15',
    });
  });

  it('writes frames that the decoder reads', () => {
    const frame = {
      command: 'SEND',
      headers: { destination: '/app/a:b', note: 'c:d\\e\r\nf' },
      escapeHeaderValues: true,
    };
    const text = FrameImpl.marshall({ ...frame, body: 'né' } as Parameters<
      typeof FrameImpl.marshall
    >[0]) as string;
    const binary = FrameImpl.marshall({ ...frame, binaryBody: Uint8Array.of(0, 255) } as Parameters<
      typeof FrameImpl.marshall
    >[0]) as ArrayBuffer;
    const headers = new Map([['note', 'c:d\\e\r\nf']]);
    expect(decodeStomp('1.2', `${text}\n`)[0]).toMatchObject({
      kind: 'send',
      message: { destination: '/app/a:b', headers, body: Buffer.from('né') },
    });
    expect(decodeStomp('1.2', new Uint8Array(binary))[0]).toMatchObject({
      kind: 'send',
      message: { headers, body: Buffer.from([0, 255]) },
    });
  });
});
