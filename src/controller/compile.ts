// Decorated classes to ready routes, once, at start.
import { inspect } from 'node:util';
import { defaultReply, toErrorQueue } from '../dispatch/reply.js';
import type { Route } from '../dispatch/route.js';
import { RouteTable } from '../dispatch/route-table.js';
import { combineDestinations, compileDestination } from '../pattern/destination-pattern.js';
import { MessagingError } from '../message/error.js';
import type { Constructor, PayloadReader } from '../payload/converter.js';
import { payloadRule } from './arguments/payload.js';
import {
  definitionOf,
  type ClassDefinition,
  type MethodDefinition,
  type ReplyRule,
} from './definition.js';
import { ExceptionHandlers, thrownRule } from './decorators/exception-handler.js';
import { callOf, type Method, type ReadyArgument } from './handler-call.js';
import { invokeOf, invokeOnError } from './invoke.js';
import type { ArgumentRule, Parameter } from './parameter.js';
import { readyArguments } from './ready-argument.js';
import { chosenReply } from './decorators/send-to.js';
import type { Separator } from '../pattern/separator.js';

export interface CompileOptions {
  readonly payloads: PayloadReader;
  readonly separator: Separator;
  /** Of what values can be published to, as `/topic`. */
  readonly prefixes: readonly string[];
}

/** A controller that could not be built; what its decorators say is checked all the same. */
export interface FailedController {
  readonly type: Constructor;
  readonly failure: unknown;
}

/** A controller to serve. */
export type BuiltController =
  | { readonly type: Constructor; readonly instance: object }
  | FailedController;

/** Takes what is wrong, and how to mend it. */
type Report = (finding: string) => void;

/**
 * The routes of all controllers, in no particular order.
 *
 * @throws `controller-invalid`, one for everything that is wrong, each naming class, method and parameter, and the fix
 */
export function compileControllers(
  controllers: readonly BuiltController[],
  options: CompileOptions,
): readonly Route[] {
  const findings = new Set<string>();
  const report: Report = (finding) => findings.add(finding);
  const failures: unknown[] = [];
  const routes = controllers.flatMap((controller) => {
    const { type } = controller;
    if ('failure' in controller) {
      failures.push(controller.failure);
      report(`${type.name}: it cannot be built: ${reasonOf(controller.failure)}`);
    }
    const instance = 'failure' in controller ? (type.prototype as object) : controller.instance;
    return new ControllerCompiler(type, instance, options, report).routes();
  });
  new RouteTable(routes, options).findings.forEach(report);
  if (findings.size === 0) return routes;
  throw new MessagingError(
    'controller-invalid',
    ['The controllers cannot be served:', ...findings].join('\n- '),
    { cause: failures.length > 1 ? new AggregateError(failures) : failures[0] },
  );
}

/** What one pattern of one method asks for. */
interface Plan {
  readonly key: string | symbol;
  readonly on: Route['on'];
  readonly pattern: string;
  readonly variables: readonly string[];
}

class ControllerCompiler {
  readonly #definition: ClassDefinition;
  readonly #methods: readonly [string | symbol, MethodDefinition][];

  constructor(
    private readonly type: Constructor,
    private readonly instance: object,
    private readonly options: CompileOptions,
    private readonly report: Report,
  ) {
    this.#definition = definitionOf(type);
    this.#methods = [...this.#definition.methods].filter(([key, method]) =>
      this.#serves(key, method),
    );
  }

  routes(): Route[] {
    const { name } = this.type;
    const { controller, findings } = this.#definition;
    if (!controller)
      this.report(`${name}: it is no controller; decorate the class with @Controller().`);
    for (const finding of findings) this.report(name + finding);
    const plans = this.#methods.flatMap(([key, method]) => this.#plans(key, method));
    const handlers = this.#exceptionHandlers([
      ...new Set(plans.flatMap(({ variables }) => variables)),
    ]);
    return plans.map((plan) => this.#route(plan, handlers));
  }

  /** Whether a decorated member handles anything; one that does not is a finding. */
  #serves(key: string | symbol, { mappings, errors }: MethodDefinition): boolean {
    const member = memberOf(this.instance, key);
    const callable = typeof member === 'function';
    const used = mappings.length > 0 || errors !== undefined;
    if (!callable) {
      this.report(`${this.#name(key)}: it is no method; decorators of handlers belong on methods.`);
    } else if (!used) {
      this.report(
        `${this.#name(key)}: its decorators have no effect; add @MessageMapping, @SubscribeMapping or @MessageExceptionHandler.`,
      );
    } else if (Object.prototype.toString.call(member) === '[object GeneratorFunction]') {
      this.report(
        `${this.#name(key)}: it is a generator, which nobody would run; make it async, as in async *${String(key)}().`,
      );
    }
    return callable && used;
  }

  #plans(key: string | symbol, { mappings }: MethodDefinition): Plan[] {
    return mappings.flatMap(({ on, patterns }) =>
      this.#patterns(key, patterns).flatMap((pattern) => this.#plan(key, on, pattern)),
    );
  }

  /** The class's patterns times the method's; where one has none, the other's alone. */
  #patterns(key: string | symbol, own: readonly string[]): readonly string[] {
    const { separator } = this.options;
    const above = this.#definition.patterns ?? [];
    if (above.length === 0 && own.length === 0) {
      this.report(
        `${this.#name(key)}: neither it nor its class names a destination; write one, as in @MessageMapping('/say').`,
      );
    }
    if (above.length === 0 || own.length === 0)
      return [...above, ...own].map((pattern) => rooted(pattern, separator));
    return above.flatMap((first) =>
      own.flatMap((second) =>
        this.#valid(key, second, () =>
          combineDestinations(rooted(first, separator), second, separator),
        ),
      ),
    );
  }

  #plan(key: string | symbol, on: Route['on'], pattern: string): Plan[] {
    const compile = () => compileDestination(pattern, this.options.separator);
    return this.#valid(key, pattern, compile).map(({ variables }) => ({
      key,
      on,
      pattern,
      variables,
    }));
  }

  /** One value, or none and a finding. */
  #valid<T>(key: string | symbol, pattern: string, make: () => T): T[] {
    try {
      return [make()];
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      this.report(`${this.#name(key)}: the pattern '${pattern}' is not valid: ${error.message}`);
      return [];
    }
  }

  #exceptionHandlers(variables: readonly string[]): ExceptionHandlers<Route['invoke']> {
    const handlers = new ExceptionHandlers<Route['invoke']>();
    for (const [key, { errors, replies }] of this.#methods) {
      if (errors === undefined) continue;
      const rule = chosenReply(replies, []);
      this.#checkReply(key, rule, variables, 'no pattern of its class declares');
      const call = this.#call(key, { undecorated: thrownRule(errors), on: undefined, variables });
      const invoke = invokeOnError(call, rule?.reply ?? toErrorQueue);
      for (const error of errors.length === 0 ? [undefined] : errors) {
        if (errors.length > 0 && typeof error !== 'function') {
          this.report(
            `${this.#name(key)}: it is to take ${inspect(error)}, which is no class; is it imported in a circle?`,
          );
          continue;
        }
        if (handlers.add(error, invoke)) continue;
        this.report(
          `${this.#name(key)}: another exception handler of its class takes ${error?.name ?? 'everything'} already; leave one.`,
        );
      }
    }
    return handlers;
  }

  #route(
    { key, on, pattern, variables }: Plan,
    handlers: ExceptionHandlers<Route['invoke']>,
  ): Route {
    const { replies } = this.#definition.methods.get(key)!;
    // Spring lets a class's rules divert the answers of @SubscribeMapping too, which surprises everyone.
    const rule = chosenReply(replies, on === 'send' ? this.#definition.replies : []);
    this.#checkReply(key, rule, variables, `the pattern '${pattern}' does not declare`);
    const call = this.#call(key, { undecorated: payloadRule, on, variables });
    return {
      on,
      pattern,
      handler: this.#name(key),
      invoke: invokeOf(call, rule?.reply ?? defaultReply(on), handlers),
    };
  }

  #checkReply(
    key: string | symbol,
    rule: ReplyRule | undefined,
    variables: readonly string[],
    missing: string,
  ): void {
    if (rule === undefined) return;
    const report = (text: string) => this.report(`${this.#name(key)}: its return rule ${text}.`);
    for (const finding of rule.findings) report(`cannot be read: ${finding}`);
    for (const name of rule.variables) {
      if (!variables.includes(name)) report(`needs {${name}}, which ${missing}`);
    }
    const { prefixes } = this.options;
    for (const destination of rule.published) {
      if (!prefixes.some((prefix) => mayLieBelow(prefix, destination)))
        report(
          `sends to '${destination}', where nobody can listen; begin it with ${prefixes.join(' or ')}`,
        );
    }
  }

  #call(
    key: string | symbol,
    use: {
      readonly undecorated: ArgumentRule;
      readonly on: Parameter['on'];
      readonly variables: readonly string[];
    },
  ): ReadyArgument {
    const method = memberOf(this.instance, key) as Method;
    const args = readyArguments(
      {
        ...use,
        handler: this.#name(key),
        prototype: this.type.prototype as object,
        key,
        length: method.length,
        rules: this.#definition.methods.get(key)!.arguments,
        payloads: this.options.payloads,
      },
      this.report,
    );
    return callOf(this.instance, method, args);
  }

  #name(key: string | symbol): string {
    return `${this.type.name}.${String(key)}`;
  }
}

/** With slashes a pattern begins with one, as the destinations do that it is matched with. */
function rooted(pattern: string, separator: Separator): string {
  return separator === '/' && !pattern.startsWith('/') ? `/${pattern}` : pattern;
}

/** A placeholder may stand for anything. */
function mayLieBelow(prefix: string, destination: string): boolean {
  const [literal = ''] = destination.split('{');
  const start = `${prefix}/`;
  return literal.startsWith(start) || (literal !== destination && start.startsWith(literal));
}

/** A member without asking for it: a getter runs code of the application's. */
function memberOf(instance: object, key: string | symbol): unknown {
  for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at) as object) {
    const property = Object.getOwnPropertyDescriptor(at, key);
    if (property !== undefined) return property.value;
  }
  return undefined;
}

/** In one line, like every finding. */
function reasonOf(failure: unknown): string {
  const text = failure instanceof Error ? failure.message || failure.name : inspect(failure);
  return text.replaceAll(/\s+/g, ' ').trim();
}
