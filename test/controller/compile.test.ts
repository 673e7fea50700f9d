// Compiling controllers to routes, and reporting all mistakes in one error.
import { describe, expect, it } from 'vitest';
import { DestinationVariable } from '../../src/controller/arguments/destination-variable.js';
import { Header } from '../../src/controller/arguments/header.js';
import { Payload } from '../../src/controller/arguments/payload.js';
import { Principal } from '../../src/controller/arguments/principal.js';
import { Controller } from '../../src/controller/decorators/controller.js';
import { MessageExceptionHandler } from '../../src/controller/decorators/exception-handler.js';
import { MessageMapping, SubscribeMapping } from '../../src/controller/decorators/mapping.js';
import { SendTo, SendToUser } from '../../src/controller/decorators/reply-decorators.js';
import type { Constructor } from '../../src/payload/converter.js';
import { compileControllers } from '../../src/controller/compile.js';
import { compile, compileOptions, mistakes, serve } from './serve.js';

class ChatMessage {
  text?: string;
}

/** Applies decorators like a compiler that records no types. */
function withoutTypes(type: new () => object, decorate: (prototype: object) => void): void {
  decorate(type.prototype as object);
  Controller()(type);
}

describe('compiling', () => {
  it('returns routes with the names of their handlers', () => {
    @Controller('/a')
    class A {
      @MessageMapping('/{x}')
      x() {}
    }
    expect(compile([A])).toEqual([
      { on: 'send', pattern: '/a/{x}', handler: 'A.x', invoke: expect.any(Function) },
    ]);
  });

  it('reports all mistakes in one error', () => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a(date: Date, @DestinationVariable('x') x: string) {
        return [date, x];
      }
    }
    class B {
      @MessageMapping('/a')
      b() {}
    }
    expect(mistakes([A, B])).toEqual([
      'A.a, parameter 0: a payload cannot be converted to Date; name a class or a schema, as in @Payload(schema).',
      'A.a, parameter 1: no pattern declares {x}; no variables are declared.',
      'B: it is not a controller; decorate the class with @Controller().',
      `SEND '/a' has two handlers, A.a and B.b: change the destination of one.`,
    ]);
  });

  it('reports decorators that have no effect', () => {
    @Controller()
    class A {
      @SendTo('/topic/a')
      a() {}

      @MessageMapping('/b')
      static b() {}

      @(MessageMapping('/c') as PropertyDecorator)
      c = 1;
    }
    expect(mistakes(A)).toEqual([
      'A.a: its decorators have no effect; add @MessageMapping, @SubscribeMapping or @MessageExceptionHandler.',
      'A.c: it is not a method; move the decorators to a method.',
      `A.b: a static method cannot handle messages; remove 'static'.`,
    ]);
  });
});

describe('a decorator in the wrong form or place', () => {
  const apply = (decorator: unknown, type: Function, key: string, index?: number) =>
    (decorator as (...given: unknown[]) => unknown)(
      type.prototype,
      key,
      index ?? Object.getOwnPropertyDescriptor(type.prototype, key),
    );

  it.each([
    [MessageMapping, '@MessageMapping()'],
    [SubscribeMapping, '@SubscribeMapping()'],
    [SendTo, '@SendTo()'],
    [SendToUser, '@SendToUser()'],
    [MessageExceptionHandler, '@MessageExceptionHandler()'],
  ])('is reported without parentheses on a method: %o', (decorator, example) => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a() {}
    }
    apply(decorator, A, 'a');
    expect(mistakes(A)).toEqual([
      `A.a: one of its decorators has no parentheses; write them, as in ${example}.`,
    ]);
  });

  it.each([
    [Payload, '@Payload()'],
    [Header, "@Header('limit')"],
    [Principal, '@Session()'],
    [DestinationVariable, '@Session()'],
  ])('is reported without parentheses on a parameter: %o', (decorator, example) => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a(text: string) {
        return text;
      }
    }
    apply(decorator, A, 'a', 0);
    expect(mistakes(A)).toEqual([
      `A.a: one of its decorators has no parentheses; write them, as in ${example}.`,
    ]);
  });

  it('is reported without parentheses on a class', () => {
    class A {
      @MessageMapping('/a')
      a() {}
    }
    expect((Controller as unknown as (type: unknown) => unknown)(A)).toBe(A);
    expect(mistakes(A)).toEqual([
      'A: its decorator has no parentheses; write them, as in @Controller().',
    ]);
  });

  it('is reported on a class instead of a method, and on a method instead of a class', () => {
    @(MessageMapping('/prefix') as ClassDecorator)
    @Controller()
    class A {
      @MessageMapping('/a')
      @(Controller('/b') as MethodDecorator)
      a() {}

      @(Controller() as MethodDecorator)
      static b() {}
    }
    expect(mistakes(A)).toEqual([
      'A.a: @Controller is on a method; write it on the class.',
      'A.b: @Controller is on a method; write it on the class.',
      "A: a decorator of methods is on the class; for the prefix of its patterns, write @Controller('/prefix').",
    ]);
  });

  it('is reported for a function that returns a class', () => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a(@Payload((() => ChatMessage) as never) message: ChatMessage) {
        return message;
      }

      @MessageMapping('/b')
      b(@Header('x', (() => Number) as never) x: number) {
        return x;
      }

      @MessageExceptionHandler((() => Error) as never)
      failed() {}
    }
    expect(mistakes(A)).toEqual([
      'A.failed: its @MessageExceptionHandler names [Function (anonymous)], which is not a class; name the class itself.',
      'A.a, parameter 0: a function is not a class; name the class itself, as in @Payload(ChatMessage).',
      'A.b, parameter 0: text cannot be converted to [Function (anonymous)]; use String, Number, Boolean, BigInt, Date, uuid, oneOf(), listOf() or a TextConverter.',
    ]);
  });

  it('is reported for a reply to a destination with a wildcard', () => {
    @Controller()
    class A {
      @MessageMapping('/{a:[a-z]*}')
      @SendTo('/topic/*', '/topic/{a}')
      @SendToUser('/queue/a?')
      a() {}
    }
    expect(mistakes(A)).toEqual([
      "A.a: its reply decorator is not valid: '/queue/a?' has a wildcard; name one destination.",
      "A.a: its reply decorator is not valid: '/topic/*' has a wildcard; name one destination.",
    ]);
  });
});

describe('compiling reports', () => {
  it('decorated getters, without calling them, and synchronous generators', () => {
    @Controller()
    class A {
      @(MessageMapping('/a') as MethodDecorator)
      get a(): string {
        throw new Error('ran');
      }

      @MessageMapping('/b')
      *b() {
        yield 1;
      }
    }
    expect(mistakes(A)).toEqual([
      'A.a: it is not a method; move the decorators to a method.',
      'A.b: it is a synchronous generator, and only asynchronous ones are streams; write async *b().',
    ]);
  });

  it('a second @Controller', () => {
    @Controller('/a')
    @Controller('/b')
    class A {
      @MessageMapping('/c')
      c() {}
    }
    expect(mistakes(A)).toEqual(['A: it has several @Controller; keep one.']);
  });

  it('a controller that could not be created, with its other mistakes', () => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a(date: Date) {
        return date;
      }
    }
    const failure = new RangeError('no\n  database');
    const failed = { type: A as Constructor, failure };
    const prefixes = ['/topic'];
    const options = { ...compileOptions, prefixes, payloads: undefined as never };
    expect(() => compileControllers([failed], options)).toThrow(
      expect.objectContaining({
        message: [
          'The controllers cannot be served:',
          'A: it cannot be created: no database',
          'A.a, parameter 0: a payload cannot be converted to Date; name a class or a schema, as in @Payload(schema).',
        ].join('\n- '),
        cause: failure,
      }),
    );
  });
});

describe('the values of a method without a reply decorator', () => {
  const reported = (name: string) =>
    `${name}: its values go to /topic by default, which clients cannot subscribe to; add @SendTo or @SendToUser to the method or its class, or '/topic' to prefixes.broker.`;

  it('are refused if the broker serves no destination below /topic', () => {
    @Controller()
    class A {
      @MessageMapping('/default')
      default() {}

      @MessageMapping('/empty')
      @SendTo()
      empty() {}

      @MessageMapping('/queue')
      @SendTo('/queue/x')
      queue() {}

      @MessageMapping('/user')
      @SendToUser()
      user() {}

      @SubscribeMapping('/subscribed')
      subscribed() {}

      @MessageExceptionHandler()
      failed() {}
    }
    expect(mistakes(A, { prefixes: ['/queue', '/user'] })).toEqual([
      reported('A.default'),
      reported('A.empty'),
    ]);
    expect(mistakes(A, { prefixes: ['/queue', '/topic/a'] })).toEqual([]);
  });

  it('are not refused if the class has a reply decorator', () => {
    @Controller()
    @SendToUser()
    class A {
      @MessageMapping('/a')
      a() {}
    }
    expect(mistakes(A, { prefixes: ['/queue'] })).toEqual([]);
  });
});

describe('patterns and destinations', () => {
  it('may be given as a list, as in Spring', () => {
    @Controller(['/a', '/b'])
    class A {
      @MessageMapping(['/x', '/y'], '/z')
      @SendTo(['/topic/x', '/topic/y'])
      a() {}
    }
    expect(compile([A]).map(({ pattern }) => pattern)).toEqual([
      '/a/x',
      '/a/y',
      '/a/z',
      '/b/x',
      '/b/y',
      '/b/z',
    ]);
  });

  it('must be texts', () => {
    const missing = undefined as unknown as string;
    @Controller([missing])
    class A {
      @MessageMapping('/a', missing)
      @SendTo(missing)
      a() {}
    }
    const text = 'is not a text; look for a circular import.';
    expect(mistakes(A)).toEqual([
      `A.a: its pattern undefined ${text}`,
      'A.a: its reply decorator is not valid: undefined is not a text.',
    ]);
  });

  it.each([null, undefined, 1])('that are %s are reported once', (wrong) => {
    @Controller()
    class A {
      @MessageMapping(wrong as never)
      a() {}
    }
    expect(mistakes(A)).toEqual([
      `A.a: its pattern ${wrong} is not a text; look for a circular import.`,
    ]);
  });

  it("of a class '/**' are left out, also before a pattern without a slash", () => {
    @Controller('/**')
    class A {
      @MessageMapping('b')
      b() {}
    }
    expect(compile([A]).map(({ pattern }) => pattern)).toEqual(['/b']);
  });
});

describe('probable mistakes are logged', () => {
  function warnings(type: new () => object, separator: '/' | '.' = '/'): readonly string[] {
    const log: string[] = [];
    compile([type], { separator, warn: (text) => void log.push(text) });
    return log;
  }

  it('for a pattern with an application prefix', () => {
    @Controller('/app')
    class A {
      @MessageMapping('/say')
      say() {}
    }
    @Controller()
    class B {
      @MessageMapping('/app', '/application/x', '/x/app')
      b() {}
    }
    expect(warnings(A)).toEqual([
      "A.say: its pattern '/app/say' begins with an application prefix, so it serves /app/app/say; leave the prefix out.",
    ]);
    expect(warnings(B)).toEqual([
      "B.b: its pattern '/app' begins with an application prefix, so it serves /app/app; leave the prefix out.",
    ]);
  });

  it("for a pattern with a slash, and the separator '.'", () => {
    @Controller()
    class A {
      @MessageMapping('/say')
      say() {}

      @MessageMapping('say.{x}')
      right() {}
    }
    expect(warnings(A, '.')).toEqual([
      "A.say: its pattern '/say' begins with a slash, and with the separator '.' it serves /app//say; leave the slash out.",
    ]);
  });

  it('for a variable that is written as in Express', () => {
    @Controller('/rooms/:room')
    class A {
      @MessageMapping('/{id}')
      @SendTo('/topic/:id')
      a() {}
    }
    @Controller()
    class B {
      @MessageMapping(':id.x', 'a:b', '{id:[0-9]+}')
      @SendToUser('/queue/:id')
      b() {}
    }
    expect(warnings(A)).toEqual([
      "A.a: its pattern '/rooms/:room/{id}' contains ':room', which is not a variable; write {room}.",
      "A.a: its reply destination '/topic/:id' contains ':id', which is not a variable; write {id}.",
    ]);
    expect(warnings(B, '.')).toEqual([
      "B.b: its pattern ':id.x' contains ':id', which is not a variable; write {id}.",
      "B.b: its reply destination '/queue/:id' contains ':id', which is not a variable; write {id}.",
    ]);
  });

  it('for a controller that serves no destination', () => {
    @Controller()
    class A {
      @MessageExceptionHandler()
      failed() {}
    }
    expect(warnings(A)).toEqual([
      'A: it serves no destination, because none of its methods has @MessageMapping or @SubscribeMapping.',
    ]);
  });
});

describe('parameters without decorator', () => {
  it('may be one, and it receives the payload', () => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a(one: ChatMessage, two: ChatMessage, @Header('x') x: string, three: ChatMessage) {
        return [one, two, x, three];
      }
    }
    expect(mistakes(A)).toEqual([
      'A.a, parameters 0 and 1 and 3: only one parameter may have no decorator; decorate the others.',
    ]);
  });

  it('may not have an argument decorator as their type', () => {
    class A {
      a(user: unknown) {
        return user;
      }
    }
    withoutTypes(A, (prototype) => {
      MessageMapping('/a')(prototype, 'a', {});
      // What some compilers write for `user: Principal`, where the name is a decorator as well.
      Reflect.defineMetadata('design:paramtypes', [Principal], prototype, 'a');
    });
    expect(mistakes(A)).toEqual([
      'A.a, parameter 0: its type is an argument decorator; add the decorator as well, as in @Principal() user: Principal.',
    ]);
  });
});

describe('without type metadata', () => {
  const unknown =
    'its type is unknown; name it, as in @Payload(ChatMessage) or @Payload(schema), or compile with emitDecoratorMetadata.';

  it('the type of a payload must be named', () => {
    class A {
      decorated(message: unknown) {
        return message;
      }
      undecorated(message: unknown) {
        return message;
      }
    }
    withoutTypes(A, (prototype) => {
      Payload()(prototype, 'decorated', 0);
      MessageMapping('/decorated')(prototype, 'decorated', {});
      MessageMapping('/undecorated')(prototype, 'undecorated', {});
    });
    expect(mistakes(A)).toEqual([
      `A.decorated, parameter 0: ${unknown}`,
      `A.undecorated, parameter 0: ${unknown}`,
    ]);
  });

  it('all arguments work whose decorators name what they need', async () => {
    class A {
      a(message: unknown, x: number, v: string, user: Principal | undefined) {
        return [message, x, v, user];
      }
      failed(error: Error) {
        return error.message;
      }
    }
    withoutTypes(A, (prototype) => {
      Payload(ChatMessage)(prototype, 'a', 0);
      Header('x', Number)(prototype, 'a', 1);
      DestinationVariable('v', String)(prototype, 'a', 2);
      Principal()(prototype, 'a', 3);
      MessageMapping('/a/{v}')(prototype, 'a', {});
      MessageExceptionHandler(Error)(prototype, 'failed', {});
    });
    const given = { body: { text: 'hi' }, headers: { x: '1' }, user: 'ann' };
    expect((await serve(A).send('/a/7', given))?.value).toEqual([
      Object.assign(new ChatMessage(), { text: 'hi' }),
      1,
      '7',
      { name: 'ann' },
    ]);
    expect((await serve(A).send('/a/7', { body: { text: 'hi' } }))?.value).toBe(
      `The header 'x' is missing.`,
    );
  });
});
