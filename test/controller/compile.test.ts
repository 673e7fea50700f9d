// Decorated classes to routes, and everything that is wrong with them in one error.
import { describe, expect, it } from 'vitest';
import { DestinationVariable } from '../../src/controller/arguments/destination-variable.js';
import { Header } from '../../src/controller/arguments/header.js';
import { Payload } from '../../src/controller/arguments/payload.js';
import { Principal } from '../../src/controller/arguments/principal.js';
import { Controller } from '../../src/controller/decorators/controller.js';
import { MessageExceptionHandler } from '../../src/controller/decorators/exception-handler.js';
import { MessageMapping } from '../../src/controller/decorators/mapping.js';
import { SendTo } from '../../src/controller/decorators/send-to.js';
import type { Constructor } from '../../src/payload/converter.js';
import { compileControllers } from '../../src/controller/compile.js';
import { compile, findings, serve } from './serve.js';

class ChatMessage {
  text?: string;
}

/** What a compiler makes of a decorated class that writes down no types. */
function withoutTypes(type: new () => object, decorate: (prototype: object) => void): void {
  decorate(type.prototype as object);
  Controller()(type);
}

describe('compiling', () => {
  it('names routes and handlers', () => {
    @Controller('/a')
    class A {
      @MessageMapping('/{x}')
      x() {}
    }
    expect(compile([A])).toEqual([
      { on: 'send', pattern: '/a/{x}', handler: 'A.x', invoke: expect.any(Function) },
    ]);
  });

  it('refuses everything that is wrong in one error', () => {
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
    expect(findings([A, B])).toEqual([
      'A.a, parameter 0: no payload can become a Date; name a class or a schema, as in @Payload(schema).',
      'A.a, parameter 1: no pattern declares {x}; there are no variables.',
      'B: it is no controller; decorate the class with @Controller().',
      `SEND '/a' is served by A.a and B.b: give one another destination.`,
    ]);
  });

  it('refuses decorators that have no effect', () => {
    @Controller()
    class A {
      @SendTo('/topic/a')
      a() {}

      @MessageMapping('/b')
      static b() {}

      @(MessageMapping('/c') as PropertyDecorator)
      c = 1;
    }
    expect(findings(A)).toEqual([
      'A.a: its decorators have no effect; add @MessageMapping, @SubscribeMapping or @MessageExceptionHandler.',
      'A.c: it is no method; decorators of handlers belong on methods.',
      `A.b: a static method cannot handle messages; remove 'static'.`,
    ]);
  });
});

describe('refused as well', () => {
  it('are getters, which are not run, and generators', () => {
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
    expect(findings(A)).toEqual([
      'A.a: it is no method; decorators of handlers belong on methods.',
      'A.b: it is a generator, which nobody would run; make it async, as in async *b().',
    ]);
  });

  it('is @Controller on top of another', () => {
    @Controller('/a')
    @Controller('/b')
    class A {
      @MessageMapping('/c')
      c() {}
    }
    expect(findings(A)).toEqual(['A: it has several @Controller; leave one.']);
  });

  it('is what could not be built, with all else that is wrong with it', () => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a(date: Date) {
        return date;
      }
    }
    const failure = new RangeError('no\n  database');
    const failed = { type: A as Constructor, failure };
    const options = { payloads: undefined as never, separator: '/', prefixes: [] } as const;
    expect(() => compileControllers([failed], options)).toThrow(
      expect.objectContaining({
        message: [
          'The controllers cannot be served:',
          'A: it cannot be built: no database',
          'A.a, parameter 0: no payload can become a Date; name a class or a schema, as in @Payload(schema).',
        ].join('\n- '),
        cause: failure,
      }),
    );
  });
});

describe('parameters without decorator', () => {
  it('may be one, which is the payload', () => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a(one: ChatMessage, two: ChatMessage, @Header('x') x: string, three: ChatMessage) {
        return [one, two, x, three];
      }
    }
    expect(findings(A)).toEqual([
      'A.a, parameters 0 and 1 and 3: only one parameter can do without a decorator; decorate the others.',
    ]);
  });

  it('may not have one of our decorators as their type', () => {
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
    expect(findings(A)).toEqual([
      'A.a, parameter 0: its type is one of the argument decorators; write the decorator before it as well, as in @Principal() user: Principal.',
    ]);
  });
});

describe('without type metadata', () => {
  const unknown =
    'its type is unknown; name it, as in @Payload(ChatMessage) or @Payload(schema), or compile with emitDecoratorMetadata.';

  it('a payload has to be named', () => {
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
    expect(findings(A)).toEqual([
      `A.decorated, parameter 0: ${unknown}`,
      `A.undecorated, parameter 0: ${unknown}`,
    ]);
  });

  it('everything works that is named', async () => {
    class A {
      a(message: unknown, x: string, v: string, user: Principal | undefined) {
        return [message, x, v, user];
      }
      failed(error: Error) {
        return error.message;
      }
    }
    withoutTypes(A, (prototype) => {
      Payload(ChatMessage)(prototype, 'a', 0);
      Header('x')(prototype, 'a', 1);
      DestinationVariable('v')(prototype, 'a', 2);
      Principal()(prototype, 'a', 3);
      MessageMapping('/a/{v}')(prototype, 'a', {});
      MessageExceptionHandler(Error)(prototype, 'failed', {});
    });
    const given = { body: { text: 'hi' }, headers: { x: '1' }, user: 'ann' };
    expect((await serve(A).send('/a/7', given))?.value).toEqual([
      Object.assign(new ChatMessage(), { text: 'hi' }),
      '1',
      '7',
      { name: 'ann' },
    ]);
    expect((await serve(A).send('/a/7', { body: { text: 'hi' } }))?.value).toBe(
      `The header 'x' is missing.`,
    );
  });
});
