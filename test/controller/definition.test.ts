// Definitions of classes: what subclasses inherit and replace.
import { describe, expect, it } from 'vitest';
import { DestinationVariable } from '../../src/controller/arguments/destination-variable.js';
import { Payload } from '../../src/controller/arguments/payload.js';
import { Controller } from '../../src/controller/decorators/controller.js';
import { isServed } from '../../src/controller/definition.js';
import { MessageExceptionHandler } from '../../src/controller/decorators/exception-handler.js';
import { MessageMapping } from '../../src/controller/decorators/mapping.js';
import { SendTo } from '../../src/controller/decorators/reply-decorators.js';
import { compile, serve } from './serve.js';

@Controller('/rooms/{room}')
@SendTo('/topic/rooms')
class Base {
  @MessageMapping('/say')
  say(@DestinationVariable('room') room: string, @Payload() text: string): unknown {
    return `${room}: ${text}`;
  }

  @MessageMapping('/fail')
  fail() {
    throw new RangeError();
  }

  @MessageExceptionHandler(RangeError)
  failed(): unknown {
    return 'base';
  }
}

describe('a subclass', () => {
  it('inherits everything', async () => {
    class Sub extends Base {}
    expect(isServed(Sub as never)).toBe(true);
    const served = serve(Sub);
    expect(await served.send('/rooms/lobby/say', { body: 'hi' })).toEqual({
      value: 'lobby: hi',
      targets: [{ kind: 'destination', destination: '/topic/rooms' }],
    });
    expect((await served.send('/rooms/lobby/fail'))?.value).toBe('base');
  });

  it('replaces the patterns and reply decorators of its parent', async () => {
    @Controller('/halls/{room}')
    @SendTo('/topic/halls')
    class Sub extends Base {}
    const served = serve(Sub);
    expect(await served.send('/rooms/lobby/say', { body: 'hi' })).toBeUndefined();
    expect((await served.send('/halls/lobby/say', { body: 'hi' }))?.targets).toEqual([
      { kind: 'destination', destination: '/topic/halls' },
    ]);
  });

  it("keeps its parent's patterns if its @Controller has none", () => {
    @Controller()
    class Sub extends Base {}
    expect(compile([Sub]).map(({ pattern, handler }) => [pattern, handler])).toEqual([
      ['/rooms/{room}/say', 'Sub.say'],
      ['/rooms/{room}/fail', 'Sub.fail'],
    ]);
  });

  it('keeps the decorators of a method that it overrides without decorators', async () => {
    class Sub extends Base {
      override say(room: string, text: string) {
        return `${room}! ${text}!`;
      }

      override failed() {
        return 'sub';
      }
    }
    const served = serve(Sub);
    expect((await served.send('/rooms/lobby/say', { body: 'hi' }))?.value).toBe('lobby! hi!');
    expect((await served.send('/rooms/lobby/fail'))?.value).toBe('sub');
  });

  it('replaces each kind of decorator separately', async () => {
    class Louder extends Base {
      @SendTo('/topic/loud')
      override say(room: string, text: string) {
        return `${room}!! ${text}`;
      }
    }
    class Elsewhere extends Base {
      @MessageMapping('/shout')
      override say(@Payload() text: string) {
        return text;
      }
    }
    expect(await serve(Louder).send('/rooms/lobby/say', { body: 'hi' })).toEqual({
      value: 'lobby!! hi',
      targets: [{ kind: 'destination', destination: '/topic/loud' }],
    });
    expect(await serve(Elsewhere).send('/rooms/lobby/say', { body: 'hi' })).toBeUndefined();
    expect((await serve(Elsewhere).send('/rooms/lobby/shout', { body: 'hi' }))?.value).toBe('hi');
  });

  it('does not change its parent', async () => {
    expect((await serve(Base).send('/rooms/lobby/say', { body: 'hi' }))?.value).toBe('lobby: hi');
  });
});

it('a class is a controller if it or one of its parents has the decorator', () => {
  class Sub extends Base {}
  class Plain {}
  expect([Base, Sub, Plain].map((type) => isServed(type as never))).toEqual([true, true, false]);
});

it('two copies of the package share definitions', () => {
  expect(Object.hasOwn(Base, Symbol.for('signalbox.definition'))).toBe(true);
});
