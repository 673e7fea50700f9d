// Assertions about frames as plain values: an absent field and an undefined one are equal.
import { deepEqual } from 'node:assert/strict';

/** Fails unless two frames, or two lists of frames, have the same fields. */
export function equalFrames(actual: unknown, expected: unknown): void {
  deepEqual(plain(actual), plain(expected));
}

/** Fails unless a frame has at least the expected fields. */
export function includesFields(actual: unknown, expected: object): void {
  const fields = plain(actual ?? {}) as Record<string, unknown>;
  const required = Object.entries(plain(expected) as object);
  deepEqual(
    Object.fromEntries(required.map(([name]) => [name, fields[name]])),
    Object.fromEntries(required),
  );
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const defined = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(defined.map(([name, each]) => [name, plain(each)]));
}
