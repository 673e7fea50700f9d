// Temporary overrides of bindings.
import { Container, ContainerModule, inject, injectable } from 'inversify';
import { expect, it } from 'vitest';
import { overrideTemporarily } from '../../src/container/overrides.js';

@injectable()
class Engine {}

@injectable()
class Car {
  constructor(readonly engine: Engine) {}
}
inject(Engine)(Car, undefined, 0);

function garage(): Container {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(Engine).toSelf();
  container.bind(Car).toSelf();
  return container;
}

it('an override reaches instances that exist already, and they are restored', async () => {
  const container = garage();
  const car = container.get(Car);
  const fake = new Engine();
  const restore = await overrideTemporarily(container, [], [[Engine, fake]]);
  expect(container.get(Car)).not.toBe(car);
  expect(container.get(Car).engine).toBe(fake);
  restore();
  expect(container.get(Car)).toBe(car);
  expect(container.get(Car).engine).not.toBe(fake);
});

it('an override does not remain in instances that are created afterwards', async () => {
  const container = garage();
  const fake = new Engine();
  const restore = await overrideTemporarily(container, [], [[Engine, fake]]);
  container.get(Car);
  restore();
  expect(container.get(Car).engine).not.toBe(fake);
});

it('an override reaches instances of a parent container', async () => {
  const parent = garage();
  const car = parent.get(Car);
  const container = new Container({ parent });
  const fake = new Engine();
  const restore = await overrideTemporarily(container, [], [[Engine, fake]]);
  expect(container.get(Car).engine).toBe(fake);
  restore();
  expect(parent.get(Car)).toBe(car);
  expect(container.get(Car)).toBe(car);
});

it('modules are loaded before the values are bound, and unloaded afterwards', async () => {
  const container = new Container();
  const module = new ContainerModule(({ bind }) => {
    bind('wheels').toConstantValue(4);
    bind('doors').toConstantValue(5);
  });
  const restore = await overrideTemporarily(container, [module], [['doors', 3]]);
  expect([container.get('wheels'), container.get('doors')]).toEqual([4, 3]);
  restore();
  expect(container.isBound('wheels')).toBe(false);
});

it('the container is restored if a module cannot be loaded', async () => {
  const container = garage();
  const car = container.get(Car);
  const broken = new ContainerModule(({ bind }) => {
    bind('wheels').toConstantValue(4);
    throw new Error('flat');
  });
  await expect(overrideTemporarily(container, [broken], [])).rejects.toThrow('flat');
  expect(container.isBound('wheels')).toBe(false);
  expect(container.get(Car)).toBe(car);
});
