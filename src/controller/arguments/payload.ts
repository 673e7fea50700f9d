// The decorator for the payload: the body of the message, converted and validated.
import { inspect } from 'node:util';
import type { Invocation } from '../../dispatch/invocation.js';
import { MessagingError } from '../../message/error.js';
import type { Message } from '../../message/message.js';
import type { PayloadReader } from '../../payload/converter.js';
import {
  isClass,
  payloadTypeOf,
  type Constructor,
  type PayloadType,
} from '../../payload/payload-type.js';
import { isStandardSchema, type StandardSchema } from '../../payload/standard-schema.js';
import type { Shape } from '../../message/option.js';
import { createParamDecorator } from '../decorators/param-decorator.js';
import { reportUncalled } from '../definition.js';
import { mistaken, typeAndOptions } from './given.js';
import type { ArgumentRule, Parameter } from '../parameter.js';

/** Options of `@Payload`. */
export interface PayloadOptions {
  /** True: an empty body fails with `payload-missing`. False: the argument is undefined. @default true */
  readonly required?: boolean;
}

/**
 * The body of the message, converted and validated (Spring: `@Payload`). A parameter without decorator is a payload as well.
 *
 * The type is that of the parameter, or named in the decorator: a class (validated by its class-validator decorators), a
 * Standard Schema, or `String`, `Uint8Array`, `Number`, `Boolean`, `Array` or `Object` (any value). Name it for interfaces,
 * unions and arrays of classes, and if the compiler records no types (esbuild, tsx).
 *
 * @throws {MessagingError} `payload-missing` when the body is empty; `payload-unreadable` when it cannot be converted;
 *   `payload-invalid` when it is not valid
 *
 * @example
 * ```ts
 * @MessageMapping('/order')
 * order(@Payload() order: Order) {}
 *
 * @MessageMapping('/orders')
 * orders(@Payload(z.array(orderSchema)) orders: Order[]) {}
 * ```
 */
export function Payload(options?: PayloadOptions): ParameterDecorator;
export function Payload(
  type: Constructor | StandardSchema,
  options?: PayloadOptions,
): ParameterDecorator;
export function Payload(...given: readonly unknown[]): ParameterDecorator {
  reportUncalled(given, '@Payload()');
  const { named, type, options, mistake } = typeAndOptions(given, isStandardSchema, optionsShape);
  if (mistake !== undefined) return mistaken(mistake);
  const { required = true } = options;
  if (!named) return declaredPayload(required);
  return typeof type === 'function' || isStandardSchema(type)
    ? namedPayload(type as Constructor | StandardSchema, required)
    : mistaken(unsupported(type));
}

const optionsShape: Shape<PayloadOptions> = { required: true };

/** The rule of a parameter without decorator. */
export const payloadRule: ArgumentRule = {
  resolve: (invocation, parameter) => readDeclared(invocation, parameter, true),
  check: (parameter) => checkDeclared(parameter, true),
};

/** With the type of the parameter. */
const declaredPayload = createParamDecorator(readDeclared, checkDeclared);

/** With the type that the decorator names. */
function namedPayload(type: Constructor | StandardSchema, required: boolean): ParameterDecorator {
  const payload = payloadTypeOf(type);
  return createParamDecorator(
    ({ message }, { payloads }) => read(message, payloads, payload, required),
    (parameter) =>
      payload === undefined ? unsupported(type) : checkPayload(parameter, payload, required),
  )();
}

function readDeclared(
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
  // Defined: unsupported types are reported at start.
  if (message.body.length > 0) return payloads.read(message, type!);
  if (required) throw new MessagingError('payload-missing');
  return undefined;
}

function checkDeclared(parameter: Parameter, required: boolean): string | undefined {
  const { type, payload } = parameter;
  if (type === undefined) {
    return 'its type is unknown; name it, as in @Payload(ChatMessage) or @Payload(schema), or compile with emitDecoratorMetadata.';
  }
  if (type === Function) {
    return 'its type is Function, which compilers record for a class imported with `import type`; import it as a value, or name it, as in @Payload(ChatMessage).';
  }
  if (payload === undefined) return unsupported(type);
  return checkPayload(parameter, payload, required);
}

function checkPayload(
  { on, payloads }: Parameter,
  payload: PayloadType,
  required: boolean,
): string | undefined {
  if (on === 'subscribe' && required)
    return 'a SUBSCRIBE has no payload; remove the parameter, or decorate it with @Payload({ required: false }).';
  const mistakes = payloads.checkType(payload);
  return mistakes.length === 0 ? undefined : mistakes.join(' ');
}

function unsupported(type: unknown): string {
  if (typeof type === 'function' && !isClass(type))
    return 'a function is not a class; name the class itself, as in @Payload(ChatMessage).';
  const name = typeof type === 'function' ? type.name : inspect(type, { depth: 0 });
  const reason = type === undefined ? 'look for a circular import, or ' : '';
  return `a payload cannot be converted to ${name}; ${reason}name a class or a schema, as in @Payload(schema).`;
}
