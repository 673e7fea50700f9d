// The inversify side of a server: what it offers for injection, and which controllers it serves.
import 'reflect-metadata';
import { Container, injectable, type Newable } from 'inversify';
import { Publisher } from '../broker/publisher.js';
import { controllerTypes } from '../controller/definition.js';
import { MessagingError } from '../message/error.js';
import type { Constructor } from '../payload/converter.js';
import { SessionEvents } from '../session/event.js';
import { SessionRegistry } from '../session/registry.js';

/** What applications can inject. */
export interface Offered {
  readonly publisher: Publisher;
  readonly registry: SessionRegistry;
  readonly events: SessionEvents;
}

export interface ControllerInstance {
  readonly type: Constructor;
  readonly instance: object;
}

/** Where inversify notes that a class is injectable; applying `@injectable` twice throws. */
const injectableFlag = '@inversifyjs/core/classIsInjectableFlagReflectKey';

/** A container in which plain classes need no binding. */
export function ownContainer(): Container {
  return new Container({ autobind: true, defaultScope: 'Singleton' });
}

/** Binds what the server offers; a container serves one server. */
export function offer(container: Container, offered: Offered): void {
  if (container.isCurrentBound(Publisher)) {
    throw new MessagingError(
      'option-invalid',
      'The container serves another server already; give each server one of its own.',
    );
  }
  container.bind(Publisher).toConstantValue(offered.publisher);
  container.bind(SessionRegistry).toConstantValue(offered.registry);
  container.bind(SessionEvents).toConstantValue(offered.events);
}

/** Takes back what was offered, so that the container can serve another server. */
export async function withdraw(container: Container): Promise<void> {
  await container.unbindAsync(Publisher);
  await container.unbindAsync(SessionRegistry);
  await container.unbindAsync(SessionEvents);
}

/** The controllers to serve, built: those named, or all that the container or a parent of its has bound. */
export function buildControllers(
  container: Container,
  named: readonly Constructor[] | undefined,
): Promise<ControllerInstance[]> {
  for (const type of named ?? []) bind(container, identifier(type));
  const types = named ?? controllerTypes().filter((type) => container.isBound(identifier(type)));
  return Promise.all(
    types.map(async (type) => ({ type, instance: await container.getAsync(identifier(type)) })),
  );
}

function bind(container: Container, type: Newable<object>): void {
  if (Reflect.getOwnMetadata(injectableFlag, type) === undefined) injectable()(type);
  if (!container.isBound(type)) container.bind(type).toSelf().inSingletonScope();
}

/** inversify writes the parameters of a class that it is to build as `any`. */
function identifier(type: Constructor): Newable<object> {
  return type as Newable<object>;
}
