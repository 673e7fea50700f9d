// Exception handlers: their choice, and the destination of their value.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DestinationVariable } from '../../../src/controller/arguments/destination-variable.js';
import { Header } from '../../../src/controller/arguments/header.js';
import { Payload } from '../../../src/controller/arguments/payload.js';
import { Controller } from '../../../src/controller/decorators/controller.js';
import { MessageExceptionHandler } from '../../../src/controller/decorators/exception-handler.js';
import { MessageMapping, SubscribeMapping } from '../../../src/controller/decorators/mapping.js';
import { SendTo } from '../../../src/controller/decorators/reply-decorators.js';
import { MessagingError } from '../../../src/message/error.js';
import { mistakes, serve } from '../serve.js';

class RoomError extends Error {}
class ClosedError extends RoomError {}
class LockedError extends ClosedError {}

const thrown = new Map<string, unknown>([
  ['locked', new LockedError('locked')],
  ['room', new RoomError('room')],
  ['other', new TypeError('other')],
  ['caused', new Error('outer', { cause: new LockedError('inner') })],
  [
    'caused-twice',
    new Error('outer', { cause: new Error('middle', { cause: new LockedError('inner') }) }),
  ],
  ['nothing', undefined],
]);

@Controller()
@SendTo('/topic/class')
class Rooms {
  @MessageMapping('/throw/{what}')
  now(@DestinationVariable('what') what: string) {
    throw thrown.get(what);
  }

  @MessageMapping('/reject/{what}')
  async later(@DestinationVariable('what') what: string) {
    return Promise.reject(thrown.get(what) as Error);
  }

  @SubscribeMapping('/throw/{what}')
  subscribed(@DestinationVariable('what') what: string) {
    throw thrown.get(what);
  }

  @MessageMapping('/needs')
  needs(@Header('x') x: string) {
    return x;
  }

  @MessageExceptionHandler(RoomError)
  room(error: RoomError, @DestinationVariable('what') what: string) {
    return `room ${error.message} ${what}`;
  }

  @SendTo('/topic/{what}')
  @MessageExceptionHandler(ClosedError)
  async closed(@Payload(String) text: string, error: ClosedError) {
    return Promise.resolve(`closed ${error.message} ${text}`);
  }

  @MessageExceptionHandler(MessagingError)
  messaging({ code }: MessagingError) {
    return code;
  }
}

const served = serve(Rooms);
const own = [{ kind: 'session', session: 's-1', destination: '/queue/errors' }];

describe('an exception handler', () => {
  it('of the nearest class is called', async () => {
    expect((await served.send('/throw/locked', { body: 'hi' }))?.value).toBe('closed locked hi');
    expect((await served.send('/throw/room'))?.value).toBe('room room room');
  });

  it('handles rejections and errors of @SubscribeMapping', async () => {
    expect((await served.send('/reject/room'))?.value).toBe('room room room');
    expect((await served.subscribe('/throw/room'))?.value).toBe('room room room');
  });

  it('handles errors of arguments', async () => {
    expect((await served.send('/needs'))?.value).toBe('argument-missing');
  });

  it('handles the direct cause of an error, but not the cause of the cause', async () => {
    expect((await served.send('/throw/caused', { body: 'hi' }))?.value).toBe('closed inner hi');
    await expect(served.send('/throw/caused-twice')).rejects.toMatchObject({
      code: 'handler-failed',
      cause: thrown.get('caused-twice'),
    });
  });

  it('does not handle other errors or other thrown values', async () => {
    await expect(served.send('/throw/other')).rejects.toMatchObject({
      code: 'handler-failed',
      cause: thrown.get('other'),
    });
    await expect(served.send('/throw/nothing')).rejects.toMatchObject({
      code: 'handler-failed',
      cause: undefined,
    });
  });

  it('replies to the sending session only, also if its class has a reply decorator', async () => {
    expect((await served.send('/throw/room', { user: 'ann' }))?.targets).toEqual(own);
    expect((await served.subscribe('/throw/room'))?.targets).toEqual(own);
  });

  it('replies to the destinations of its own reply decorator', async () => {
    expect((await served.send('/throw/locked', { body: 'hi' }))?.targets).toEqual([
      { kind: 'destination', destination: '/topic/locked' },
    ]);
  });

  it('that throws fails the call without calling another one', async () => {
    const error: unknown = await served.send('/throw/locked').catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'handler-failed', cause: { code: 'payload-missing' } });
  });
});

describe('an exception handler of MessagingError', () => {
  it('handles the errors of another copy of the package, and may name the class of that copy', async () => {
    const path = fileURLToPath(new URL('../../../src/message/error.ts', import.meta.url));
    const copy = (await import(
      /* @vite-ignore */ `${path}?another-copy`
    )) as typeof import('../../../src/message/error.js');
    const serving = (thrower: typeof MessagingError, handled: typeof MessagingError) => {
      @Controller()
      class Copies {
        @MessageMapping('/throw')
        fail() {
          throw new thrower('no-route');
        }

        @MessageExceptionHandler(handled)
        handle({ code }: MessagingError) {
          return code;
        }
      }
      return serve(Copies);
    };
    for (const [thrower, handled] of [
      [copy.MessagingError, MessagingError],
      [MessagingError, copy.MessagingError],
      [copy.MessagingError, copy.MessagingError],
    ] as const)
      expect((await serving(thrower, handled).send('/throw'))?.value).toBe('no-route');
  });
});

describe('an exception handler without classes', () => {
  @Controller()
  class Anything {
    @MessageMapping('/throw/{what}')
    fail(@DestinationVariable('what') what: string) {
      throw thrown.get(what);
    }

    @MessageExceptionHandler()
    anything(error: unknown) {
      return error === undefined ? 'nothing' : (error as Error).message;
    }

    @MessageExceptionHandler(LockedError)
    locked() {
      return 'locked!';
    }
  }

  it('handles all errors that no other handles', async () => {
    const all = serve(Anything);
    expect((await all.send('/throw/other'))?.value).toBe('other');
    expect((await all.send('/throw/nothing'))?.value).toBe('nothing');
    expect((await all.send('/throw/locked'))?.value).toBe('locked!');
  });
});

describe('the mistakes', () => {
  it('report two handlers of one class, missing types and unknown variables', () => {
    @Controller()
    class A {
      @MessageMapping('/a/{room}')
      a() {}

      @MessageExceptionHandler(RoomError)
      one() {}

      @MessageExceptionHandler(ClosedError, RoomError)
      two() {}

      @MessageExceptionHandler()
      three(error: RoomError) {
        return error;
      }

      @MessageExceptionHandler()
      four() {}

      @SendTo('/topic/{hall}')
      @MessageExceptionHandler(TypeError)
      five(one: unknown, two: unknown) {
        return [one, two];
      }

      @MessageExceptionHandler(RangeError)
      six(@DestinationVariable('hall') hall: string) {
        return hall;
      }
    }
    expect(mistakes(A)).toEqual([
      'A.two: another exception handler of its class already takes RoomError; keep one.',
      'A.three, parameter 0: its type is RoomError, but a parameter without decorator receives the error, and the handler takes all errors; decorate the parameter, or name the class, as in @MessageExceptionHandler(RoomError).',
      'A.four: another exception handler of its class already takes all errors; keep one.',
      'A.five: its reply decorator uses {hall}, which no pattern of its class declares; declare it or remove it.',
      'A.five, parameters 0 and 1: only one parameter may have no decorator; decorate the others.',
      'A.six, parameter 0: no pattern declares {hall}; the declared variables are {room}.',
    ]);
  });

  it('report parameters that cannot be the error, invalid classes and repeated decorators', () => {
    class ChatMessage {}
    @Controller()
    class A {
      @MessageExceptionHandler(RoomError)
      fits(error: Error) {
        return error;
      }

      @MessageExceptionHandler(ClosedError, RangeError)
      other(message: ChatMessage) {
        return message;
      }

      @MessageExceptionHandler(undefined as never)
      circle() {}

      @MessageExceptionHandler(TypeError)
      @MessageExceptionHandler(SyntaxError)
      twice() {}
    }
    expect(mistakes(A)).toEqual([
      'A.twice: it has several @MessageExceptionHandler; keep one that names all classes.',
      'A.other, parameter 0: its type is ChatMessage, but a parameter without decorator receives the error, and the handler takes ClosedError, RangeError; decorate the parameter, or name the class, as in @MessageExceptionHandler(ChatMessage).',
      'A.circle: its @MessageExceptionHandler names undefined, which is not a class; look for a circular import.',
    ]);
  });
});
