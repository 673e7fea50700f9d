// Routes from the patterns of classes and methods.
import { describe, expect, it } from 'vitest';
import { DestinationVariable } from '../../../src/controller/arguments/destination-variable.js';
import { Controller } from '../../../src/controller/decorators/controller.js';
import { MessageMapping, SubscribeMapping } from '../../../src/controller/decorators/mapping.js';
import { compile, mistakes, serve } from '../serve.js';

const valueOf = async (outcome: Promise<{ value: unknown } | undefined>) => (await outcome)?.value;

describe('mapping', () => {
  it('joins the pattern of the class with that of the method', async () => {
    @Controller('/a')
    class A {
      @MessageMapping('/b')
      b() {
        return 'b';
      }

      @MessageMapping('c', '/d')
      c() {
        return 'c';
      }

      @MessageMapping()
      own() {
        return 'own';
      }
    }
    const served = serve(A);
    expect(await valueOf(served.send('/a/b'))).toBe('b');
    expect(await served.send('/b')).toBeUndefined();
    expect(await valueOf(served.send('/a/c'))).toBe('c');
    expect(await valueOf(served.send('/a/d'))).toBe('c');
    expect(await valueOf(served.send('/a'))).toBe('own');
  });

  it('joins each pattern of the class with each of the method', () => {
    @Controller(['/a', '/b'])
    class A {
      @MessageMapping('/x', '/y')
      x() {}
    }
    expect(compile([A]).map(({ pattern }) => pattern)).toEqual(['/a/x', '/a/y', '/b/x', '/b/y']);
  });

  it('adds a leading slash with the separator /', async () => {
    @Controller()
    class A {
      @MessageMapping('hello')
      hello() {
        return 1;
      }
    }
    expect(await valueOf(serve(A).send('/hello'))).toBe(1);
  });

  it('joins with dots with the separator .', async () => {
    @Controller('red')
    class A {
      @MessageMapping('{color}.green')
      green(@DestinationVariable('color') color: string) {
        return color;
      }
    }
    const outcome = await serve(A, '.').send('red.blue.green');
    expect(outcome).toEqual({
      value: 'blue',
      targets: [{ kind: 'destination', destination: '/topic/red.blue.green' }],
    });
  });

  it('separates SEND and SUBSCRIBE', async () => {
    @Controller()
    class A {
      @MessageMapping('/a')
      sent() {
        return 'sent';
      }

      @SubscribeMapping('/a')
      subscribed() {
        return 'subscribed';
      }

      @SubscribeMapping('/b')
      @MessageMapping('/b')
      either() {
        return 'either';
      }
    }
    const served = serve(A);
    expect(await valueOf(served.send('/a'))).toBe('sent');
    expect(await valueOf(served.subscribe('/a'))).toBe('subscribed');
    expect(await valueOf(served.send('/b'))).toBe('either');
    expect(await valueOf(served.subscribe('/b'))).toBe('either');
  });

  it('calls the method on its instance, with promises and streams as results', async () => {
    @Controller()
    class A {
      private readonly greeting = 'hello';

      @MessageMapping('/now')
      now() {
        return this.greeting;
      }

      @MessageMapping('/later')
      async later() {
        return Promise.resolve(this.greeting);
      }

      @MessageMapping('/many')
      async *many() {
        yield this.greeting;
      }

      @MessageMapping('/nothing')
      async nothing() {
        return Promise.resolve(null);
      }
    }
    const served = serve(A);
    expect(await valueOf(served.send('/now'))).toBe('hello');
    expect(await valueOf(served.send('/later'))).toBe('hello');
    expect(await served.send('/nothing')).toEqual({ value: undefined, targets: [] });
    const stream = await served.send('/many');
    expect(stream?.targets).toEqual([{ kind: 'destination', destination: '/topic/many' }]);
    const items: unknown[] = [];
    for await (const item of stream!.value as AsyncIterable<unknown>) items.push(item);
    expect(items).toEqual(['hello']);
  });

  it('reports two handlers of one destination, in one class or in two', () => {
    @Controller('/a')
    class A {
      @MessageMapping('/x')
      one() {}
    }
    @Controller()
    class B {
      @MessageMapping('/a/x')
      two() {}

      @MessageMapping('/a/{y}')
      three() {}

      @MessageMapping('/a/{z}')
      four() {}
    }
    expect(mistakes([A, B])).toEqual([
      `SEND '/a/x' has two handlers, A.one and B.two: change the destination of one.`,
      `SEND '/a/{y}' and '/a/{z}' match the same destinations and neither is more specific, so the choice between B.three and B.four is undefined: change one pattern.`,
    ]);
  });

  it('reports handlers without destination and malformed patterns', () => {
    @Controller()
    class A {
      @MessageMapping()
      nowhere() {}

      @MessageMapping('/a/{}')
      malformed() {}
    }
    const [first, second, ...others] = mistakes(A);
    expect(first).toBe(
      `A.nowhere: neither the method nor its class has a destination; add one, as in @MessageMapping('/say').`,
    );
    expect(second).toMatch(/^A\.malformed: the pattern '\/a\/\{\}' is not valid: ./);
    expect(others).toEqual([]);
  });
});
