// Stored publications: their bodies keep no other bytes of their buffers in memory.
import { expect, it } from 'vitest';
import { keptPublication, type Publication } from '../../src/broker/publication.js';
import { noHeaders } from '../../src/message/message.js';

const publicationOf = (body: Uint8Array): Publication => ({
  id: 'm1',
  message: { destination: '/topic/x', headers: noHeaders, body },
  origin: undefined,
  publishedAt: 0,
});

it('all owners of a stored publication share one copy of its body', () => {
  const read = Buffer.allocUnsafeSlow(64 * 1024).fill('x');
  const publication = publicationOf(read.subarray(0, 100));
  const kept = keptPublication(publication);
  expect(kept.message.body.buffer.byteLength).toBe(100);
  expect(kept).toEqual(publication);
  expect(keptPublication(publication)).toBe(kept);
});

it('a publication whose body has its own memory stays the same object', () => {
  const publication = publicationOf(new Uint8Array(100));
  expect(keptPublication(publication)).toBe(publication);
});
