// Which of the things that a container has bound are controllers.
import type { Container, ServiceIdentifier } from 'inversify';
import { isController } from '../controller/definition.js';
import type { Constructor } from '../payload/converter.js';
import { bindingsOf, type Binding } from './bindings.js';

/** A controller to be had from a container. */
export interface BoundController {
  readonly token: ServiceIdentifier;
  /** As far as it is known before anything is built. */
  readonly type: Constructor;
}

/** Those of the container and of its parents, under whatever name they are bound (Spring: every bean that is annotated). */
export function boundControllers(container: Container): readonly BoundController[] {
  const bindings = bindingsOf(container);
  const found = new Map<ServiceIdentifier, BoundController & { readonly alias: unknown }>();
  for (const token of bindings.getBoundServices()) {
    for (const binding of bindings.getChained(token)) {
      const type = controllerOf(binding) ?? asController(token);
      if (type !== undefined)
        found.set(token, { token, type, alias: binding.targetServiceIdentifier });
    }
  }
  // A second name gives the same controller once more.
  return [...found.values()].filter(({ alias }) => !found.has(alias as ServiceIdentifier));
}

/** The class that a thing was made of, if it is a controller. */
export function controllerClassOf(thing: unknown): Constructor | undefined {
  if (typeof thing !== 'object' || thing === null) return undefined;
  const prototype = Object.getPrototypeOf(thing) as { readonly constructor?: unknown } | null;
  return asController(prototype?.constructor);
}

function controllerOf({ type, implementationType, value }: Binding): Constructor | undefined {
  return type === 'Instance' ? asController(implementationType) : controllerClassOf(value);
}

function asController(type: unknown): Constructor | undefined {
  return typeof type === 'function' && isController(type as Constructor)
    ? (type as Constructor)
    : undefined;
}
