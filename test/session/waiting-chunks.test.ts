// The chunks that wait to be decoded: their order, and the memory that they keep.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockBytes, WaitingChunks } from '../../src/session/waiting-chunks.js';
import { cases } from '../property.js';

const end = { kind: 'end' };

describe('waiting chunks', () => {
  it('are taken in the order in which they were added, with their bytes', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 5000 }) },
      { weight: 2, arbitrary: fc.constant('take' as const) },
      { weight: 1, arbitrary: fc.constant(end) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const chunks = new WaitingChunks<typeof end>();
        const model: (Buffer | typeof end)[] = [];
        const taken: unknown[] = [];
        const expected: unknown[] = [];
        const take = () => {
          expected.push([model.length === 0, model.shift()]);
          taken.push([chunks.empty, chunks.take()]);
        };
        for (const [number, each] of steps.entries()) {
          if (each === 'take') take();
          else if (typeof each === 'object') model.push((chunks.add(each), each));
          else {
            model.push(Buffer.alloc(each, number));
            chunks.addChunk(Buffer.alloc(each, number));
          }
        }
        while (model.length > 0) take();
        take();
        expect(taken).toEqual(expected);
      }),
      cases,
    );
  });

  it('keep no read of 64 KB for small chunks', () => {
    const chunks = new WaitingChunks();
    const read = Buffer.from(new ArrayBuffer(65_536));
    expect(chunks.addChunk(read.subarray(0, 2048))).toBe(true);
    expect((chunks.take() as Buffer).buffer.byteLength).toBe(blockBytes);
  });

  it('that are large are not copied', () => {
    const chunks = new WaitingChunks();
    const large = Buffer.alloc(2049);
    expect(chunks.addChunk(large)).toBe(false);
    expect(chunks.take()).toBe(large);
  });

  it('of any number share buffers of 16 KiB', () => {
    const chunks = new WaitingChunks();
    for (let i = 0; i < 20_000; i++) chunks.addChunk(Buffer.from([i & 0xff]));
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 20_000; i++) {
      const chunk = chunks.take() as Buffer;
      if (chunk[0] !== (i & 0xff)) throw new Error(`Chunk ${i} is wrong.`);
      buffers.add(chunk.buffer);
    }
    expect(buffers.size).toBe(2);
  });
});
