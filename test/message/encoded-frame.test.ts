// Encoded frames: framed once a transport kind, and batches that all who got the same frames share.
import { describe, expect, it } from 'vitest';
import { EncodedFrame, type Framing } from '../../src/message/encoded-frame.js';

/** Counts what it frames. */
function marking(mark: string): Framing & { count: number } {
  return {
    count: 0,
    frame({ bytes }) {
      this.count++;
      return Buffer.from(`${mark}${Buffer.from(bytes).toString()}`);
    },
  };
}

const frame = (text: string) => new EncodedFrame(Buffer.from(text), false);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('an encoded frame', () => {
  it('is framed once for all that ask in a row', () => {
    const framing = marking('>');
    const encoded = frame('a');
    expect(text(encoded.framedBy(framing))).toBe('>a');
    expect(encoded.framedBy(framing)).toBe(encoded.framedBy(framing));
    expect(framing.count).toBe(1);
  });

  it('is framed anew for another transport kind, and batches never mix the two', () => {
    const [first, second] = [marking('>'), marking('#')];
    const encoded = frame('a');
    expect(text(encoded.batch(first).bytes())).toBe('>a');
    expect(text(encoded.batch(second).with(frame('b'), second).bytes())).toBe('#a#b');
    expect(text(encoded.batch(first).bytes())).toBe('>a');
  });
});

describe('a batch', () => {
  const framing = marking('>');
  const [a, b, c] = [frame('a'), frame('b'), frame('c')];

  it('is the same for the same frames, and joined once', () => {
    const one = a.batch(framing).with(b, framing).with(c, framing);
    const other = a.batch(framing).with(b, framing).with(c, framing);
    expect(other).toBe(one);
    expect([text(one.bytes()), one.size]).toEqual(['>a>b>c', 6]);
    expect(other.bytes()).toBe(one.bytes());
  });

  it('differs where the frames do, and none is lost', () => {
    const start = a.batch(framing);
    const [left, right] = [start.with(b, framing), start.with(c, framing)];
    expect([text(left.bytes()), text(right.bytes())]).toEqual(['>a>b', '>a>c']);
    expect(text(left.with(c, framing).bytes())).toBe('>a>b>c');
  });
});
