// Calls of handler methods whose timeout expires, and the errors of exception handlers.
import { beforeEach, describe, expect, it } from 'vitest';
import { Controller } from '../../src/controller/decorators/controller.js';
import { MessageExceptionHandler } from '../../src/controller/decorators/exception-handler.js';
import { MessageMapping, SubscribeMapping } from '../../src/controller/decorators/mapping.js';
import { createParamDecorator } from '../../src/controller/decorators/param-decorator.js';
import { MessagingError } from '../../src/message/error.js';
import { testClock } from 'signalbox/testing';
import { serve } from './serve.js';

const handlerTimeout = 200;

let clock = testClock();
let called: string[] = [];

beforeEach(() => {
  clock = testClock();
  called = [];
});

/** Resolves after the time of the clock, in milliseconds. */
const after = async (time: number) => new Promise<void>((resolve) => clock.after(time, resolve));

/** An argument that takes a time, in milliseconds. */
const Slow = createParamDecorator(async (_invocation, { index }, time: number) => {
  called.push(`argument ${index}`);
  await after(time);
});
const Failing = createParamDecorator(async () => {
  await after(500);
  throw new Error('late');
});

@Controller()
class Orders {
  @MessageMapping('/send')
  send(@Slow(500) _slow: unknown) {
    called.push('handler');
  }

  @SubscribeMapping('/subscribe')
  subscribe(@Slow(500) _slow: unknown) {
    called.push('handler');
  }

  @MessageMapping('/several')
  several(@Slow(100) _first: unknown, @Slow(150) _second: unknown, @Slow(0) _third: unknown) {
    called.push('handler');
  }

  @MessageMapping('/in-time')
  inTime(@Slow(100) _first: unknown, @Slow(99) _second: unknown) {
    called.push('handler');
  }

  @MessageMapping('/failing-argument')
  failingArgument(@Failing() _failing: unknown) {
    called.push('handler');
  }

  @MessageMapping('/failing-handler')
  async failingHandler() {
    called.push('handler');
    await after(500);
    throw new Error('late');
  }

  @MessageMapping('/failing-at-once')
  failingAtOnce() {
    throw new RangeError('at once');
  }

  @MessageExceptionHandler(RangeError)
  onRangeError(@Slow(500) _slow: unknown) {
    called.push('exception handler');
  }

  @MessageExceptionHandler()
  onError() {
    called.push('exception handler');
  }
}

/** Sends a frame or subscribes, and advances the clock beyond the timeout and the end of all arguments. */
async function outcomeOf(destination: string): Promise<unknown> {
  const { send, subscribe } = serve(Orders, '/', { clock, handlerTimeout });
  const pending = destination === '/subscribe' ? subscribe(destination) : send(destination);
  const outcome = pending.catch(({ code }: { code: string }) => code);
  await clock.advance(0);
  await clock.advance(1000);
  return outcome;
}

@Controller()
class Rooms {
  @MessageMapping('/full')
  full() {
    throw new RangeError('full');
  }

  @MessageMapping('/unknown')
  unknown() {
    throw new TypeError('unknown');
  }

  @MessageExceptionHandler(RangeError)
  onFull() {
    throw new MessagingError('access-refused', 'The room is full.');
  }

  @MessageExceptionHandler(TypeError)
  async onUnknown() {
    await Promise.resolve();
    throw new Error('secret');
  }
}

describe('an error that an exception handler throws', () => {
  it('keeps its code and text if it is a MessagingError', async () => {
    await expect(serve(Rooms).send('/full')).rejects.toMatchObject({
      code: 'access-refused',
      message: 'The room is full.',
    });
  });

  it('is handler-failed otherwise', async () => {
    await expect(serve(Rooms).send('/unknown')).rejects.toMatchObject({
      code: 'handler-failed',
      cause: new Error('secret'),
    });
  });
});

describe('after handler-timeout', () => {
  it.each([
    ['the handler of a SEND', '/send', ['argument 0']],
    ['the handler of a SUBSCRIBE', '/subscribe', ['argument 0']],
    ['a further argument', '/several', ['argument 0', 'argument 1']],
    ['the exception handler of an argument that fails', '/failing-argument', []],
    ['the exception handler of a handler that fails', '/failing-handler', ['handler']],
    ['an exception handler whose argument was slow', '/failing-at-once', ['argument 0']],
  ])('%s is not called', async (_text, destination, expected) => {
    expect(await outcomeOf(destination)).toBe('handler-timeout');
    expect(called).toEqual(expected);
  });

  it('a handler whose arguments were complete in time has been called', async () => {
    expect(await outcomeOf('/in-time')).toMatchObject({ value: undefined });
    expect(called).toEqual(['argument 0', 'argument 1', 'handler']);
  });
});
