// The definition of a controller class: what its decorators record, and what it inherits from its parents.
import '../message/requirements.cjs';
import { combineReplies } from '../dispatch/reply.js';
import type { Reply } from '../dispatch/route.js';
import { MessagingError } from '../message/error.js';
import type { Constructor } from '../payload/converter.js';
import type { WebSocketPartsOptions } from './decorators/websocket-handler.js';
import type { ArgumentRule } from './parameter.js';

export interface Mapping {
  readonly on: 'send' | 'subscribe';
  readonly patterns: readonly string[];
}

/** In `published`: the default of `@SendTo()`, which is `/topic` + the destination without its application prefix. */
export const defaultTopic = '/topic{}';

/** What a reply decorator records: how the destinations of the return value are chosen. */
export interface ReplyRule {
  readonly reply: Reply;
  /** True when it names destinations. A rule without destinations is used only if no explicit rule applies. */
  readonly explicit: boolean;
  /** The destinations that it names, also those of users. */
  readonly destinations: readonly string[];
  /** The variables in its destinations; the route's pattern must declare them. */
  readonly variables: readonly string[];
  /** The destinations that it publishes to, without user destinations. */
  readonly published: readonly string[];
  /** Mistakes in the rule, each with its fix. */
  readonly mistakes: readonly string[];
}

/** A class of errors; it may be abstract. */
export type ErrorType = abstract new (...args: never[]) => object;

export interface MethodDefinition {
  readonly mappings: Mapping[];
  readonly replies: ReplyRule[];
  /** The classes that an exception handler takes; empty for all errors. Undefined for other methods. */
  errors: readonly ErrorType[] | undefined;
  readonly arguments: Map<number, ArgumentRule[]>;
}

export interface ClassDefinition {
  controller: boolean;
  /** Undefined if `@Controller` has no pattern. */
  patterns: readonly string[] | undefined;
  readonly replies: ReplyRule[];
  readonly methods: Map<string | symbol, MethodDefinition>;
  /** Undefined without `@WebSocketHandler`. */
  webSocket:
    | { readonly path: string; readonly options: Partial<WebSocketPartsOptions> }
    | undefined;
  /** Sentences about misplaced or repeated decorators. The name of the class is written before each text. */
  readonly mistakes: string[];
}

// Symbol.for, so that two copies of the package in one process share definitions.
const definitionKey = Symbol.for('signalbox.definition');

/** True when the class or one of its parents has `@Controller` or `@WebSocketHandler`. */
export function isServed(type: Constructor): boolean {
  return definitionsOf(type).some(({ controller, webSocket }) => controller || webSocket);
}

/** True when each session has its own instance of the class. */
export function isForOneConnection(type: Constructor): boolean {
  return definitionOf(type).webSocket?.options?.instance === 'connection';
}

/** The definition of the class itself, without its parents; created on first use. */
export function ownDefinition(type: object): ClassDefinition {
  if (!Object.hasOwn(type, definitionKey)) {
    Object.defineProperty(type, definitionKey, { value: emptyClass() });
  }
  return Reflect.get(type, definitionKey) as ClassDefinition;
}

/**
 * Refuses the decorators of ECMAScript, which receive a context object and have no parameter decorators. Thrown by the decorator, so
 * that the stack trace names the file.
 *
 * @param second the second argument of a decorator
 * @throws {MessagingError} `controller-invalid` when the compiler did not use `experimentalDecorators`
 */
export function requireDecoratorOption(second: unknown): void {
  if (typeof second !== 'object' || second === null) return;
  throw new MessagingError(
    'controller-invalid',
    'The decorators of signalbox need "experimentalDecorators": true in the tsconfig.json that includes this file.',
  );
}

/**
 * The definition of a method, for a decorator on the method or on one of its parameters.
 *
 * @param key undefined on a class
 * @throws {MessagingError} the error of `requireDecoratorOption`
 */
export function ownMethod(target: object, key: string | symbol | undefined): MethodDefinition {
  requireDecoratorOption(key);
  if (key === undefined) {
    ownDefinition(target).mistakes.push(
      ": a decorator of methods is on the class; for the prefix of its patterns, write @Controller('/prefix').",
    );
    return emptyMethod();
  }
  // The target of a static method is the class itself.
  if (typeof target === 'function') {
    ownDefinition(target).mistakes.push(
      `.${String(key)}: a static method cannot handle messages; remove 'static'.`,
    );
    return emptyMethod();
  }
  const { methods } = ownDefinition(target.constructor);
  const method = methods.get(key) ?? emptyMethod();
  methods.set(key, method);
  return method;
}

/** The name of a class in start-up texts and in the log. */
export function nameOf({ name }: Constructor): string {
  return name === '' ? '(anonymous class)' : name;
}

/**
 * Reports a decorator of classes that is applied without a call, as in `@Controller`: its argument is then the class.
 *
 * @param example the decorator with a call
 */
export function reportUncalledOnClass(type: object, example: string): ClassDefinition {
  const definition = ownDefinition(type);
  definition.mistakes.push(`: its decorator has no parentheses; write them, as in ${example}.`);
  return definition;
}

/**
 * Reports a decorator that is applied without a call, as in `@SendTo`: its arguments are then the prototype, the name of the method,
 * and a property descriptor or the index of a parameter. TypeScript rejects this, JavaScript does not.
 *
 * @param example the decorator with a call, such as `@SendTo()`
 */
export function reportUncalled(given: readonly unknown[], example: string): void {
  const [target, key] = given;
  if (typeof target !== 'object' || target === null || !Object.hasOwn(target, 'constructor'))
    return;
  if ((typeof key !== 'string' && typeof key !== 'symbol') || !(key in target)) return;
  ownDefinition(target.constructor).mistakes.push(
    `.${String(key)}: one of its decorators has no parentheses; write them, as in ${example}.`,
  );
}

/**
 * The definition including everything that the class inherits. Each kind of decorator is inherited separately: an overriding method
 * that has only `@SendTo` keeps its parent's mappings, exception classes and argument decorators.
 */
export function definitionOf(type: Constructor): ClassDefinition {
  return definitionsOf(type).reduce(mergeClass, emptyClass());
}

/**
 * The reply decorator that applies to a method. Rules of the method come before rules of the class, and rules with destinations
 * before rules without (Spring's order).
 */
export function effectiveReplyRule(
  ofMethod: readonly ReplyRule[],
  ofClass: readonly ReplyRule[],
): ReplyRule | undefined {
  const candidates = [ofMethod, ofClass].filter((rules) => rules.length > 0);
  const chosen =
    candidates.find((rules) => rules.some(({ explicit }) => explicit)) ?? candidates[0];
  if (chosen === undefined) return undefined;
  return {
    reply: combineReplies(chosen.map((rule) => rule.reply)),
    explicit: chosen.some(({ explicit }) => explicit),
    destinations: chosen.flatMap(({ destinations }) => destinations),
    variables: chosen.flatMap(({ variables }) => variables),
    published: chosen.flatMap(({ published }) => published),
    mistakes: chosen.flatMap(({ mistakes }) => mistakes),
  };
}

/** The definitions of the class and its parents that have decorators, the topmost parent first. */
function definitionsOf(type: Constructor): ClassDefinition[] {
  const definitions: ClassDefinition[] = [];
  for (let each: unknown = type; typeof each === 'function'; each = Object.getPrototypeOf(each)) {
    if (Object.hasOwn(each, definitionKey)) definitions.unshift(ownDefinition(each));
  }
  return definitions;
}

function mergeClass(parent: ClassDefinition, own: ClassDefinition): ClassDefinition {
  const methods = new Map(parent.methods);
  for (const [key, method] of own.methods)
    methods.set(key, mergeMethod(parent.methods.get(key) ?? emptyMethod(), method));
  return {
    controller: parent.controller || own.controller,
    patterns: own.patterns ?? parent.patterns,
    replies: own.replies.length > 0 ? own.replies : parent.replies,
    methods,
    webSocket: own.webSocket ?? parent.webSocket,
    mistakes: [...parent.mistakes, ...own.mistakes],
  };
}

function mergeMethod(parent: MethodDefinition, own: MethodDefinition): MethodDefinition {
  return {
    mappings: own.mappings.length > 0 ? own.mappings : parent.mappings,
    replies: own.replies.length > 0 ? own.replies : parent.replies,
    errors: own.errors ?? parent.errors,
    arguments: own.arguments.size > 0 ? own.arguments : parent.arguments,
  };
}

function emptyClass(): ClassDefinition {
  return {
    controller: false,
    patterns: undefined,
    replies: [],
    methods: new Map(),
    webSocket: undefined,
    mistakes: [],
  };
}

function emptyMethod(): MethodDefinition {
  return { mappings: [], replies: [], errors: undefined, arguments: new Map() };
}
