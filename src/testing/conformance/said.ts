// Frames as plain values that can be compared: what is absent and what is undefined are the same.
import { deepEqual } from 'node:assert/strict';

/** Fails where two frames, or lists of them, do not say the same. */
export function sameFrames(actual: unknown, expected: unknown): void {
  deepEqual(plain(actual), plain(expected));
}

/** Fails where a frame does not say at least what is expected. */
export function says(actual: unknown, expected: object): void {
  const said = plain(actual ?? {}) as Record<string, unknown>;
  const asked = Object.entries(plain(expected) as object);
  deepEqual(
    Object.fromEntries(asked.map(([name]) => [name, said[name]])),
    Object.fromEntries(asked),
  );
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const said = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(said.map(([name, each]) => [name, plain(each)]));
}
