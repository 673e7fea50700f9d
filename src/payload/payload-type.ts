// The types that a handler can expect of a payload, and how a parameter's type or a schema selects one.
import { isStandardSchema, type StandardSchema } from './standard-schema.js';

/** A class. */
export type Constructor<T = object> = new (...args: never[]) => T;

/** The type that a handler expects of a payload. */
export type PayloadType =
  | { readonly kind: 'any' }
  | { readonly kind: 'text' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'class'; readonly type: Constructor }
  | { readonly kind: 'schema'; readonly schema: StandardSchema };

const vendor = 'signalbox';
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
 * The payload type for a design type or for the argument of `@Payload`. Classes of the application are converted and validated.
 * For an array only `Array.isArray` is checked, because compilers do not record its item type. Undefined for types that a
 * payload cannot be converted to, such as `Function`, `Date` and `Map`.
 */
export function payloadTypeOf(type: unknown): PayloadType | undefined {
  const known = builtIn.get(type);
  if (known !== undefined) return known;
  if (isStandardSchema(type)) return { kind: 'schema', schema: type };
  // For an enum, some compilers record the enum object, and others record String or Number.
  if (typeof type !== 'function') return any;
  return isNative(type) || !isClass(type) ? undefined : { kind: 'class', type };
}

/** False for functions that return a class, such as `() => Item`. */
export function isClass(type: unknown): type is Constructor {
  return (
    typeof type === 'function' && typeof type.prototype === 'object' && type.prototype !== null
  );
}

function isNative(type: object): boolean {
  return Function.prototype.toString.call(type).endsWith('{ [native code] }');
}

function checked(description: string, isValid: (value: unknown) => boolean): PayloadType {
  const issues = [{ message: `must be ${description}` }];
  const validate = (value: unknown) => (isValid(value) ? { value } : { issues });
  return { kind: 'schema', schema: { '~standard': { version: 1, vendor, validate } } };
}

/** True for the schema of `number`, `boolean` or an array, which does not check members. */
export function isBuiltIn(schema: StandardSchema): boolean {
  return schema['~standard'].vendor === vendor;
}
