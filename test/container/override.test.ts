// Other values in a container for a while, and the container as it was afterwards.
import { Container, ContainerModule, inject, injectable } from 'inversify';
import { expect, it } from 'vitest';
import { overrideMeanwhile } from '../../src/container/override.js';

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

it('reaches what was built before, and what was built comes back', async () => {
  const container = garage();
  const car = container.get(Car);
  const fake = new Engine();
  const restore = await overrideMeanwhile(container, [], [[Engine, fake]]);
  expect(container.get(Car)).not.toBe(car);
  expect(container.get(Car).engine).toBe(fake);
  restore();
  expect(container.get(Car)).toBe(car);
  expect(container.get(Car).engine).not.toBe(fake);
});

it('leaves nothing of itself in what is built afterwards', async () => {
  const container = garage();
  const fake = new Engine();
  const restore = await overrideMeanwhile(container, [], [[Engine, fake]]);
  container.get(Car);
  restore();
  expect(container.get(Car).engine).not.toBe(fake);
});

it('reaches what a parent has built', async () => {
  const parent = garage();
  const car = parent.get(Car);
  const container = new Container({ parent });
  const fake = new Engine();
  const restore = await overrideMeanwhile(container, [], [[Engine, fake]]);
  expect(container.get(Car).engine).toBe(fake);
  restore();
  expect(parent.get(Car)).toBe(car);
  expect(container.get(Car)).toBe(car);
});

it('loads modules below the values, for as long', async () => {
  const container = new Container();
  const module = new ContainerModule(({ bind }) => {
    bind('wheels').toConstantValue(4);
    bind('doors').toConstantValue(5);
  });
  const restore = await overrideMeanwhile(container, [module], [['doors', 3]]);
  expect([container.get('wheels'), container.get('doors')]).toEqual([4, 3]);
  restore();
  expect(container.isBound('wheels')).toBe(false);
});

it('leaves the container as it was where a module cannot be loaded', async () => {
  const container = garage();
  const car = container.get(Car);
  const broken = new ContainerModule(({ bind }) => {
    bind('wheels').toConstantValue(4);
    throw new Error('flat');
  });
  await expect(overrideMeanwhile(container, [broken], [])).rejects.toThrow('flat');
  expect(container.isBound('wheels')).toBe(false);
  expect(container.get(Car)).toBe(car);
});
