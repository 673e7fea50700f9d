// Encoded frames: framed once per framing, and batches that are shared by all subscribers of the same frames.
import { describe, expect, it } from 'vitest';
import {
  EncodedFrame,
  unframed,
  type Batch,
  type Framing,
} from '../../src/message/encoded-frame.js';

/** A framing that puts a mark before each frame, and counts its calls. */
function marking(mark: string): Framing & { calls: number } {
  return {
    calls: 0,
    frame({ bytes }) {
      this.calls++;
      return Buffer.from(`${mark}${Buffer.from(bytes).toString()}`);
    },
  };
}

const frame = (text: string) => new EncodedFrame(Buffer.from(text), false);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('an encoded frame', () => {
  it('is framed once', () => {
    const framing = marking('>');
    const encoded = frame('a');
    expect(text(encoded.framedBy(framing))).toBe('>a');
    expect(encoded.framedBy(framing)).toBe(encoded.framedBy(framing));
    expect(framing.calls).toBe(1);
  });

  it('is framed once per framing, also if subscribers with different framings alternate', () => {
    const framings = [marking('>'), marking('#'), marking('+')];
    const encoded = frame('a');
    const framed = new Set<Uint8Array>();
    for (let i = 0; i < 5000; i++) framed.add(encoded.framedBy(framings[i % 3]!));
    expect([...framed].map(text)).toEqual(['>a', '#a', '+a']);
    expect(framings.map(({ calls }) => calls)).toEqual([1, 1, 1]);
  });

  it('is the same buffer without a framing', () => {
    const encoded = frame('a');
    expect(encoded.framedBy(unframed)).toBe(encoded.bytes);
  });
});

describe('a batch', () => {
  const framing = marking('>');
  const [a, b, c] = [frame('a'), frame('b'), frame('c')];

  it('is one object for equal frames, and joined once', () => {
    const one = a.batch(framing).with(b, framing).with(c, framing);
    const other = a.batch(framing).with(b, framing).with(c, framing);
    expect(other).toBe(one);
    expect([text(one.bytes()), one.size]).toEqual(['>a>b>c', 6]);
    expect(other.bytes()).toBe(one.bytes());
  });

  it('contains its own frames when batches with the same beginning differ', () => {
    const start = a.batch(framing);
    const [left, right] = [start.with(b, framing), start.with(c, framing)];
    expect([text(left.bytes()), text(right.bytes())]).toEqual(['>a>b', '>a>c']);
    expect(text(left.with(c, framing).bytes())).toBe('>a>b>c');
  });

  it('is framed and joined once per framing, also if subscribers with different framings alternate', () => {
    const framings = [marking('>'), marking('#')];
    const frames = Array.from({ length: 10 }, (_, i) => frame(`${i}`));
    const [first, ...others] = frames;
    const joined = new Set<Uint8Array>();
    for (let i = 0; i < 5000; i++) {
      const own = framings[i % 2]!;
      let batch: Batch = first!.batch(own);
      for (const other of others) batch = batch.with(other, own);
      joined.add(batch.bytes());
    }
    expect([...joined].map(text)).toEqual(['>0>1>2>3>4>5>6>7>8>9', '#0#1#2#3#4#5#6#7#8#9']);
    expect(framings.map(({ calls }) => calls)).toEqual([10, 10]);
  });
});
