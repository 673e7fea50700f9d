// Finds the controllers among the bindings of a container and its parents.
import type { Container, ServiceIdentifier } from 'inversify';
import { isServed } from '../controller/definition.js';
import type { Constructor } from '../payload/converter.js';

/** A binding of inversify, with the fields that are used here. */
export interface Binding {
  /** `Instance`, `ConstantValue`, `ServiceRedirection` and others. */
  readonly type: string;
  /** `Singleton`, `Request` or `Transient`; absent for bindings that create no instances. */
  readonly scope?: string;
  /** `Instance` only: the class. */
  readonly implementationType?: object;
  /** `ConstantValue` only. */
  readonly value?: unknown;
  /** `ServiceRedirection` only. */
  readonly targetServiceIdentifier?: ServiceIdentifier;
  /** The cached instance; bindings that are never cached do not have this field. */
  cache?: unknown;
}

/** The bindings of a container and its parents. */
export interface Bindings {
  getBoundServices(): Iterable<ServiceIdentifier>;
  getChained(token: ServiceIdentifier): Iterable<Binding>;
}

/** A controller that a container can create. */
export interface BoundController {
  readonly token: ServiceIdentifier;
  /** The class in the binding; the instance may belong to a subclass. */
  readonly type: Constructor;
}

/** The symbol that identifies plugins of inversify. */
const isPlugin = Symbol.for('@inversifyjs/plugin/isPlugin');

/** A plugin of inversify, because only plugins have access to bindings. */
export function bindingsOf(container: Container): Bindings {
  let bindings: Bindings | undefined;
  container.register(
    class {
      readonly [isPlugin] = true;

      constructor(_: Container, { bindingService }: { readonly bindingService: Bindings }) {
        bindings = bindingService;
      }

      load(): void {}
    },
  );
  return bindings!;
}

/** All controllers that a container or its parents have bound, under any token (Spring: all annotated beans). */
export function boundControllers(bindings: Bindings): readonly BoundController[] {
  const found = new Map<ServiceIdentifier, BoundController & { readonly alias: unknown }>();
  for (const token of bindings.getBoundServices()) {
    for (const binding of bindings.getChained(token)) {
      const type = controllerOf(binding) ?? asController(token);
      if (type !== undefined)
        found.set(token, { token, type, alias: binding.targetServiceIdentifier });
    }
  }
  // An alias of another token yields the same controller again.
  return [...found.values()].filter(({ alias }) => !found.has(alias as ServiceIdentifier));
}

/** The class of an instance if it is a controller. */
export function controllerClassOf(instance: unknown): Constructor | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  const prototype = Object.getPrototypeOf(instance) as { readonly constructor?: unknown } | null;
  return asController(prototype?.constructor);
}

function controllerOf({ type, implementationType, value }: Binding): Constructor | undefined {
  return type === 'Instance' ? asController(implementationType) : controllerClassOf(value);
}

function asController(type: unknown): Constructor | undefined {
  return typeof type === 'function' && isServed(type as Constructor)
    ? (type as Constructor)
    : undefined;
}
