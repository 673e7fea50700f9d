// The payload: what the client sent, as the handler wants it.
import type { Invocation } from '../../dispatch/invocation.js';
import { MessagingError } from '../../message/error.js';
import type { Message } from '../../message/message.js';
import type { PayloadReader } from '../../payload/converter.js';
import { payloadTypeOf, type Constructor, type PayloadType } from '../../payload/payload-type.js';
import { isStandardSchema, type StandardSchema } from '../../payload/standard-schema.js';
import { createParamDecorator } from '../decorators/argument.js';
import type { ArgumentRule, Parameter } from '../parameter.js';

export interface PayloadOptions {
  /** Whether an empty payload fails with `payload-missing`, or gives undefined. Default true. */
  readonly required?: boolean;
}

/**
 * The payload (Spring: `@Payload`; a parameter without decorator is one as well). Its type is read from the parameter, or
 * named: a class of the application's (checked by its class-validator decorators), any Standard Schema, or `String`,
 * `Uint8Array`, `Number`, `Boolean`, `Array`, `Object` (anything, unchecked). Needed where the compiler writes no types
 * (esbuild, tsx) and for interfaces, unions and arrays of classes that are to be checked.
 *
 * @throws `payload-missing`, `payload-unreadable`, `payload-invalid`
 */
export function Payload(options?: PayloadOptions): ParameterDecorator;
export function Payload(
  type: Constructor | StandardSchema,
  options?: PayloadOptions,
): ParameterDecorator;
export function Payload(
  typeOrOptions: Constructor | StandardSchema | PayloadOptions = {},
  options: PayloadOptions = {},
): ParameterDecorator {
  if (typeof typeOrOptions !== 'function' && !isStandardSchema(typeOrOptions))
    return unnamed(typeOrOptions.required ?? true);
  return named(typeOrOptions, options.required ?? true);
}

/** What a parameter without decorator is. */
export const payloadRule: ArgumentRule = {
  resolve: (invocation, parameter) => readUnnamed(invocation, parameter, true),
  check: (parameter) => checkUnnamed(parameter, true),
};

const unnamed = createParamDecorator(readUnnamed, checkUnnamed);

function named(type: Constructor | StandardSchema, required: boolean): ParameterDecorator {
  const payload = payloadTypeOf(type);
  return createParamDecorator(
    ({ message }, { payloads }) => read(message, payloads, payload, required),
    (parameter) => (payload === undefined ? unreadable(type) : checkFrame(parameter, required)),
  )();
}

function readUnnamed(
  { message }: Invocation,
  { payloads, payload }: Parameter,
  required: boolean,
): unknown {
  return read(message, payloads, payload, required);
}

function read(
  message: Message,
  payloads: PayloadReader,
  type: PayloadType | undefined,
  required: boolean,
): unknown {
  // A type that no payload can become was refused at start.
  if (message.body.length > 0) return payloads.read(message, type!);
  if (required) throw new MessagingError('payload-missing');
  return undefined;
}

function checkUnnamed(parameter: Parameter, required: boolean): string | undefined {
  const { type, payload } = parameter;
  if (type === undefined) {
    return 'its type is unknown; name it, as in @Payload(ChatMessage) or @Payload(schema), or compile with emitDecoratorMetadata.';
  }
  if (type === Function) {
    return 'its type is Function, which is what a class imported with `import type` becomes; import it as a value, or name it, as in @Payload(ChatMessage).';
  }
  if (payload === undefined) return unreadable(type);
  return checkFrame(parameter, required);
}

function checkFrame({ on }: Parameter, required: boolean): string | undefined {
  return on === 'subscribe' && required
    ? 'a SUBSCRIBE carries no payload; remove the parameter, or decorate it with @Payload({ required: false }).'
    : undefined;
}

function unreadable(type: unknown): string {
  const name = typeof type === 'function' ? type.name : String(type);
  return `no payload can become a ${name}; name a class or a schema, as in @Payload(schema).`;
}
