// The container of a server: its services, and the controllers that it creates.
import 'reflect-metadata';
import { Container, inject, injectable, postConstruct, preDestroy } from 'inversify';
import { describe, expect, it } from 'vitest';
import { Publisher } from '../../src/broker/publisher.js';
import { Controller } from '../../src/controller/decorators/controller.js';
import { MessageMapping } from '../../src/controller/decorators/mapping.js';
import { silentLogger } from '../../src/message/logger.js';
import type { Constructor } from '../../src/payload/converter.js';
import { createServer } from '../../src/server/create-server.js';

@Controller('/a')
class A {
  @MessageMapping('/x')
  x() {}
}

@Controller('/b')
class B {
  @MessageMapping('/x')
  x() {}
}

class SubOfB extends B {
  @MessageMapping('/y')
  y() {}
}

class Plain {}

async function served(container: Container, controllers?: readonly unknown[]): Promise<string[]> {
  const server = await createServer({
    container,
    logger: silentLogger,
    ...(controllers && { controllers: controllers as Constructor[] }),
  });
  await server.close();
  return server.routes().map(({ destination, handler }) => `${destination} ${handler}`);
}

describe('the controllers of a container', () => {
  it('are found under any token and as any kind of binding', async () => {
    const container = new Container();
    const group = Symbol('controllers');
    container.bind(group).to(A);
    container.bind(group).to(Plain);
    container.bind('b').toConstantValue(new B());
    expect(await served(container)).toEqual(['/app/a/x A.x', '/app/b/x B.x']);
  });

  it('have the class of the instance, with all its decorators', async () => {
    const container = new Container();
    container.bind(B).to(SubOfB);
    container.bind(A).toDynamicValue(async () => Promise.resolve(new A()));
    expect((await served(container)).toSorted()).toEqual([
      '/app/a/x A.x',
      '/app/b/x SubOfB.x',
      '/app/b/y SubOfB.y',
    ]);
  });

  it('are served once, even if they have several tokens', async () => {
    const container = new Container();
    container.bind(SubOfB).toSelf();
    container.bind(B).toService(SubOfB);
    container.bind('alias').toService(SubOfB);
    expect(await served(container)).toEqual(['/app/b/x SubOfB.x', '/app/b/y SubOfB.y']);
    expect(await served(new Container(), [A, A])).toEqual(['/app/a/x A.x']);
  });

  it('are found in a parent container', async () => {
    const parent = new Container();
    parent.bind(Symbol('a')).to(A);
    expect(await served(new Container({ parent }))).toEqual(['/app/a/x A.x']);
  });

  it('may be replaced by a plain object', async () => {
    const container = new Container();
    container.bind(A).toConstantValue({ x: () => 1 });
    expect(await served(container)).toEqual(['/app/a/x A.x']);
  });
});

describe('controllers that cannot be created', () => {
  it('are reported together, with all other mistakes', async () => {
    @Controller()
    class Throws {
      constructor() {
        throw new RangeError('no database');
      }
      @MessageMapping('/throws')
      throws(date: Date) {
        return date;
      }
    }
    @Controller()
    class Unbound {
      constructor(@inject('nothing') readonly nothing: unknown) {}
    }
    @Controller()
    class Untyped {
      constructor(readonly nothing: unknown) {}
    }
    Reflect.deleteMetadata('design:paramtypes', Untyped);
    @Controller()
    class Named {}
    const container = new Container();
    container.bind(Named).toSelf().whenNamed('x');
    const error: unknown = await served(container, [Throws, Unbound, Untyped]).catch(
      (failure: unknown) => failure,
    );
    const lines = (error as Error).message.split('\n- ');
    expect(lines.slice(0, 3)).toEqual([
      'The controllers cannot be served:',
      'Throws: it cannot be created: no database',
      'Throws.throws, parameter 0: a payload cannot be converted to Date; name a class or a schema, as in @Payload(schema).',
    ]);
    expect(lines[3]).toMatch(
      /^Unbound: it cannot be created: No bindings found for service: "nothing"/,
    );
    expect(lines[4]).toMatch(
      /^Untyped: it cannot be created: Found unexpected missing metadata .* @inject/,
    );
    expect(lines).toHaveLength(5);
    expect((error as AggregateError).cause).toBeInstanceOf(AggregateError);
    await expect(served(container)).rejects.toThrow(
      'Named: it cannot be created: all its bindings have a condition; add a binding without whenNamed or another condition.',
    );
  });

  it('are reported with the error of their @postConstruct method', async () => {
    @Controller()
    class Starts {
      @MessageMapping('/x')
      handle() {}

      @postConstruct()
      async start() {
        throw new Error('no database');
      }
    }
    await expect(served(new Container(), [Starts])).rejects.toThrow(
      /^- Starts: it cannot be created: .*"start" @postConstruct .*: no database$/m,
    );
  });

  it('are reported if they are not classes', async () => {
    for (const none of [undefined, () => {}, new A()])
      await expect(served(new Container(), [A, none])).rejects.toThrow(
        `The option 'controllers' must be a list of classes; item 1 is not a class.`,
      );
  });
});

it('a container serves one server after another, with new controllers', async () => {
  const destroyed: unknown[] = [];
  @Controller()
  class Publishing {
    constructor(@inject(Publisher) readonly publisher: Publisher) {}

    @preDestroy()
    destroy() {
      destroyed.push(this.publisher);
    }
  }
  injectable()(Publishing);
  const container = new Container();
  const controllers = [Publishing as Constructor];
  for (let i = 0; i < 2; i++) {
    const server = await createServer({ container, controllers, logger: silentLogger });
    expect(container.get(Publishing).publisher).toBe(server.publisher);
    await server.close();
    expect(destroyed.at(-1)).toBe(server.publisher);
    expect(container.isBound(Publishing)).toBe(false);
  }
});

it('a container can be used again although a controller failed to end', async () => {
  const destroyed: string[] = [];
  @Controller()
  class Failing {
    @preDestroy()
    end() {
      throw new Error('no end');
    }
  }
  @Controller()
  class Ending {
    @preDestroy()
    end() {
      destroyed.push('ending');
    }
  }
  const container = new Container();
  const controllers = [Ending, Failing] as Constructor[];
  const server = await createServer({ container, controllers, logger: silentLogger });
  await expect(server.close()).rejects.toThrow('no end');
  expect(destroyed).toEqual(['ending']);
  expect(container.isBound(Publisher)).toBe(false);
  @Controller()
  class Throws {
    constructor() {
      throw new RangeError('no database');
    }
  }
  await expect(served(container, [Failing, Throws])).rejects.toThrow('no database');
  expect(await served(container, [A])).toEqual(['/app/a/x A.x']);
});

it('the server ends its own container with all instances', async () => {
  const ended: string[] = [];
  @injectable('Singleton')
  class History {
    @preDestroy()
    async end() {
      await Promise.resolve();
      ended.push('history');
    }
  }
  @Controller()
  class Writing {
    constructor(@inject(History) readonly history: History) {}

    @preDestroy()
    end() {
      ended.push('controller');
    }
  }
  const server = await createServer({ controllers: [Writing], logger: silentLogger });
  expect(ended).toEqual([]);
  await server.close();
  expect(ended.toSorted()).toEqual(['controller', 'history']);
});
