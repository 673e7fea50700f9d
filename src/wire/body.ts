// The octets of a body, as a decoder hands them on.

export const noBody: Uint8Array = new Uint8Array(0);

/**
 * A view costs nothing but keeps the memory of its chunk for as long as somebody keeps the message,
 * and a read of a socket holds up to 64 KB: a small part of so much gets memory of its own.
 */
export function bodyOf(chunk: Buffer, start: number, end: number): Uint8Array {
  if (start === end) return noBody;
  const view = chunk.subarray(start, end);
  const kept = chunk.buffer.byteLength;
  return kept > Buffer.poolSize && view.length * 4 < kept ? Buffer.from(view) : view;
}
