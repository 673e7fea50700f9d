// createParamDecorator: argument decorators of an application, and mistakes in their use.
import { describe, expect, it } from 'vitest';
import {
  createParamDecorator,
  isParamDecorator,
} from '../../../src/controller/decorators/param-decorator.js';
import { Payload } from '../../../src/controller/arguments/payload.js';
import { Principal } from '../../../src/controller/arguments/principal.js';
import { Controller } from '../../../src/controller/decorators/controller.js';
import { MessageMapping } from '../../../src/controller/decorators/mapping.js';
import { MessagingError } from '../../../src/message/error.js';
import { mistakes, serve } from '../serve.js';

const Lookup = createParamDecorator(({ lookup }) => lookup);
const Later = createParamDecorator(async (_, __, value: string) => Promise.resolve(value));
const Failing = createParamDecorator(() => {
  throw new MessagingError('access-refused');
});
const Where = createParamDecorator((_, { handler, index, on, variables }) => [
  handler,
  index,
  on,
  variables,
]);
const Checked = createParamDecorator(
  (_, __, wanted: number) => wanted,
  (parameter, wanted) =>
    parameter.index === wanted ? undefined : `it must be parameter ${wanted}.`,
);

describe('an argument decorator of an application', () => {
  @Controller('/{a}')
  class A {
    @MessageMapping('/all')
    all(
      @Lookup() lookup: string,
      @Later('late') late: string,
      body: string,
      @Where() where: unknown,
    ) {
      return [lookup, late, body, where];
    }

    @MessageMapping('/failing')
    failing(@Later('late') late: string, @Failing() never: unknown) {
      return [late, never];
    }
  }

  it('passes the result of its resolver, synchronous or not, in order', async () => {
    expect((await serve(A).send('/x/all', { body: 'hi' }))?.value).toEqual([
      '/x/all',
      'late',
      'hi',
      ['A.all', 3, 'send', ['a']],
    ]);
  });

  it('fails the call if its resolver throws', async () => {
    await expect(serve(A).send('/x/failing')).rejects.toMatchObject({ code: 'access-refused' });
  });

  it('does not resolve later arguments after an error', async () => {
    const begun: string[] = [];
    const Begun = createParamDecorator(async (_, __, name: string) => {
      begun.push(name);
      return Promise.reject(new MessagingError('access-refused'));
    });
    @Controller()
    class B {
      @MessageMapping('/b')
      b(@Begun('one') one: unknown, @Begun('two') two: unknown) {
        return [one, two];
      }
    }
    await expect(serve(B).send('/b')).rejects.toMatchObject({ code: 'access-refused' });
    expect(begun).toEqual(['one']);
  });

  it('is checked at start', () => {
    @Controller()
    class B {
      @MessageMapping('/b')
      b(@Checked(0) good: number, @Checked(0) bad: number) {
        return good + bad;
      }
    }
    expect(mistakes(B)).toEqual(['B.b, parameter 1: it must be parameter 0.']);
  });

  it('has a check that must not be asynchronous; a rejection of it is handled', async () => {
    const Late = createParamDecorator(
      () => 1,
      () => Promise.reject(new Error('late')) as never,
    );
    @Controller()
    class B {
      @MessageMapping('/b')
      b(@Late() value: number) {
        return value;
      }
    }
    expect(mistakes(B)).toEqual([
      'B.b, parameter 0: the check of its decorator must return its result; it returned a promise.',
    ]);
    await new Promise(setImmediate);
  });

  it('is reported if a parameter has two', () => {
    @Controller()
    class B {
      @MessageMapping('/b')
      b(@Lookup() @Payload() both: string) {
        return both;
      }
    }
    expect(mistakes(B)).toEqual([
      'B.b, parameter 0: it has several argument decorators; keep one.',
    ]);
  });

  it('is reported on a constructor', () => {
    @Controller()
    class B {
      constructor(@Lookup() readonly lookup: string) {}
    }
    expect(mistakes(B as never)).toEqual([
      'B, parameter 0 of its constructor: argument decorators work only on parameters of handlers; use @inject() of inversify.',
    ]);
  });

  it('is recognized when it is used as a type', () => {
    expect(isParamDecorator(Principal)).toBe(true);
    expect(isParamDecorator(A)).toBe(false);
    expect(isParamDecorator(undefined)).toBe(false);
  });
});
