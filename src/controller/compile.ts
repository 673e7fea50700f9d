// Compiles controllers to routes at start, and reports all mistakes in them together.
import { inspect } from 'node:util';
import { defaultReply, toProblemQueue } from '../dispatch/reply.js';
import type { Route } from '../dispatch/route.js';
import { RouteTable } from '../dispatch/route-table.js';
import { MessagingError } from '../message/error.js';
import { combineDestinations, compileDestination } from '../pattern/destination-pattern.js';
import type { Separator } from '../pattern/separator.js';
import type { Constructor, PayloadReader } from '../payload/converter.js';
import { isClass } from '../payload/payload-type.js';
import type { ServedPath } from '../transport/path-overlap.js';
import { payloadRule } from './arguments/payload.js';
import { thrownErrorRule } from './arguments/thrown-error.js';
import {
  checkOverlaps,
  checkPaths,
  compileWebSocketHandler,
  type SessionInstances,
  type WebSocketRoute,
} from './compile-websocket-handler.js';
import {
  defaultTopic,
  definitionOf,
  effectiveReplyRule,
  nameOf,
  type ClassDefinition,
  type MethodDefinition,
  type ReplyRule,
} from './definition.js';
import {
  compileArguments,
  ExceptionHandlers,
  compileExceptionHandler,
  compileHandler,
  type HandlerMethod,
  type Method,
} from './handler-method.js';
import type { ArgumentRule, Parameter } from './parameter.js';

export interface CompileOptions {
  readonly payloads: PayloadReader;
  readonly separator: Separator;
  /** The prefixes of destinations that values can be published to, such as `/topic`. */
  readonly prefixes: readonly string[];
  /** The prefixes of destinations that handlers serve, such as `/app`. */
  readonly application: readonly string[];
  /** The endpoints for STOMP. */
  readonly endpoints?: readonly ServedPath[];
  /** Receives a sentence for each probable mistake. */
  readonly warn: Report;
}

/** A controller that could not be created; its decorators are checked anyway. */
export interface FailedController {
  readonly type: Constructor;
  readonly failure: unknown;
}

/** A controller to serve. */
export type BuiltController =
  | {
      readonly type: Constructor;
      readonly instance: object;
      /** Absent when one instance serves all sessions. */
      readonly instances?: SessionInstances | undefined;
    }
  | FailedController;

/** The routes for frames, in no particular order, and those for WebSocket messages. */
export interface CompiledControllers {
  readonly routes: readonly Route[];
  readonly webSockets: readonly WebSocketRoute[];
}

/** Applies to a method without a reply decorator. */
const defaultRule: ReplyRule = {
  reply: defaultReply('send'),
  explicit: false,
  destinations: [],
  variables: [],
  published: [defaultTopic],
  mistakes: [],
};

/** Receives a sentence that names a mistake and its fix. */
type Report = (mistake: string) => void;

/**
 * The routes of all controllers and WebSocket handlers.
 *
 * @throws {MessagingError} `controller-invalid` with all mistakes, each with class, method, parameter and fix
 */
export function compileControllers(
  controllers: readonly BuiltController[],
  options: CompileOptions,
): CompiledControllers {
  const mistakes = new Set<string>();
  const report: Report = (mistake) => mistakes.add(mistake);
  // A reply decorator is checked for each pattern of its method.
  const warnings = new Set<string>();
  const warn: Report = (text) => {
    if (!warnings.has(text)) options.warn(text);
    warnings.add(text);
  };
  const failures: unknown[] = [];
  const routes: Route[] = [];
  const webSockets: WebSocketRoute[] = [];
  for (const controller of controllers) {
    const { type } = controller;
    if ('failure' in controller) {
      failures.push(controller.failure);
      report(`${nameOf(type)}: it cannot be created: ${reasonOf(controller.failure)}`);
    }
    const instance = 'failure' in controller ? (type.prototype as object) : controller.instance;
    if (definitionOf(type).webSocket === undefined) {
      routes.push(...new ControllerCompiler(type, instance, { ...options, warn }, report).routes());
    } else {
      const instances = 'failure' in controller ? undefined : controller.instances;
      webSockets.push(...compileWebSocketHandler(type, instance, instances, report));
    }
  }
  new RouteTable(routes, options).mistakes.forEach(report);
  const { endpoints = [] } = options;
  checkPaths(webSockets, endpoints, report);
  if (mistakes.size === 0) checkOverlaps(webSockets, endpoints, report);
  if (mistakes.size === 0) return { routes, webSockets };
  throw new MessagingError(
    'controller-invalid',
    ['The controllers cannot be served:', ...mistakes].join('\n- '),
    { cause: failures.length > 1 ? new AggregateError(failures) : failures[0] },
  );
}

/** One pattern of one method. */
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
      this.#isHandler(key, method),
    );
  }

  routes(): Route[] {
    const name = nameOf(this.type);
    const { controller, mistakes } = this.#definition;
    if (!controller)
      this.report(`${name}: it is not a controller; decorate the class with @Controller().`);
    for (const mistake of mistakes) this.report(name + mistake);
    const plans = this.#methods.flatMap(([key, method]) => this.#plans(key, method));
    if (controller && this.#methods.every(([, { mappings }]) => mappings.length === 0))
      this.options.warn(
        `${name}: it serves no destination, because none of its methods has @MessageMapping or @SubscribeMapping.`,
      );
    const exceptionHandlers = this.#exceptionHandlers([
      ...new Set(plans.flatMap(({ variables }) => variables)),
    ]);
    return plans.map((plan) => this.#route(plan, exceptionHandlers));
  }

  /** True when the decorated member is a method that handles frames or errors; reports mistakes. */
  #isHandler(key: string | symbol, { mappings, errors }: MethodDefinition): boolean {
    const member = memberOf(this.instance, key);
    const callable = typeof member === 'function';
    const used = mappings.length > 0 || errors !== undefined;
    if (!callable) {
      this.report(`${this.#name(key)}: it is not a method; move the decorators to a method.`);
    } else if (!used) {
      this.report(
        `${this.#name(key)}: its decorators have no effect; add @MessageMapping, @SubscribeMapping or @MessageExceptionHandler.`,
      );
    } else if (Object.prototype.toString.call(member) === '[object GeneratorFunction]') {
      this.report(
        `${this.#name(key)}: it is a synchronous generator, and only asynchronous ones are streams; write async *${String(key)}().`,
      );
    }
    return callable && used;
  }

  #plans(key: string | symbol, { mappings }: MethodDefinition): Plan[] {
    return mappings.flatMap(({ on, patterns }) =>
      this.#patterns(key, patterns).flatMap((pattern) => this.#plan(key, on, pattern)),
    );
  }

  /** Each pattern of the class combined with each pattern of the method. If only one of them has patterns, these patterns. */
  #patterns(key: string | symbol, given: readonly string[]): readonly string[] {
    const { separator } = this.options;
    const { patterns = [] } = this.#definition;
    const ofClass = this.#texts(key, patterns);
    const ofMethod = this.#texts(key, given);
    if (patterns.length === 0 && given.length === 0) {
      this.report(
        `${this.#name(key)}: neither the method nor its class has a destination; add one, as in @MessageMapping('/say').`,
      );
    }
    if (ofClass.length === 0 || ofMethod.length === 0)
      return [...ofClass, ...ofMethod].map((pattern) => withLeadingSlash(pattern, separator));
    return ofClass.flatMap((first) =>
      ofMethod.flatMap((second) =>
        this.#valid(key, second, () =>
          combineDestinations(
            withLeadingSlash(first, separator),
            second === '' ? '' : withLeadingSlash(second, separator),
            separator,
          ),
        ),
      ),
    );
  }

  /** JavaScript allows patterns that are not texts, and a circular import gives undefined. */
  #texts(key: string | symbol, patterns: readonly unknown[]): readonly string[] {
    return patterns.filter((pattern): pattern is string => {
      if (typeof pattern === 'string') return true;
      this.report(
        `${this.#name(key)}: its pattern ${inspect(pattern)} is not a text; look for a circular import.`,
      );
      return false;
    });
  }

  #plan(key: string | symbol, on: Route['on'], pattern: string): Plan[] {
    const compile = () => compileDestination(pattern, this.options.separator);
    this.#warnAbout(key, pattern);
    return this.#valid(key, pattern, compile).map(({ variables }) => ({
      key,
      on,
      pattern,
      variables,
    }));
  }

  #warnAbout(key: string | symbol, pattern: string): void {
    const { separator, application, warn } = this.options;
    const [first = ''] = application;
    const reason =
      separator === '.' && pattern.startsWith('/')
        ? `a slash, and with the separator '.' it serves ${first}/${pattern}; leave the slash out`
        : application.some((prefix) => `${pattern}/`.startsWith(`${prefix}/`))
          ? `an application prefix, so it serves ${first}${pattern}; leave the prefix out`
          : undefined;
    if (reason !== undefined)
      warn(`${this.#name(key)}: its pattern '${pattern}' begins with ${reason}.`);
    this.#warnAboutColon(key, 'pattern', pattern);
  }

  /** Express and NestJS write a variable as `:name`, which is plain text here. */
  #warnAboutColon(key: string | symbol, what: string, text: string): void {
    const [, name] = /(?:^|[/.]):(\w+)/.exec(text) ?? [];
    if (name !== undefined)
      this.options.warn(
        `${this.#name(key)}: its ${what} '${text}' contains ':${name}', which is not a variable; write {${name}}.`,
      );
  }

  /** The value in a list, or an empty list after a report that the pattern is not valid. */
  #valid<T>(key: string | symbol, pattern: string, compile: () => T): T[] {
    try {
      return [compile()];
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      this.report(`${this.#name(key)}: the pattern '${pattern}' is not valid: ${error.message}`);
      return [];
    }
  }

  #exceptionHandlers(variables: readonly string[]): ExceptionHandlers {
    const handlers = new ExceptionHandlers();
    for (const [key, { errors, replies }] of this.#methods) {
      if (errors === undefined) continue;
      const rule = effectiveReplyRule(replies, []);
      this.#checkReply(key, rule, variables, 'no pattern of its class declares');
      const method = this.#method(key, {
        undecorated: thrownErrorRule(errors),
        on: undefined,
        variables,
      });
      const invoke = compileExceptionHandler(method, rule?.reply ?? toProblemQueue);
      for (const error of errors.length === 0 ? [undefined] : errors) {
        if (errors.length > 0 && !isClass(error)) {
          const fix =
            typeof error === 'function' ? 'name the class itself' : 'look for a circular import';
          this.report(
            `${this.#name(key)}: its @MessageExceptionHandler names ${inspect(error)}, which is not a class; ${fix}.`,
          );
          continue;
        }
        if (handlers.add(error, invoke)) continue;
        this.report(
          `${this.#name(key)}: another exception handler of its class already takes ${error?.name ?? 'all errors'}; keep one.`,
        );
      }
    }
    return handlers;
  }

  #route({ key, on, pattern, variables }: Plan, exceptionHandlers: ExceptionHandlers): Route {
    const { replies } = this.#definition.methods.get(key)!;
    // Unlike in Spring: a class's `@SendTo` would surprisingly redirect the replies of `@SubscribeMapping` methods.
    const rule =
      on === 'send'
        ? (effectiveReplyRule(replies, this.#definition.replies) ?? defaultRule)
        : effectiveReplyRule(replies, []);
    this.#checkReply(key, rule, variables, `the pattern '${pattern}' does not declare`);
    const method = this.#method(key, { undecorated: payloadRule, on, variables });
    return {
      on,
      pattern,
      handler: this.#name(key),
      invoke: compileHandler(method, rule?.reply ?? defaultReply(on), exceptionHandlers),
    };
  }

  #checkReply(
    key: string | symbol,
    rule: ReplyRule | undefined,
    variables: readonly string[],
    missing: string,
  ): void {
    if (rule === undefined) return;
    const report = (text: string) =>
      this.report(`${this.#name(key)}: its reply decorator ${text}.`);
    for (const mistake of rule.mistakes) report(`is not valid: ${mistake}`);
    for (const name of rule.variables) {
      if (!variables.includes(name))
        report(`uses {${name}}, which ${missing}; declare it or remove it`);
    }
    for (const destination of rule.destinations)
      this.#warnAboutColon(key, 'reply destination', destination);
    const { prefixes } = this.options;
    for (const destination of rule.published) {
      if (prefixes.some((prefix) => mayLieBelow(prefix, destination))) continue;
      if (destination === defaultTopic)
        this.report(
          `${this.#name(key)}: its values go to /topic by default, which clients cannot subscribe to; add @SendTo or @SendToUser to the method or its class, or '/topic' to prefixes.broker.`,
        );
      else
        report(
          `sends to '${destination}', which clients cannot subscribe to; begin it with ${prefixes.join(' or ')}`,
        );
    }
  }

  #method(
    key: string | symbol,
    use: {
      readonly undecorated: ArgumentRule;
      readonly on: Parameter['on'];
      readonly variables: readonly string[];
    },
  ): HandlerMethod {
    const method = memberOf(this.instance, key) as Method;
    const args = compileArguments(
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
    return { instance: this.instance, method, args };
  }

  #name(key: string | symbol): string {
    return `${nameOf(this.type)}.${String(key)}`;
  }
}

/** With the separator `/` lookup destinations start with a slash, so patterns need one too. */
function withLeadingSlash(pattern: string, separator: Separator): string {
  return separator === '/' && !pattern.startsWith('/') ? `/${pattern}` : pattern;
}

/** False when the text before the first placeholder already shows that no prefix fits. */
function mayLieBelow(prefix: string, destination: string): boolean {
  const [literal = ''] = destination.split('{');
  const start = `${prefix}/`;
  return literal.startsWith(start) || (literal !== destination && start.startsWith(literal));
}

/** Reads the member without calling a getter of the application. */
function memberOf(instance: object, key: string | symbol): unknown {
  for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at) as object) {
    const property = Object.getOwnPropertyDescriptor(at, key);
    if (property !== undefined) return property.value;
  }
  return undefined;
}

/** The message on one line, because the list of mistakes has one line per mistake. */
function reasonOf(failure: unknown): string {
  let text = failure instanceof Error ? failure.message || failure.name : inspect(failure);
  // inversify gives the error of a @postConstruct method only as the cause.
  if (failure instanceof Error && failure.cause instanceof Error)
    text += `: ${failure.cause.message}`;
  return text.replaceAll(/\s+/g, ' ').trim();
}
