// The metadata of inversify: injections of parents, which need @injectFromBase(), and @preDestroy() of instances that inversify forgets.
import { Script } from 'node:vm';
import {
  injectable,
  injectFromBase,
  LazyServiceIdentifier,
  type Newable,
  type ServiceIdentifier,
} from 'inversify';
import type { Constructor } from '../payload/converter.js';
import type { Bindings } from './discovery.js';
import { isForeignService } from './services.js';

/** Metadata key of `@injectable`, which throws when it is applied twice. */
const injectableKey = '@inversifyjs/core/classIsInjectableFlagReflectKey';

/** Metadata key of the injections of a class. */
const injectionsKey = '@inversifyjs/core/classMetadataReflectKey';

interface Injection {
  /** The token; absent for values that inversify does not inject. */
  readonly value?: unknown;
}

interface Injections {
  /** An argument without an injection is undefined; inversify reports it. */
  readonly constructorArguments: readonly (Injection | undefined)[];
  readonly properties: ReadonlyMap<PropertyKey, Injection>;
  readonly lifecycle: { readonly preDestroyMethodNames: ReadonlySet<PropertyKey> };
}

const noProperties: Injections['properties'] = new Map();

/** Applies `@injectable()`, if the class does not have it. */
export function makeInjectable(type: Constructor): void {
  // inversify declares the constructor's parameters as `any`.
  if (!Reflect.hasOwnMetadata(injectableKey, type)) injectable()(type as Newable<object>);
}

/**
 * Makes the classes that are bound to a token, and all classes that are injected into them, inherit the injections of their
 * parents: properties, and the parameters of the constructor if the class declares none.
 *
 * @param seen tokens that have been processed
 * @throws {Error} when the injections of a class are incomplete, or a service of another copy of the package is injected
 */
export function inheritInjections(
  injected: unknown,
  bindings: Bindings,
  seen: Set<ServiceIdentifier>,
): void {
  const token = (
    LazyServiceIdentifier.is(injected) ? injected.unwrap() : injected
  ) as ServiceIdentifier;
  if (token === undefined || seen.has(token)) return;
  seen.add(token);
  try {
    refuseForeignService(token);
    for (const { targetServiceIdentifier, implementationType } of bindings.getChained(token)) {
      inheritInjections(targetServiceIdentifier, bindings, seen);
      if (implementationType === undefined) continue;
      const type = implementationType as Constructor;
      inheritFromParent(type);
      refuseUninjectedParent(type);
      const { constructorArguments = [], properties = noProperties } = injectionsOf(type) ?? {};
      for (const injection of [...constructorArguments, ...properties.values()])
        inheritInjections(injection?.value, bindings, seen);
    }
  } catch (error) {
    // Removed again, so that other classes that inject the token fail as well.
    seen.delete(token);
    throw error;
  }
}

/** Calls the `@preDestroy` methods of an instance. inversify calls them only for instances that it keeps. */
export async function destroy(instance: object): Promise<void> {
  const { lifecycle } = injectionsOf(instance.constructor as Constructor) ?? {};
  const methods = instance as Readonly<Record<PropertyKey, () => unknown>>;
  for (const name of lifecycle?.preDestroyMethodNames ?? []) await methods[name]!();
}

/** With autobind, inversify would create an instance of the abstract class, which has no methods. */
function refuseForeignService(token: ServiceIdentifier): void {
  if (isForeignService(token))
    throw new Error(
      `${token.name} belongs to another copy of signalbox; remove one of the copies, for example with npm dedupe.`,
    );
}

/** inversify would pass no arguments to the constructor that the class inherits. */
export function refuseUninjectedParent(type: Constructor): void {
  const parent = uninjectedParent(type);
  if (parent !== undefined)
    throw new Error(
      `${type.name} inherits the constructor of ${parent.name}, whose parameters have no injections; decorate ${parent.name} with @injectable() or its parameters with @inject(), or declare a constructor in ${type.name}.`,
    );
}

/**
 * The parent whose constructor the class inherits, if its parameters have no injections. Functions that are not classes, such as
 * EventEmitter and Object, belong to libraries, and their parameters are optional.
 */
function uninjectedParent(type: Constructor): Constructor | undefined {
  for (let each = type; typeof each === 'function'; each = parentOf(each)!) {
    const source = Function.prototype.toString.call(each);
    if (!source.startsWith('class')) return undefined;
    if (declaresConstructor(each)) {
      const isInjected = injectionsOf(each) !== undefined || hasTypes(each);
      return each === type || isInjected ? undefined : each;
    }
    if (replacesConstructor(source)) return undefined;
  }
  return undefined;
}

/** Compilers add a constructor that passes all its arguments on, to initialize fields. */
const passesArguments =
  /\bsuper\(\.\.\.arguments\)|\bconstructor\s*\(\.\.\.(\w+)\)\s*\{\s*super\(\.\.\.\1\)/;

/** True when a class declares a constructor with its own arguments for that of its parent. */
function replacesConstructor(source: string): boolean {
  return (
    source.includes('constructor') && !passesArguments.test(source) && declaresConstructorIn(source)
  );
}

/**
 * True when the source of a class contains its own constructor, and not only a text, a comment or an inner class with this word.
 * The parser of the engine decides: a second constructor is a syntax error. The code does not run.
 */
function declaresConstructorIn(source: string): boolean {
  // A script cannot contain it, but it has no other influence on the syntax.
  const script = source.replaceAll('import.meta', 'undefined');
  // The source of an inner class may use private names of the outer one, which cannot be compiled alone.
  if (!isScript(script)) return /\bconstructor\s*\(/.test(source);
  return !isScript(`${script.slice(0, -1)}\nconstructor() {}}`);
}

function isScript(source: string): boolean {
  try {
    new Script(`(${source})`);
    return true;
  } catch {
    return false;
  }
}

/** Starts with the topmost parent, because `@injectFromBase()` reads only the direct parent. */
function inheritFromParent(type: Constructor): void {
  const parent = parentOf(type);
  if (parent === undefined) return;
  inheritFromParent(parent);
  if (hasTypes(parent)) makeInjectable(parent);
  // Classes of other libraries have no injections.
  if (injectionsOf(parent) === undefined) return;
  injectFromBase({ extendConstructorArguments: !declaresConstructor(type) })(type);
}

function parentOf(type: Constructor): Constructor | undefined {
  const parent: unknown = Object.getPrototypeOf(type);
  return parent === Function.prototype || parent === null ? undefined : (parent as Constructor);
}

function declaresConstructor(type: Constructor): boolean {
  const injected = injectionsOf(type)?.constructorArguments.length ?? 0;
  return type.length > 0 || injected > 0 || hasTypes(type);
}

/** True when the compiler has recorded the types of the constructor's parameters; it does so also if there are none. */
function hasTypes(type: Constructor): boolean {
  return Reflect.hasOwnMetadata('design:paramtypes', type);
}

function injectionsOf(type: Constructor): Injections | undefined {
  return Reflect.getOwnMetadata(injectionsKey, type) as Injections | undefined;
}
