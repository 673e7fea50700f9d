// Replaces bindings of a container for the duration of a test.
import { inspect } from 'node:util';
import type { Container, ContainerModule, ServiceIdentifier } from 'inversify';
import { invalidOption } from '../message/option.js';
import { bindingsOf, type Binding } from './discovery.js';

export type { ContainerModule } from 'inversify';

/** A token and the value to inject for it. */
export type Override = readonly [token: ServiceIdentifier, value: unknown];

/** @throws {MessagingError} `option-invalid` unless the value is a list of pairs of a token and a value */
export function checkOverrides(overrides: unknown): asserts overrides is readonly Override[] {
  const rule = 'must be a list of tokens and values, such as [[ChatHistory, fakeHistory]]';
  if (!Array.isArray(overrides))
    throw invalidOption('override', `${rule}, unlike ${inspect(overrides, { depth: 0 })}`);
  for (const [index, item] of overrides.entries()) {
    if (!Array.isArray(item) || item.length !== 2)
      throw invalidOption('override', `${rule}; item ${index} is ${inspect(item, { depth: 0 })}`);
    const [token] = item as readonly unknown[];
    if (!['function', 'string', 'symbol'].includes(typeof token))
      throw invalidOption(
        'override',
        `${rule}; the token of item ${index} is ${inspect(token, { depth: 0 })}`,
      );
  }
}

const emptyCache = { isRight: false, value: undefined };

/** Loads modules, then replaces bindings of the modules, the container and its parents by values. */
export async function overrideBindings(
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
 * Replaces bindings until the returned function restores the container. Cached instances are removed for this time, because they
 * contain the injected values.
 */
export async function overrideTemporarily(
  container: Container,
  modules: readonly ContainerModule[],
  overrides: readonly Override[],
): Promise<() => void> {
  container.snapshot();
  const caches = emptyCaches(container);
  const restore = () => {
    container.restore();
    for (const [binding, cache] of caches) binding.cache = cache;
  };
  try {
    await overrideBindings(container, modules, overrides);
    return restore;
  } catch (error) {
    restore();
    throw error;
  }
}

/** Removes the cached instances of all singletons, also of parents, and returns them. */
function emptyCaches(container: Container): ReadonlyMap<Binding, unknown> {
  const bindings = bindingsOf(container);
  const caches = new Map<Binding, unknown>();
  for (const token of bindings.getBoundServices())
    for (const binding of bindings.getChained(token))
      if ('cache' in binding) caches.set(binding, binding.cache);
  for (const binding of caches.keys()) binding.cache = emptyCache;
  return caches;
}
