// Inherited injections: a class gets the constructor arguments and properties that its parents declare.
import { runInThisContext } from 'node:vm';
import 'reflect-metadata';
import { EventEmitter } from 'node:events';
import {
  Container,
  inject,
  injectable,
  injectFromBase,
  LazyServiceIdentifier,
  postConstruct,
} from 'inversify';
import { describe, expect, it, vi } from 'vitest';
import { Controller, createServer, silentLogger, type Constructor } from '../../src/index.js';

@injectable()
class Clock {}

@injectable()
class Store {
  constructor(readonly clock: Clock) {}
}

class FileStore extends Store {}

@injectable()
class Base {
  @inject(Clock) readonly clock!: Clock;
  started = false;

  constructor(readonly store: Store) {}

  @postConstruct()
  start() {
    this.started = true;
  }
}

/** Builds a server with one controller, and returns the instance. */
async function built<T extends object>(type: Constructor<T>, container?: Container): Promise<T> {
  const owner = container ?? new Container({ autobind: true, defaultScope: 'Singleton' });
  const server = await createServer({
    container: owner,
    controllers: [type],
    logger: silentLogger,
  });
  // `Constructor` takes `never[]`, so that it accepts every class; the identifiers of inversify take `any[]`.
  const instance = owner.get<T>(type as never);
  await server.close();
  return instance;
}

async function refusalOf(
  controllers: Constructor | readonly Constructor[],
  container?: Container,
): Promise<string> {
  const options = { controllers: [controllers].flat(), ...(container && { container }) };
  return createServer(options).then(
    () => 'The server was built.',
    ({ message }: Error) => message,
  );
}

describe('a controller without a constructor', () => {
  it('gets the arguments, properties and lifecycle of its parents', async () => {
    class Middle extends Base {}
    @Controller()
    class Child extends Middle {}
    for (let i = 0; i < 2; i++) {
      const child = await built(Child);
      expect(child.store).toBeInstanceOf(Store);
      expect(child.store.clock).toBeInstanceOf(Clock);
      expect(child.clock).toBeInstanceOf(Clock);
      expect(child.started).toBe(true);
    }
  });

  it('gets the arguments of a parent that is a controller, also if it declares fields', async () => {
    @Controller()
    class Parent {
      constructor(readonly store: Store) {}
    }
    @Controller()
    class Child extends Parent {
      readonly list: number[] = [];
    }
    const child = await built(Child);
    expect(child.store).toBeInstanceOf(Store);
    expect(child.list).toEqual([]);
  });

  it('is refused if the parameters of its parent are unknown', async () => {
    class Parent {
      constructor(readonly store: Store) {}
    }
    @Controller()
    class Child extends Parent {}
    expect(await refusalOf(Child)).toContain(
      'Child: it cannot be created: Child inherits the constructor of Parent, whose parameters have no injections; decorate Parent with @injectable() or its parameters with @inject(), or declare a constructor in Child.',
    );
  });

  it('is refused if only some parameters of its parent have injections', async () => {
    class Parent {
      constructor(
        readonly store: Store,
        readonly clock: Clock,
      ) {}
    }
    // Like a compiler that records no types.
    inject(Store)(Parent, undefined, 0);
    @Controller()
    class Child extends Parent {}
    expect(await refusalOf(Child)).toMatch(/^- Child: it cannot be created: .*"Parent"/m);
  });
});

describe('a controller with a constructor', () => {
  it('gets its own arguments, and inherits properties', async () => {
    @Controller()
    class Child extends Base {
      constructor(readonly own: Clock) {
        super(new Store(own));
      }
    }
    @Controller()
    class WithoutParameters extends Base {
      constructor() {
        super(new Store(new Clock()));
      }
    }
    const child = await built(Child);
    expect(child.own).toBeInstanceOf(Clock);
    expect(child.store.clock).toBe(child.own);
    expect(child.clock).toBeInstanceOf(Clock);
    // The container has no Store, so an inherited argument would fail.
    const container = new Container();
    container.bind(Clock).toSelf();
    expect((await built(WithoutParameters, container)).clock).toBeInstanceOf(Clock);
  });

  it('may use @injectFromBase() of inversify', async () => {
    @Controller()
    @injectFromBase()
    class Child extends Base {}
    expect((await built(Child)).store).toBeInstanceOf(Store);
  });
});

type AnyClass = new (...given: never[]) => object;

/** Parents with unknown parameters, whose text contains `constructor()`. */
function classesThatMentionConstructors(): [string, AnyClass][] {
  return [
    [
      'that of an inner class',
      class {
        constructor(readonly store: Store) {}
        inner() {
          return class {
            constructor() {}
          };
        }
      },
    ],
    [
      'a text',
      class {
        constructor(readonly store: Store) {}
        text = () => ['constructor() {}', /constructor()/, `${1}constructor() {`];
      },
    ],
    [
      'a text next to import.meta',
      class {
        constructor(readonly store: Store) {}
        text = () => [import.meta.url, 'constructor() {}'];
      },
    ],
    [
      'a comment',
      // Compilers remove comments.
      runInThisContext(
        '(class { constructor(store) {} /* constructor() {} */ // } constructor() {}\n })',
      ) as AnyClass,
    ],
  ];
}

/** Classes that pass the name to the constructor of their parent. */
function classesWithConstructors(): [string, AnyClass][] {
  class Parent {
    readonly #secret = 1;
    constructor(readonly name: string) {}

    secret = (): number => this.#secret;

    static inner(): AnyClass {
      return class extends Parent {
        constructor() {
          super('child');
        }
        override secret = () => this.#secret + 1;
      };
    }
  }
  return [
    [
      'with a default value',
      class extends Parent {
        constructor(name = 'child') {
          super(name);
        }
      },
    ],
    [
      'that spreads other arguments',
      class extends Parent {
        constructor() {
          super(...(['child'] as const));
        }
      },
    ],
    [
      'next to import.meta',
      class extends Parent {
        constructor() {
          super('child');
        }
        url = () => import.meta.url;
      },
    ],
    ['next to a private name of an outer class', Parent.inner()],
  ];
}

describe('a service', () => {
  @Controller()
  class Files {
    constructor(
      readonly files: FileStore,
      @inject('store') readonly named: Store,
      @inject(new LazyServiceIdentifier(() => Later)) readonly later: Store,
    ) {}
  }

  class Later extends Store {}
  class Named extends Store {}

  it('inherits the arguments of its parents under any token', async () => {
    const container = new Container();
    for (const type of [Clock, FileStore, Later, Named]) container.bind<object>(type).toSelf();
    container.bind('store').toService(Named);
    const { files, named, later } = await built(Files, container);
    expect(named).toBeInstanceOf(Named);
    for (const store of [files, named, later]) expect(store.clock).toBeInstanceOf(Clock);
  });

  it('is refused if the parameters of its parent are unknown, each time', async () => {
    class Parent {
      constructor(readonly store: Store) {}
    }
    class Child extends Parent {}
    @Controller()
    class First {
      constructor(@inject(Child) readonly child: Child) {}
    }
    @Controller()
    class Second {
      @inject(Child) readonly child!: Child;
    }
    const refusal = 'Child inherits the constructor of Parent, whose parameters have no injections';
    for (const container of [undefined, new Container()]) {
      container?.bind(Child).toSelf();
      const message = await refusalOf([First, Second], container);
      expect(message).toContain(`- First: it cannot be created: ${refusal}`);
      expect(message).toContain(`- Second: it cannot be created: ${refusal}`);
    }
    const server = await createServer({ endpoints: [], logger: silentLogger });
    for (let i = 0; i < 2; i++) await expect(server.get(Child)).rejects.toThrow(refusal);
    await server.close();
  });

  it.each(classesThatMentionConstructors())(
    'is refused if the parameters of its parent are unknown, and %s is not its constructor',
    async (_text, Parent) => {
      class Child extends Parent {}
      @Controller()
      class First {
        constructor(@inject(Child) readonly child: object) {}
      }
      expect(await refusalOf(First)).toMatch(/inherits the constructor of \w*, whose parameters/);
    },
  );

  it.each(classesWithConstructors())('may declare a constructor %s', async (_text, Child) => {
    @Controller()
    class First {
      constructor(@inject(Child) readonly child: { readonly name: string }) {}
    }
    expect((await built(First)).child.name).toBe('child');
  });

  it('may declare a constructor without parameters, also without types of the compiler', async () => {
    class Parent {
      constructor(readonly name: string) {}
    }
    class Child extends Parent {
      constructor() {
        super('child');
      }
    }
    class Grandchild extends Child {}
    @Controller()
    class Named {
      constructor(
        @inject(Child) readonly child: Child,
        @inject(Grandchild) readonly grandchild: Grandchild,
      ) {}
    }
    const { child, grandchild } = await built(Named);
    expect([child.name, grandchild.name]).toEqual(['child', 'child']);
  });

  it('may inherit from a class of a library, whose parameters are optional', async () => {
    class Bus extends EventEmitter {}
    @Controller()
    class Busy {
      constructor(@inject(Bus) readonly bus: Bus) {}
    }
    expect((await built(Busy)).bus.eventNames()).toEqual([]);
  });
});

it('a controller may inherit from a class of a library, whose parameters are optional', async () => {
  @Controller()
  class Emitting extends EventEmitter {}
  @Controller()
  class Plain extends Object {}
  expect((await built(Emitting)).eventNames()).toEqual([]);
  expect(await built(Plain)).toBeInstanceOf(Plain);
});

describe('a service of another copy of the package', () => {
  it.each(['Publisher', 'SessionRegistry', 'SessionEvents', 'Clock'] as const)(
    'is refused: %s',
    async (name) => {
      // Imports the container of the first copy.
      await createServer();
      vi.resetModules();
      const { [name]: token } = await import('../../src/index.js');
      @Controller()
      class Publishing {
        constructor(@inject(token) readonly service: object) {}
      }
      for (const container of [undefined, new Container()])
        expect(await refusalOf([Publishing], container)).toContain(
          `- Publishing: it cannot be created: ${name} belongs to another copy of signalbox; remove one of the copies, for example with npm dedupe.`,
        );
    },
  );
});
