// What the decorators of a class have said, and what it inherits of it.
import 'reflect-metadata';
import type { Reply } from '../dispatch/route.js';
import type { Constructor } from '../payload/converter.js';
import type { ArgumentRule } from './parameter.js';

export interface Mapping {
  readonly on: 'send' | 'subscribe';
  readonly patterns: readonly string[];
}

/** A return rule: where the value goes. */
export interface ReplyRule {
  readonly reply: Reply;
  /** Whether it names a place; one that leaves it to the default gives way to one that does. */
  readonly explicit: boolean;
  /** What its destinations want of the route's pattern. */
  readonly variables: readonly string[];
  /** The destinations that it publishes to; those below a user's are not among them. */
  readonly published: readonly string[];
  /** What is wrong with it in itself, and how to mend it. */
  readonly findings: readonly string[];
}

/** An error class; abstract ones too. */
export type ErrorType = abstract new (...args: never[]) => object;

export interface MethodDefinition {
  readonly mappings: Mapping[];
  readonly replies: ReplyRule[];
  /** What an exception handler takes; an empty list is everything. Undefined for other methods. */
  errors: readonly ErrorType[] | undefined;
  readonly arguments: Map<number, ArgumentRule[]>;
}

export interface ClassDefinition {
  controller: boolean;
  /** Undefined where `@Controller` names none. */
  patterns: readonly string[] | undefined;
  readonly replies: ReplyRule[];
  readonly methods: Map<string | symbol, MethodDefinition>;
  /** Decorators that stand where they cannot, or once too often; each as what follows the name of the class. */
  readonly findings: string[];
}

// By Symbol.for, so that two copies of the package in one process agree.
const definitionKey = Symbol.for('signalbox.definition');

/** Whether the class or a parent of it carries `@Controller`. */
export function isController(type: Constructor): boolean {
  return lineOf(type).some(({ controller }) => controller);
}

/** What the decorators of this very class say; made at the first of them. */
export function ownDefinition(type: object): ClassDefinition {
  if (!Object.hasOwn(type, definitionKey)) {
    const value: ClassDefinition = {
      controller: false,
      patterns: undefined,
      replies: [],
      methods: new Map(),
      findings: [],
    };
    Object.defineProperty(type, definitionKey, { value });
  }
  return Reflect.get(type, definitionKey) as ClassDefinition;
}

/** What the decorators of one method say, for a decorator that stands on it or on a parameter of it. */
export function ownMethod(target: object, key: string | symbol): MethodDefinition {
  // The target of a static method is the class itself.
  if (typeof target === 'function') {
    ownDefinition(target).findings.push(
      `.${String(key)}: a static method cannot handle messages; remove 'static'.`,
    );
    return emptyMethod();
  }
  const { methods } = ownDefinition(target.constructor);
  const method = methods.get(key) ?? emptyMethod();
  methods.set(key, method);
  return method;
}

/**
 * The definition with everything inherited. A class's own word replaces its parents', matter by matter: an overriding method
 * that has only `@SendTo` keeps its parent's mapping, exception types and argument decorators.
 */
export function definitionOf(type: Constructor): ClassDefinition {
  return lineOf(type).reduce(over, {
    controller: false,
    patterns: undefined,
    replies: [],
    methods: new Map(),
    findings: [],
  });
}

/** The decorated classes among the class and its parents, the eldest first. */
function lineOf(type: Constructor): ClassDefinition[] {
  const line: ClassDefinition[] = [];
  for (let at: unknown = type; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, definitionKey)) line.unshift(ownDefinition(at));
  }
  return line;
}

function over(parent: ClassDefinition, own: ClassDefinition): ClassDefinition {
  const methods = new Map(parent.methods);
  for (const [key, method] of own.methods)
    methods.set(key, overMethod(parent.methods.get(key) ?? emptyMethod(), method));
  return {
    controller: parent.controller || own.controller,
    patterns: own.patterns ?? parent.patterns,
    replies: own.replies.length > 0 ? own.replies : parent.replies,
    methods,
    findings: [...parent.findings, ...own.findings],
  };
}

function overMethod(parent: MethodDefinition, own: MethodDefinition): MethodDefinition {
  return {
    mappings: own.mappings.length > 0 ? own.mappings : parent.mappings,
    replies: own.replies.length > 0 ? own.replies : parent.replies,
    errors: own.errors ?? parent.errors,
    arguments: own.arguments.size > 0 ? own.arguments : parent.arguments,
  };
}

function emptyMethod(): MethodDefinition {
  return { mappings: [], replies: [], errors: undefined, arguments: new Map() };
}
