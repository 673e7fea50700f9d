// What a handler can want of a payload, and how a class or schema says it.
import { isStandardSchema, type StandardSchema } from './standard-schema.js';

export type Constructor<T = object> = new (...args: never[]) => T;

/** What a handler wants of a payload. */
export type PayloadType =
  | { readonly kind: 'any' }
  | { readonly kind: 'text' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'class'; readonly type: Constructor }
  | { readonly kind: 'schema'; readonly schema: StandardSchema };

const any: PayloadType = { kind: 'any' };
const text: PayloadType = { kind: 'text' };
const bytes: PayloadType = { kind: 'bytes' };

const builtIn = new Map<unknown, PayloadType>([
  [undefined, any],
  [Object, any],
  [String, text],
  [Uint8Array, bytes],
  [Buffer, bytes],
  [Number, checked('a number', (value) => typeof value === 'number')],
  [Boolean, checked('true or false', (value) => typeof value === 'boolean')],
  [Array, checked('an array', Array.isArray)],
]);

/**
 * What a design type or the argument of `@Payload` asks for. Classes of the application are converted and validated; of an
 * array only that it is one is checked, since a compiler does not say of what. Undefined for types that no payload can
 * become: `Function`, `Date`, `Map` and the like.
 */
export function payloadTypeOf(type: unknown): PayloadType | undefined {
  const known = builtIn.get(type);
  if (known !== undefined) return known;
  if (isStandardSchema(type)) return { kind: 'schema', schema: type };
  // Some compilers write the object of an enum where others write String or Number.
  if (typeof type !== 'function') return any;
  return isNative(type) ? undefined : { kind: 'class', type: type as Constructor };
}

function isNative(type: object): boolean {
  return Function.prototype.toString.call(type).endsWith('{ [native code] }');
}

function checked(what: string, holds: (value: unknown) => boolean): PayloadType {
  const issues = [{ message: `must be ${what}` }];
  const validate = (value: unknown) => (holds(value) ? { value } : { issues });
  return { kind: 'schema', schema: { '~standard': { version: 1, vendor: 'signalbox', validate } } };
}
