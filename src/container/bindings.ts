// What a container and its parents have bound, which inversify shows to plugins alone.
import type { Container, ServiceIdentifier } from 'inversify';

/** A binding of inversify's, as far as it matters here. */
export interface Binding {
  /** `Instance`, `ConstantValue`, `ServiceRedirection` and others. */
  readonly type: string;
  /** The class that an `Instance` is made of. */
  readonly implementationType?: object;
  /** Of a `ConstantValue`. */
  readonly value?: unknown;
  /** Where a `ServiceRedirection` leads. */
  readonly targetServiceIdentifier?: ServiceIdentifier;
  /** What was built; absent where nothing can be kept. */
  cache?: unknown;
}

export interface Bindings {
  getBoundServices(): Iterable<ServiceIdentifier>;
  getChained(token: ServiceIdentifier): Iterable<Binding>;
}

/** By which inversify knows a plugin. */
const isPlugin = Symbol.for('@inversifyjs/plugin/isPlugin');

export function bindingsOf(container: Container): Bindings {
  const shown: Bindings[] = [];
  container.register(
    class {
      readonly [isPlugin] = true;

      constructor(_: Container, { bindingService }: { readonly bindingService: Bindings }) {
        shown.push(bindingService);
      }

      load(): void {}
    },
  );
  return shown[0]!;
}
