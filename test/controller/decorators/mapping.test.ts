// Patterns of classes and methods, joined to routes.
import { describe, expect, it } from 'vitest';
import { DestinationVariable } from '../../../src/controller/arguments/destination-variable.js';
import { Controller } from '../../../src/controller/decorators/controller.js';
import { MessageMapping, SubscribeMapping } from '../../../src/controller/decorators/mapping.js';
import { compile, findings, serve } from '../serve.js';

const valueOf = async (outcome: Promise<{ value: unknown } | undefined>) => (await outcome)?.value;

describe('mapping', () => {
  it('joins the pattern of the class and that of the method', async () => {
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

  it('multiplies several patterns', () => {
    @Controller(['/a', '/b'])
    class A {
      @MessageMapping('/x', '/y')
      x() {}
    }
    expect(compile([A]).map(({ pattern }) => pattern)).toEqual(['/a/x', '/a/y', '/b/x', '/b/y']);
  });

  it('begins patterns with a slash where slashes separate', async () => {
    @Controller()
    class A {
      @MessageMapping('hello')
      hello() {
        return 1;
      }
    }
    expect(await valueOf(serve(A).send('/hello'))).toBe(1);
  });

  it('joins with dots where dots separate', async () => {
    @Controller('red')
    class A {
      @MessageMapping('{colour}.green')
      green(@DestinationVariable('colour') colour: string) {
        return colour;
      }
    }
    const outcome = await serve(A, '.').send('red.blue.green');
    expect(outcome).toEqual({
      value: 'blue',
      targets: [{ kind: 'destination', destination: '/topic/red.blue.green' }],
    });
  });

  it('keeps SEND and SUBSCRIBE apart', async () => {
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

  it('calls the method on its instance, and takes promises and streams', async () => {
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

  it('refuses two handlers for one destination, in one class or in two', () => {
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
    expect(findings([A, B])).toEqual([
      `SEND '/a/x' is served by A.one and B.two: give one another destination.`,
      `SEND '/a/{y}' and '/a/{z}' match the same destinations and neither is more specific: B.three and B.four would both serve them.`,
    ]);
  });

  it('refuses what names no destination, and malformed patterns', () => {
    @Controller()
    class A {
      @MessageMapping()
      nowhere() {}

      @MessageMapping('/a/{}')
      malformed() {}
    }
    const [first, second, ...others] = findings(A);
    expect(first).toBe(
      `A.nowhere: neither it nor its class names a destination; write one, as in @MessageMapping('/say').`,
    );
    expect(second).toMatch(/^A\.malformed: the pattern '\/a\/\{\}' is not valid: ./);
    expect(others).toEqual([]);
  });
});
