// The container of a server: binds what applications can inject, and creates the controllers.
import { inspect } from 'node:util';
import {
  Container,
  ContainerModule,
  type ContainerModuleLoadOptions,
  type Newable,
  type ServiceIdentifier,
} from 'inversify';
import { Publisher } from '../broker/publisher.js';
import type { BuiltController, FailedController } from '../controller/compile.js';
import { isForOneConnection } from '../controller/definition.js';
import { closeAll } from '../message/close-all.js';
import { Clock } from '../message/clock.js';
import { MessagingError } from '../message/error.js';
import type { Constructor } from '../payload/converter.js';
import { SessionEvents } from '../session/event.js';
import { SessionRegistry } from '../session/registry.js';
import { WebSocketSessions } from '../session/websocket-session.js';
import {
  bindingsOf,
  boundControllers,
  controllerClassOf,
  type Bindings,
  type BoundController,
} from './discovery.js';
import {
  destroy,
  inheritInjections,
  makeInjectable,
  refuseUninjectedParent,
} from './inherited-injections.js';
import type { ServerServices } from './services.js';

export type { Container, ServiceIdentifier as Token } from 'inversify';

const oneInstance =
  "its option instance is 'connection', but the container returns the same instance again; bind it with inTransientScope().";
const noInstance =
  'all its bindings have a condition; add a binding without whenNamed or another condition.';

/**
 * The container of the application, or a container that the server creates, in which plain classes need no binding. `close` removes
 * all bindings of the server, so that another server can use the container of the application.
 */
export class ServerContainer {
  readonly #container: Container;
  readonly #isOwn: boolean;
  /** Functions that undo the changes to the container, in the order of the changes. */
  readonly #undoSteps: (() => void | Promise<void>)[] = [];
  /** Tokens whose classes already inherit the injections of their parents. */
  readonly #completed = new Set<ServiceIdentifier>();
  #readBindings: Bindings | undefined;

  /** @throws {MessagingError} `option-invalid` when another server uses the container */
  constructor(
    given: Container | undefined,
    { publisher, registry, events, webSockets, clock }: ServerServices,
  ) {
    this.#container = given ?? new Container({ autobind: true, defaultScope: 'Singleton' });
    this.#isOwn = given === undefined;
    if (this.#container.isCurrentBound(Publisher)) {
      throw new MessagingError(
        'option-invalid',
        'Another server uses the container; give each server its own container.',
      );
    }
    this.#load(({ bind }) => {
      bind(Publisher).toConstantValue(publisher);
      bind(SessionRegistry).toConstantValue(registry);
      bind(SessionEvents).toConstantValue(events);
      bind(WebSocketSessions).toConstantValue(webSockets);
      bind(Clock).toConstantValue(clock);
    });
  }

  /** Changes bindings before the first controller is created. @param change returns the function that undoes it */
  async prepare(change: (container: Container) => Promise<() => void>): Promise<void> {
    this.#undoSteps.push(await change(this.#container));
  }

  /**
   * Creates the named controllers, or all that the container and its parents have bound. Each instance is returned once. A
   * controller that cannot be created is returned with its error, so that all mistakes are reported together.
   */
  async controllers(
    named: readonly Constructor[] | undefined,
  ): Promise<readonly BuiltController[]> {
    const wanted = named?.map((type) => this.#bind(type)) ?? boundControllers(this.#bindings());
    const built = await Promise.all(wanted.map((each) => this.#create(each)));
    const distinct = new Map(
      built.flat().map((each) => ['instance' in each ? each.instance : each.type, each]),
    );
    return [...distinct.values()];
  }

  /**
   * Removes all bindings of the server from the application's container, or closes the container that the server created, with all
   * its instances. An error does not stop the other steps.
   *
   * @throws the first error
   */
  async close(): Promise<void> {
    if (this.#isOwn) return this.#container.unbindAllAsync();
    await closeAll(this.#undoSteps.splice(0).toReversed());
  }

  /** The service of a token, as controllers receive it. @throws {MessagingError} `option-invalid` for a value that is not a token */
  async get<T>(token: ServiceIdentifier<T>): Promise<T> {
    requireToken(token);
    inheritInjections(token, this.#bindings(), this.#completed);
    return this.#container.getAsync(token);
  }

  async #create(wanted: BoundController | FailedController): Promise<readonly BuiltController[]> {
    if ('failure' in wanted) return [wanted];
    const { token, type } = wanted;
    try {
      inheritInjections(token, this.#bindings(), this.#completed);
      const instances = await this.#container.getAllAsync<unknown>(token);
      const built = instances.flatMap((instance) => controllerFrom(instance, token, type));
      if (built.length === 0) return [{ type, failure: new Error(noInstance) }];
      if (!isForOneConnection(type)) return built;
      const create = async () => (await this.#container.getAsync<unknown>(token)) as object;
      // The instances that check the class serve no session.
      const unused = new Set(instances as object[]);
      if (!this.#createsEach(token)) {
        const another = await create();
        if (unused.has(another)) return [{ type, failure: new Error(oneInstance) }];
        unused.add(another);
      }
      // Without `open`, a method may fail; the log has its failures at the end of sessions.
      await Promise.allSettled([...unused].map(destroy));
      return built.slice(0, 1).map((each) => ({ ...each, instances: { create, destroy } }));
    } catch (failure) {
      return [{ type, failure }];
    }
  }

  /** True when the bindings show that the container creates an instance for each request. */
  #createsEach(token: ServiceIdentifier): boolean {
    return [...this.#bindings().getChained(token)].every(
      ({ type, scope }) => type === 'Instance' && scope !== undefined && scope !== 'Singleton',
    );
  }

  /** Must be read after `prepare`, which may replace the bindings of the container. */
  #bindings(): Bindings {
    return (this.#readBindings ??= bindingsOf(this.#container));
  }

  #bind(type: Constructor): BoundController | FailedController {
    // inversify declares the constructor's parameters as `any`.
    const newable = type as Newable<object>;
    try {
      makeInjectable(type);
      const isTransient = isForOneConnection(type);
      // With autobind, `isBound` binds each class as a singleton.
      const isBound =
        isTransient && this.#isOwn
          ? this.#container.isCurrentBound(newable)
          : this.#container.isBound(newable);
      if (this.#isOwn || !isBound) refuseUninjectedParent(type);
      if (!isBound)
        this.#load(({ bind }) => {
          const binding = bind(newable).toSelf();
          if (isTransient) binding.inTransientScope();
          else binding.inSingletonScope();
        });
      return { token: type, type };
    } catch (failure) {
      return { type, failure };
    }
  }

  #load(load: (options: ContainerModuleLoadOptions) => void): void {
    const module = new ContainerModule(load);
    this.#container.load(module);
    this.#undoSteps.push(() => this.#container.unloadAsync(module));
  }
}

function requireToken(token: unknown): void {
  if (typeof token === 'string' || typeof token === 'symbol') return;
  // Arrow functions have no prototype.
  if (typeof token === 'function' && token.prototype !== undefined) return;
  throw new MessagingError(
    'option-invalid',
    `The token of a service must be a class, a string or a symbol; ${inspect(token)} is not one. A circular import can make a class undefined.`,
  );
}

/** Uses the class of the instance, which may be a subclass of the bound one. */
function controllerFrom(
  instance: unknown,
  token: ServiceIdentifier,
  type: Constructor,
): BuiltController[] {
  if (typeof instance !== 'object' || instance === null) return [];
  const own = controllerClassOf(instance) ?? (token === type ? type : undefined);
  return own === undefined ? [] : [{ type: own, instance }];
}
