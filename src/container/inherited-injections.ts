// Inherited injections: inversify gives a subclass the injections of its parents only with @injectFromBase(), so this applies it.
import {
  injectable,
  injectFromBase,
  LazyServiceIdentifier,
  type Newable,
  type ServiceIdentifier,
} from 'inversify';
import type { Constructor } from '../payload/converter.js';
import type { Bindings } from './discovery.js';

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
 * @param seen tokens that need no other visit
 * @throws {Error} when the injections of a class are incomplete
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
  for (const { targetServiceIdentifier, implementationType } of bindings.getChained(token)) {
    inheritInjections(targetServiceIdentifier, bindings, seen);
    if (implementationType === undefined) continue;
    const type = implementationType as Constructor;
    inheritFromParent(type);
    const { constructorArguments = [], properties = noProperties } = injectionsOf(type) ?? {};
    for (const injection of [...constructorArguments, ...properties.values()])
      inheritInjections(injection?.value, bindings, seen);
  }
}

/**
 * The parent whose constructor the class inherits, if its parameters have no injections. A controller cannot work then; other
 * classes may inherit the constructor of a library, whose parameters are optional.
 */
export function uninjectedParent(type: Constructor): Constructor | undefined {
  for (let each = type; typeof each === 'function'; each = parentOf(each)!) {
    if (!declaresConstructor(each)) continue;
    const isInjected = injectionsOf(each) !== undefined || hasTypes(each);
    return each === type || isInjected ? undefined : each;
  }
  return undefined;
}

/** The topmost parent first, because each class inherits from its direct parent only. */
function inheritFromParent(type: Constructor): void {
  const parent = parentOf(type);
  if (parent === undefined) return;
  inheritFromParent(parent);
  if (hasTypes(parent)) makeInjectable(parent);
  // Classes of other libraries have none.
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
