// Reply decorators: the destinations of a handler's value.
import { describe, expect, it } from 'vitest';
import { Controller } from '../../../src/controller/decorators/controller.js';
import { MessageMapping, SubscribeMapping } from '../../../src/controller/decorators/mapping.js';
import {
  createReplyDecorator,
  SendTo,
  SendToUser,
} from '../../../src/controller/decorators/reply-decorators.js';
import type { Target } from '../../../src/message/target.js';
import { mistakes, serve } from '../serve.js';

@Controller()
class Methods {
  @MessageMapping('/default')
  default() {
    return 1;
  }

  @SendTo()
  @MessageMapping('/send-to')
  sendTo() {
    return 1;
  }

  @SendTo('/topic/a', '/topic/b')
  @MessageMapping('/two')
  two() {
    return 1;
  }

  @SendTo('/topic/{room}/said')
  @MessageMapping('/rooms/{room}')
  room() {
    return 1;
  }

  @SendToUser()
  @MessageMapping('/user-default')
  userDefault() {
    return 1;
  }

  @SendToUser('/queue/x', { broadcast: false })
  @MessageMapping('/own')
  own() {
    return 1;
  }

  @SendToUser('/queue/x', '/queue/y')
  @SendTo('/topic/x')
  @MessageMapping('/both')
  both() {
    return 1;
  }

  @SubscribeMapping('/init')
  init() {
    return 1;
  }

  @SendTo('/topic/init')
  @SubscribeMapping('/diverted')
  diverted() {
    return 1;
  }

  @createReplyDecorator(({ lookup }) => [
    { kind: 'destination', destination: `/topic/audit${lookup}` },
  ])
  @MessageMapping('/audited')
  audited() {
    return 1;
  }
}

@Controller('/c')
@SendTo('/topic/class')
class Class {
  @MessageMapping('/plain')
  plain() {
    return 1;
  }

  @SendToUser('/queue/method')
  @MessageMapping('/method')
  method() {
    return 1;
  }

  @SendToUser()
  @MessageMapping('/vague')
  vague() {
    return 1;
  }

  @SubscribeMapping('/init')
  init() {
    return 1;
  }
}

@Controller('/v')
@SendTo()
class Vague {
  @MessageMapping('/plain')
  plain() {
    return 1;
  }

  @SendToUser()
  @MessageMapping('/method')
  method() {
    return 1;
  }
}

const served = serve([Methods, Class, Vague]);

async function targets(lookup: string, user?: string): Promise<readonly string[]> {
  return (await served.send(lookup, user === undefined ? {} : { user }))!.targets.map(textOf);
}

function textOf(target: Target): string {
  switch (target.kind) {
    case 'destination':
      return target.destination;
    case 'user':
      return `${target.user} ${target.destination}`;
    case 'session':
      return `own ${target.destination}`;
    case 'subscription':
      return `${target.subscription} ${target.destination}`;
  }
}

describe('the target of a value', () => {
  it('is /topic + the destination by default', async () => {
    expect(await targets('/default')).toEqual(['/topic/default']);
    expect(await targets('/send-to')).toEqual(['/topic/send-to']);
  });

  it('is a destination of @SendTo', async () => {
    expect(await targets('/two')).toEqual(['/topic/a', '/topic/b']);
    expect(await targets('/rooms/lobby')).toEqual(['/topic/lobby/said']);
  });

  it('is the user of @SendToUser, or the session of an anonymous client', async () => {
    expect(await targets('/user-default', 'ann')).toEqual(['ann /queue/user-default']);
    expect(await targets('/user-default')).toEqual(['own /queue/user-default']);
    expect(await targets('/own', 'ann')).toEqual(['own /queue/x']);
  });

  it('is each of them with @SendTo and @SendToUser', async () => {
    expect((await targets('/both', 'ann')).toSorted()).toEqual([
      '/topic/x',
      'ann /queue/x',
      'ann /queue/y',
    ]);
  });

  it('is the new subscription with @SubscribeMapping', async () => {
    expect((await served.subscribe('/init'))?.targets.map(textOf)).toEqual(['sub-0 /app/init']);
  });

  it('is the reply decorator of a @SubscribeMapping method, if it has one', async () => {
    expect((await served.subscribe('/diverted'))?.targets.map(textOf)).toEqual(['/topic/init']);
  });

  it('is the result of a rule made with createReplyDecorator', async () => {
    expect(await targets('/audited')).toEqual(['/topic/audit/audited']);
  });
});

describe('a rule of the class', () => {
  it('applies to methods without one', async () => {
    expect(await targets('/c/plain')).toEqual(['/topic/class']);
  });

  it('is replaced by a rule of the method with destinations, and not by one without', async () => {
    expect(await targets('/c/method', 'ann')).toEqual(['ann /queue/method']);
    expect(await targets('/c/vague', 'ann')).toEqual(['/topic/class']);
  });

  it('without destinations is replaced by any rule of the method', async () => {
    expect(await targets('/v/plain', 'ann')).toEqual(['/topic/v/plain']);
    expect(await targets('/v/method', 'ann')).toEqual(['ann /queue/v/method']);
  });

  it('does not apply to @SubscribeMapping, unlike in Spring', async () => {
    expect((await served.subscribe('/c/init'))?.targets.map(textOf)).toEqual(['sub-0 /app/c/init']);
  });
});

describe('a reply decorator', () => {
  it('may use only variables that the pattern declares', () => {
    @Controller()
    @SendTo('/topic/{hall}')
    class A {
      @SendTo('/topic/{room}')
      @MessageMapping('/a', '/b/{room}')
      a() {}

      @MessageMapping('/c')
      c() {}
    }
    expect(mistakes(A)).toEqual([
      `A.a: its reply decorator uses {room}, which the pattern '/a' does not declare; declare it or remove it.`,
      `A.c: its reply decorator uses {hall}, which the pattern '/c' does not declare; declare it or remove it.`,
    ]);
  });

  it('must name destinations that clients can subscribe to', () => {
    @Controller('/{room}')
    class A {
      @SendTo('topic/a', '/elsewhere/b', '', '/topicx/c')
      @MessageMapping('/a')
      a() {}

      @SendTo('/topic/{room', '/topic/room}')
      @MessageMapping('/b')
      b() {}

      @SendTo('/{room}/x', '/topic/{room}', '/user/ann/queue/x')
      @SendToUser('queue/x')
      @MessageMapping('/c')
      c() {}
    }
    const unreachable =
      'which clients cannot subscribe to; begin it with /topic or /queue or /user.';
    const braces = 'A.b: its reply decorator is not valid: the braces of';
    expect(mistakes(A)).toEqual([
      `A.a: its reply decorator sends to 'topic/a', ${unreachable}`,
      `A.a: its reply decorator sends to '/elsewhere/b', ${unreachable}`,
      `A.a: its reply decorator sends to '', ${unreachable}`,
      `A.a: its reply decorator sends to '/topicx/c', ${unreachable}`,
      `${braces} '/topic/{room' do not match; write {name}.`,
      `${braces} '/topic/room}' do not match; write {name}.`,
    ]);
  });

  it('must not be asynchronous; a rejection of it is handled', async () => {
    @Controller()
    class A {
      @createReplyDecorator((() => Promise.reject(new Error('late'))) as never)
      @SendTo('/topic/a')
      @MessageMapping('/a')
      a() {
        return 1;
      }
    }
    await expect(serve(A).send('/a')).rejects.toMatchObject({
      code: 'handler-failed',
      cause: {
        message:
          'The function of createReplyDecorator() must return its result; it returned a promise.',
      },
    });
    await new Promise(setImmediate);
  });

  it.each<[returned: unknown, text: string]>([
    [undefined, 'must return a list of targets.'],
    [{ kind: 'destination', destination: '/topic/a' }, 'must return a list of targets.'],
    [
      [{ kind: 'topic', destination: '/topic/a' }],
      "returned a target of the kind 'topic'; the kinds are destination, user, session, subscription.",
    ],
    [
      ['/topic/a'],
      'returned a target of the kind undefined; the kinds are destination, user, session, subscription.',
    ],
  ])('must return targets: %j', async (returned, text) => {
    @Controller()
    class A {
      @createReplyDecorator(() => returned as readonly Target[])
      @MessageMapping('/a')
      a() {
        return 1;
      }
    }
    await expect(serve(A).send('/a')).rejects.toMatchObject({
      code: 'handler-failed',
      cause: { message: `The function of createReplyDecorator() ${text}` },
    });
  });

  it('with mistakes is reported', () => {
    @Controller()
    class A {
      @SendToUser('/queue/x', { brodcast: false } as never)
      @MessageMapping('/a')
      a() {}

      @SendToUser('/queue/x', null as never)
      @MessageMapping('/b')
      b() {}

      @SendToUser('')
      @MessageMapping('/c')
      c() {}

      @createReplyDecorator(undefined as never)
      @MessageMapping('/d')
      d() {}
    }
    const invalid = 'its reply decorator is not valid:';
    expect(mistakes(A)).toEqual([
      `A.a: ${invalid} The option 'brodcast' is unknown; the nearest known one is 'broadcast'.`,
      `A.b: ${invalid} The options must be an object, such as { broadcast: ... }.`,
      `A.c: ${invalid} a destination is empty.`,
      `A.d: ${invalid} undefined is not a function that returns targets.`,
    ]);
  });

  it('that throws fails the call like a handler', async () => {
    @Controller()
    class A {
      @createReplyDecorator(() => {
        throw new Error('secret');
      })
      @MessageMapping('/a')
      a() {
        return 1;
      }
    }
    await expect(serve(A).send('/a')).rejects.toMatchObject({ code: 'handler-failed' });
  });
});
