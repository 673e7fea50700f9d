// The inversify side of a server: what it offers for injection, and which controllers it serves.
import 'reflect-metadata';
import {
  Container,
  ContainerModule,
  injectable,
  type ContainerModuleLoadOptions,
  type Newable,
  type ServiceIdentifier,
} from 'inversify';
import { Publisher } from '../broker/publisher.js';
import type { BuiltController, FailedController } from '../controller/compile.js';
import { MessagingError } from '../message/error.js';
import type { Constructor } from '../payload/converter.js';
import { SessionEvents } from '../session/event.js';
import { SessionRegistry } from '../session/registry.js';
import { Attempts } from '../message/attempts.js';
import { boundControllers, controllerClassOf, type BoundController } from './discovery.js';

export type { Container } from 'inversify';

/** What applications can inject. */
export interface Offered {
  readonly publisher: Publisher;
  readonly registry: SessionRegistry;
  readonly events: SessionEvents;
}

/** Where inversify notes that a class is injectable; applying `@injectable` twice throws. */
const injectableFlag = '@inversifyjs/core/classIsInjectableFlagReflectKey';

const noInstance =
  'no binding gives an instance of it without a condition; bind it once more, without whenNamed and the like.';

/** A container in which plain classes need no binding. */
function ownContainer(): Container {
  return new Container({ autobind: true, defaultScope: 'Singleton' });
}

/**
 * What a server has put into a container, until it takes it back; a container serves one server at a time. Where the application
 * has none, the server has one of its own.
 */
export class ContainerLease {
  readonly #container: Container;
  readonly #own: boolean;
  /** How each step is taken back. */
  readonly #undo: (() => void | Promise<void>)[] = [];

  /** @throws `option-invalid` where another server has the container */
  constructor(given: Container | undefined, { publisher, registry, events }: Offered) {
    this.#container = given ?? ownContainer();
    this.#own = given === undefined;
    if (this.#container.isCurrentBound(Publisher)) {
      throw new MessagingError(
        'option-invalid',
        'The container serves another server already; give each server one of its own.',
      );
    }
    this.#load(({ bind }) => {
      bind(Publisher).toConstantValue(publisher);
      bind(SessionRegistry).toConstantValue(registry);
      bind(SessionEvents).toConstantValue(events);
    });
  }

  /** Lets somebody change what is bound before anything is built. @param change gives its way back */
  async prepare(change: (container: Container) => Promise<() => void>): Promise<void> {
    this.#undo.push(await change(this.#container));
  }

  /**
   * The controllers to serve, each once: those named, or all that the container or a parent of its has bound. What cannot be
   * built is for the compiler to say, with everything else that is wrong.
   */
  async controllers(
    named: readonly Constructor[] | undefined,
  ): Promise<readonly BuiltController[]> {
    const wanted = named?.map((type) => this.#bind(type)) ?? boundControllers(this.#container);
    const built = await Promise.all(wanted.map((each) => this.#build(each)));
    const distinct = new Map(
      built.flat().map((each) => ['instance' in each ? each.instance : each.type, each]),
    );
    return [...distinct.values()];
  }

  /**
   * Nothing of the server is left, and the container can serve another one; one of our own ends with all that it has built. What
   * fails to end keeps nothing else from it; the promise then rejects with the first failure.
   */
  async end(): Promise<void> {
    if (this.#own) return this.#container.unbindAllAsync();
    const attempts = new Attempts();
    for (const step of this.#undo.splice(0).toReversed()) await attempts.make(step);
    attempts.conclude();
  }

  async #build(wanted: BoundController | FailedController): Promise<readonly BuiltController[]> {
    if ('failure' in wanted) return [wanted];
    const { token, type } = wanted;
    try {
      const things = await this.#container.getAllAsync<unknown>(token);
      const built = things.flatMap((thing) => builtFrom(thing, token, type));
      return built.length > 0 ? built : [{ type, failure: new Error(noInstance) }];
    } catch (failure) {
      return [{ type, failure }];
    }
  }

  #bind(type: Constructor): BoundController | FailedController {
    // inversify wants `@injectable` once, and writes the parameters of a class that it is to build as `any`.
    const newable = type as Newable<object>;
    try {
      if (Reflect.getOwnMetadata(injectableFlag, type) === undefined) injectable()(newable);
      if (!this.#container.isBound(newable))
        this.#load(({ bind }) => void bind(newable).toSelf().inSingletonScope());
      return { token: type, type };
    } catch (failure) {
      return { type, failure };
    }
  }

  #load(load: (options: ContainerModuleLoadOptions) => void): void {
    const module = new ContainerModule(load);
    this.#container.load(module);
    this.#undo.push(() => this.#container.unloadAsync(module));
  }
}

/** What its decorators say is that of its own class, which may be a subclass of the one that was asked for. */
function builtFrom(thing: unknown, token: ServiceIdentifier, type: Constructor): BuiltController[] {
  if (typeof thing !== 'object' || thing === null) return [];
  const own = controllerClassOf(thing) ?? (token === type ? type : undefined);
  return own === undefined ? [] : [{ type: own, instance: thing }];
}
