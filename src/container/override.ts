// Other values in the place of a container's own, for as long as a test lasts.
import type { Container, ContainerModule, ServiceIdentifier } from 'inversify';
import { bindingsOf, type Binding } from './bindings.js';

export type { ContainerModule, ServiceIdentifier as Token } from 'inversify';

/** What is injected for a token. */
export type Override = readonly [token: ServiceIdentifier, value: unknown];

const notBuilt = { isRight: false, value: undefined };

/** Loads modules, and binds values over what they and the container, or a parent of it, have bound. */
export async function overrideIn(
  container: Container,
  modules: readonly ContainerModule[],
  overrides: readonly Override[],
): Promise<void> {
  if (modules.length > 0) await container.loadAsync(...modules);
  for (const [token, value] of overrides) {
    if (container.isCurrentBound(token)) await container.unbindAsync(token);
    container.bind(token).toConstantValue(value);
  }
}

/**
 * The same in a container that is somebody else's. What was built before is forgotten meanwhile, or it would keep the values
 * that it was built with.
 *
 * @returns the way back: the container as it was
 */
export async function overrideMeanwhile(
  container: Container,
  modules: readonly ContainerModule[],
  overrides: readonly Override[],
): Promise<() => void> {
  container.snapshot();
  const built = forgetBuilt(container);
  const restore = () => {
    container.restore();
    for (const [binding, cache] of built) binding.cache = cache;
  };
  try {
    await overrideIn(container, modules, overrides);
    return restore;
  } catch (error) {
    restore();
    throw error;
  }
}

/** Empties the place of every singleton, in parents too; gives what stood there. */
function forgetBuilt(container: Container): ReadonlyMap<Binding, unknown> {
  const bindings = bindingsOf(container);
  const built = new Map<Binding, unknown>();
  for (const token of bindings.getBoundServices())
    for (const binding of bindings.getChained(token))
      if ('cache' in binding) built.set(binding, binding.cache);
  for (const binding of built.keys()) binding.cache = notBuilt;
  return built;
}
