// A handler method as a route calls it: its arguments, the method, the reply decorator and the exception handlers of its class.
import { failedInvocation, type Call, type Invocation } from '../dispatch/invocation.js';
import type { Outcome, Reply, Route } from '../dispatch/route.js';
import { MessagingError, ownClass } from '../message/error.js';
import { isPromise, refusedPromise } from '../message/promise.js';
import type { PayloadReader } from '../payload/converter.js';
import { payloadTypeOf } from '../payload/payload-type.js';
import { isParamDecorator } from './decorators/param-decorator.js';
import type { ErrorType } from './definition.js';
import type { ArgumentRule, Parameter } from './parameter.js';

/** Returns the argument, or a promise of it. */
type Argument = (invocation: Invocation) => unknown;

/** A method of a controller. */
export type Method = (this: object, ...values: unknown[]) => unknown;

export interface HandlerMethod {
  readonly instance: object;
  readonly method: Method;
  readonly args: readonly Argument[];
}

type Invoke = Route['invoke'];

/** Returns the outcome of an exception handler, or throws the error. */
type Recover = (call: Call, thrown: unknown) => Outcome | Promise<Outcome>;

const noOutcome: Outcome = { kind: 'none' };

/** Compiles a handler. Errors of its arguments, method, reply decorator and running stream go to the exception handlers. */
export function compileHandler(
  handler: HandlerMethod,
  reply: Reply,
  exceptionHandlers: ExceptionHandlers,
): Invoke {
  return invoker(handler, reply, (call, thrown) => {
    // The client has already received `handler-timeout`.
    if (call.expired) throw thrown;
    const found = exceptionHandlers.find(thrown);
    if (found === undefined) throw thrown;
    return found.invoke(failedInvocation(call, found.error));
  });
}

/** Compiles an exception handler. Its own errors are not passed to another exception handler; a `MessagingError` keeps its code. */
export function compileExceptionHandler(handler: HandlerMethod, reply: Reply): Invoke {
  const args = handler.args.map(exceptionHandlerArgument);
  return invoker({ ...handler, args }, reply, (_, thrown) => {
    throw MessagingError.from(thrown);
  });
}

/** The argument; its error is a mistake of the exception handler, and not one of the client, such as `payload-missing`. */
function exceptionHandlerArgument(argument: Argument): Argument {
  const fail = (cause: unknown): never => {
    throw new MessagingError('handler-failed', undefined, { cause });
  };
  return (call) => {
    try {
      const value = argument(call);
      return isPromise(value) ? value.then((resolved) => resolved, fail) : value;
    } catch (cause) {
      return fail(cause);
    }
  };
}

/** Creates no promise for synchronous arguments and methods. */
function invoker(
  { instance, method, args }: HandlerMethod,
  reply: Reply,
  recover: Recover,
): Invoke {
  const outcomeOf = (value: unknown, call: Call): Outcome => {
    if (value === undefined || value === null) return noOutcome;
    if (!isStream(value)) return { kind: 'value', value, targets: reply(call) };
    return {
      kind: 'stream',
      stream: value,
      targets: reply(call),
      recover: (thrown) => recover(call, thrown),
    };
  };
  const awaitValue = async (pending: PromiseLike<unknown>, call: Call): Promise<Outcome> => {
    try {
      return outcomeOf(await pending, call);
    } catch (thrown) {
      return recover(call, thrown);
    }
  };
  const awaitArguments = async (
    values: unknown[],
    pending: PromiseLike<unknown>,
    call: Call,
  ): Promise<Outcome> => {
    try {
      values.push(await pending);
      while (!call.expired && values.length < args.length) {
        const value = args[values.length]!(call);
        values.push(isPromise(value) ? await value : value);
      }
      // The frame has been rejected: the method would run at the same time as later frames, or after them.
      if (call.expired) return noOutcome;
      return outcomeOf(await method.apply(instance, values), call);
    } catch (thrown) {
      return recover(call, thrown);
    }
  };
  return (call) => {
    try {
      const values: unknown[] = [];
      // One after another: after an error no further argument is resolved.
      for (const argument of args) {
        const value = argument(call);
        if (isPromise(value)) return awaitArguments(values, value, call);
        values.push(value);
      }
      const value = method.apply(instance, values);
      return isPromise(value) ? awaitValue(value, call) : outcomeOf(value, call);
    } catch (thrown) {
      return recover(call, thrown);
    }
  };
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** The exception handlers of one class. */
export class ExceptionHandlers {
  readonly #byType = new Map<unknown, Invoke>();
  #catchAll: Invoke | undefined;

  /** @param type undefined for all errors; returns false when another handler already takes this class */
  add(type: ErrorType | undefined, invoke: Invoke): boolean {
    const key = ownClass(type);
    if (type === undefined ? this.#catchAll !== undefined : this.#byType.has(key)) return false;
    if (type === undefined) this.#catchAll = invoke;
    else this.#byType.set(key, invoke);
    return true;
  }

  /** The handler with the nearest class of the error, otherwise of its direct cause. `error` is the error or cause that matched. */
  find(thrown: unknown): { readonly invoke: Invoke; readonly error: unknown } | undefined {
    const direct = this.#nearest(thrown) ?? this.#catchAll;
    if (direct !== undefined) return { invoke: direct, error: thrown };
    if (!(thrown instanceof Error)) return undefined;
    const ofCause = this.#nearest(thrown.cause);
    return ofCause && { invoke: ofCause, error: thrown.cause };
  }

  #nearest(thrown: unknown): Invoke | undefined {
    if (typeof thrown !== 'object' || thrown === null) return undefined;
    for (
      let prototype: unknown = Object.getPrototypeOf(thrown);
      typeof prototype === 'object' && prototype !== null;
      prototype = Object.getPrototypeOf(prototype)
    ) {
      const invoke = this.#byType.get(ownClass(prototype.constructor));
      if (invoke !== undefined) return invoke;
    }
    return undefined;
  }
}

export interface ArgumentsSource {
  /** Class and method, such as `ChatController.say`. */
  readonly handler: string;
  readonly prototype: object;
  readonly key: string | symbol;
  /** `Function.length` of the method: its parameters before the first one with a default value. */
  readonly length: number;
  readonly rules: ReadonlyMap<number, readonly ArgumentRule[]>;
  /** The rule of a parameter without decorator. */
  readonly undecorated: ArgumentRule;
  readonly on: Parameter['on'];
  readonly variables: readonly string[];
  readonly payloads: PayloadReader;
}

/** Compiles the parameters of a method. @param report receives a sentence for each mistake, with its fix */
export function compileArguments(
  source: ArgumentsSource,
  report: (mistake: string) => void,
): Argument[] {
  const { handler, rules, on, variables, payloads } = source;
  const types = Reflect.getMetadata('design:paramtypes', source.prototype, source.key) as
    | readonly unknown[]
    | undefined;
  const count = Math.max(
    types?.length ?? 0,
    source.length,
    ...[...rules.keys()].map((index) => index + 1),
  );
  const indexes = Array.from({ length: count }, (_, index) => index);
  const undecorated = indexes.filter((index) => !rules.has(index));
  if (undecorated.length > 1) {
    report(
      `${handler}, parameters ${undecorated.join(' and ')}: only one parameter may have no decorator; decorate the others.`,
    );
  }
  return indexes.map((index) => {
    const type = types?.[index];
    const payload = payloadTypeOf(type);
    const parameter: Parameter = { handler, index, type, payload, on, variables, payloads };
    const reportParameter = (text: string | undefined) =>
      text !== undefined && report(`${handler}, parameter ${index}: ${text}`);
    const [rule = source.undecorated, ...others] = rules.get(index) ?? [];
    if (others.length > 0) reportParameter('it has several argument decorators; keep one.');
    if (!rules.has(index) && isParamDecorator(type)) {
      reportParameter(
        'its type is an argument decorator; add the decorator as well, as in @Principal() user: Principal.',
      );
    } else {
      const mistake: unknown = rule.check?.(parameter);
      reportParameter(
        isPromise(mistake)
          ? refusedPromise(mistake, 'the check of its decorator').message
          : (mistake as string | undefined),
      );
    }
    const { resolve } = rule;
    return (invocation) => resolve(invocation, parameter);
  });
}
