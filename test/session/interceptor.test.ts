// Interceptors: the chain around the processing of a frame.
import { beforeEach, describe, expect, it } from 'vitest';
import { noHeaders, type Message } from '../../src/message/message.js';
import type { ClientFrame, ServerFrame } from '../../src/message/frame.js';
import {
  intercept,
  interceptOutbound,
  type FrameHandler,
  type InterceptedClient,
  type Interceptor,
  type OutboundInterceptor,
} from '../../src/session/interceptor.js';
import { settle } from './test-session.js';

const send: Message = { destination: '/topic/x', headers: noHeaders, body: Buffer.from('x') };
const frame: ClientFrame = { kind: 'send', message: send };
/** The exceptions that have ended the session, each with its activity. */
const failures: string[] = [];
/** The lines of the limited log. */
const logged: string[] = [];
const log = {
  write: (text: string, cause: unknown) => void logged.push(`${text} ${String(cause)}`),
};
const client: InterceptedClient = {
  session: {
    id: '1',
    gone: false,
    internalError: (activity: string, cause: Error) =>
      void failures.push(`${activity}: ${cause.message}`),
  } as InterceptedClient['session'],
};

beforeEach(() => void (failures.length = logged.length = 0));

type Next = Parameters<Interceptor>[2];

/** Runs a frame through the interceptors. Default handler: does nothing. */
async function run(
  interceptors: readonly Interceptor[],
  handler: FrameHandler<typeof client> = () => {},
): Promise<void | 'dropped'> {
  return intercept(interceptors, handler, log)(frame, client);
}

const failing: FrameHandler<typeof client> = () => Promise.reject(new Error('failed'));

describe('interceptors', () => {
  it('run around the handler, the first one outermost', async () => {
    const log: string[] = [];
    const around =
      (name: string): Interceptor =>
      async (_frame, { id }, next) => {
        log.push(`${name} before ${id}`);
        await next();
        log.push(`${name} after`);
      };
    await run([around('a'), around('b')], async () => void log.push('handler'));
    expect(log).toEqual(['a before 1', 'b before 1', 'handler', 'b after', 'a after']);
  });

  it('without interceptors, the handler is used unchanged', () => {
    const handler = async () => {};
    expect(intercept([], handler, log)).toBe(handler);
  });

  it('reject a frame by throwing', async () => {
    const log: string[] = [];
    const handler = () => void log.push('handler');
    const rejecting: readonly Interceptor[] = [
      () => Promise.reject(new Error('no')),
      () => {
        throw new Error('no');
      },
    ];
    for (const interceptor of rejecting)
      await expect(run([interceptor], handler)).rejects.toThrow('no');
    expect(log).toEqual([]);
  });

  it.each([
    ['the outer', [async () => {}, async (_frame, _session, next) => next()]],
    ['the inner', [async (_frame, _session, next) => next(), async () => {}]],
    ['the inner, not awaited,', [async (_frame, _session, next) => void next(), async () => {}]],
  ] as readonly (readonly [string, readonly Interceptor[]])[])(
    'drop a frame when %s does not call next()',
    async (_which, interceptors) => {
      let called = false;
      expect(await run(interceptors, () => void (called = true))).toBe('dropped');
      expect(called).toBe(false);
    },
  );

  it('pass on a changed frame', async () => {
    const seen: ClientFrame[] = [];
    const changed: ClientFrame = {
      ...frame,
      message: { ...frame.message, destination: '/topic/y' },
    };
    await run(
      [
        async (_frame, _session, next) => next(changed),
        async (received, _session, next) => {
          seen.push(received);
          await next();
        },
      ],
      (received) => void seen.push(received),
    );
    expect(seen).toEqual([changed, changed]);
  });

  it.each([
    ['a SEND with headers', { ...send, headers: new Map([['a', '1']]) }],
    ['a SEND without headers', send],
  ])('cannot change the headers of %s', async (_, message) => {
    const changing: Interceptor = async (each, _session, next) => {
      if (each.kind === 'send') (each.message.headers as Map<string, string>).set('x', '1');
      await next();
    };
    const result = intercept([changing], () => {}, log)({ kind: 'send', message }, client);
    await expect(result).rejects.toThrow(TypeError);
    expect(message.headers.has('x')).toBe(false);
  });

  it('cannot change the headers and the body that they have passed on', async () => {
    const headers = new Map([['a', '1']]);
    const body = Buffer.from('mine');
    let passed: ClientFrame | undefined;
    const changing: Interceptor = async (_frame, _session, next) => {
      await next({ kind: 'send', message: { ...send, headers, body } });
      headers.set('a', '2');
      body.fill('!');
    };
    await run([changing], (each) => void (passed = each));
    expect(passed).toMatchObject({
      message: { headers: new Map([['a', '1']]), body: Buffer.from('mine') },
    });
  });

  it('can change the bytes of a body before next(), and not afterwards', async () => {
    const body = Buffer.from('abc');
    let passed: ClientFrame | undefined;
    const changing: Interceptor = async (_frame, _session, next) => {
      body[0] = 65;
      await next();
      body.fill('!');
    };
    const sent: ClientFrame = { kind: 'send', message: { ...send, body } };
    await intercept([changing], (each) => void (passed = each), log)(sent, client);
    expect(passed).toMatchObject({ message: { body: Buffer.from('Abc') } });
  });

  it('pass on the body when they change the headers only', async () => {
    let passed: ClientFrame | undefined;
    const changing: Interceptor = (_frame, _session, next) =>
      next({ kind: 'send', message: { ...send, headers: new Map([['a', '1']]) } });
    await run([changing], (each) => void (passed = each));
    expect(passed?.kind === 'send' && passed.message.body).toEqual(send.body);
  });

  it.each(['connect', 'subscribe'] as const)('pass on their own headers of %s', async (kind) => {
    const heartbeat = [0, 0] as const;
    const own: ClientFrame =
      kind === 'connect'
        ? { kind, heartbeat, headers: new Map() }
        : { kind, id: '1', destination: '/topic/x', ack: 'auto', headers: new Map() };
    const headers = new Map([['a', '1']]);
    let passed: ClientFrame | undefined;
    const changing: Interceptor = async (_frame, _session, next) => {
      await next({ ...own, headers });
      headers.clear();
    };
    await intercept([changing], (each) => void (passed = each), log)(own, client);
    expect(passed).toMatchObject({ headers: new Map([['a', '1']]) });
  });

  it('cannot pass on a frame of another kind', async () => {
    const interceptor: Interceptor = async (_frame, _session, next) => next({ kind: 'disconnect' });
    await expect(run([interceptor])).rejects.toThrow('passed on a disconnect frame for a send');
  });

  it('cannot call next() twice', async () => {
    let calls = 0;
    const twice: Interceptor = async (_frame, _session, next) => {
      await next();
      await next();
    };
    const withoutAwait: Interceptor = async (_frame, _session, next) => {
      void next();
      void next();
    };
    for (const interceptor of [twice, withoutAwait])
      await expect(run([interceptor], () => void calls++)).rejects.toThrow(
        `The interceptor ${interceptor.name} called next() twice`,
      );
    expect(calls).toBe(2);
  });

  it.each<[what: string, misuse: (next: Next) => Promise<void>, text: string]>([
    ['twice', (next) => (void next(), next()), 'next() twice'],
    ['with another kind', (next) => next({ kind: 'disconnect' }), 'a disconnect frame for a send'],
    ['with null', (next) => next(null as never), 'Cannot read'],
  ])('that call next() %s in a callback do not throw there', async (_what, misuse, text) => {
    const interceptor: Interceptor = (_frame, _session, next) =>
      new Promise((resolve) => setImmediate(() => (misuse(next), resolve())));
    await expect(run([interceptor])).rejects.toThrow(text);
    expect(failures).toEqual([]);
  });

  it('that call next() twice end the frame when its handler has ended', async () => {
    const log: string[] = [];
    const slow = async () => {
      await settle();
      log.push('handler');
    };
    const twice: Interceptor = async (_frame, _session, next) => (void next(), void next());
    await expect(run([twice], slow)).rejects.toThrow('next() twice');
    expect(log).toEqual(['handler']);
  });

  it.each<[how: string, interceptor: (next: Next) => Promise<void>]>([
    ['returned', async () => {}],
    ['thrown', () => Promise.reject(new Error('thrown'))],
    ['called it and returned', (next) => next()],
  ])('that call next() after they have %s end the session', async (_how, interceptor) => {
    let late!: Next;
    let calls = 0;
    const keeping: Interceptor = (_frame, _session, next) => interceptor((late = next));
    await run([keeping], () => void calls++).catch(() => {});
    const before = calls;
    let settled = false;
    const end = () => void (settled = true);
    void late().then(end, end);
    await settle();
    expect(failures).toEqual([
      'Calling next() in an interceptor: The interceptor keeping called next() after it had returned.',
    ]);
    expect(settled).toBe(false);
    expect(calls).toBe(before);
  });

  it('that call next() after the session has ended are logged with their name or position', async () => {
    const late: Next[] = [];
    const ended = { session: { ...client.session, gone: true } };
    const audit: Interceptor = async (_frame, _session, next) => (late.push(next), next());
    const interceptors: readonly Interceptor[] = [
      audit,
      (
        () => async (_frame, _session, next) =>
          void late.push(next)
      )(),
    ];
    await intercept(interceptors, () => {}, log)(frame, ended);
    for (const next of late) void next();
    expect(logged).toEqual([
      'Calling next() failed, and session 1 has ended. Error: The interceptor audit called next() after it had returned.',
      'Calling next() failed, and session 1 has ended. Error: The interceptor 2 called next() after it had returned.',
    ]);
    expect(failures).toEqual([]);
  });
});

describe('an interceptor that does not await next()', () => {
  const hasty: Interceptor = async (_frame, _session, next) => void next();
  const hastyThenSlow: Interceptor = async (_frame, _session, next) => {
    void next();
    await settle();
  };

  it('does not end the processing of the frame', async () => {
    const log: string[] = [];
    const slow = async () => {
      await settle();
      log.push('handler');
    };
    await run([hasty], slow);
    await run([async (_frame, _session, next) => next(), hasty], slow);
    await run([async (_frame, _session, next) => void next().then(() => {})], slow);
    expect(log).toEqual(['handler', 'handler', 'handler']);
  });

  it('does not hide a failure, however early it happens', async () => {
    const handlers: readonly FrameHandler<typeof client>[] = [
      failing,
      () => {
        throw new Error('failed');
      },
      async () => {
        await settle();
        throw new Error('failed');
      },
    ];
    for (const interceptor of [hasty, hastyThenSlow])
      for (const handler of handlers)
        await expect(run([interceptor], handler)).rejects.toThrow('failed');
  });

  it('does not hide a failure from an outer interceptor', async () => {
    const seen: unknown[] = [];
    const outer: Interceptor = async (_frame, _session, next) => {
      await next().catch((error: Error) => void seen.push(error.message));
    };
    await run([outer, hastyThenSlow], failing);
    expect(seen).toEqual(['failed']);
  });
});

describe('an interceptor that fails after next()', () => {
  const failsAfter: Interceptor = async (_frame, _session, next) => {
    void next();
    throw new Error('interceptor');
  };

  it('rejects the frame when the handler has ended', async () => {
    const log: string[] = [];
    const slow = async () => {
      await settle();
      log.push('handler');
    };
    await expect(run([failsAfter], slow)).rejects.toThrow('interceptor');
    expect(log).toEqual(['handler']);
  });

  it('rejects the frame with its own error when the handler fails as well', async () => {
    await expect(run([failsAfter], failing)).rejects.toThrow('interceptor');
  });
});

describe('an interceptor that catches a failure', () => {
  it.each([
    ['catch', async (_frame, _session, next) => next().catch(() => {})],
    ['then', (_frame, _session, next) => next().then(undefined, () => {})],
    [
      'finally',
      async (_frame, _session, next) => {
        await Promise.allSettled([next().finally(() => {})]);
      },
    ],
    [
      'try',
      async (_frame, _session, next) => {
        try {
          await next();
        } catch {}
      },
    ],
  ] as readonly (readonly [string, Interceptor])[])(
    'with %s makes the frame count as processed',
    async (_how, interceptor) => {
      await expect(run([interceptor], failing)).resolves.toBeUndefined();
    },
  );
});

describe('outbound interceptors', () => {
  const receipt: ServerFrame = { kind: 'receipt', receipt: 'r' };

  it('change a frame one after the other', () => {
    const add =
      (text: string): OutboundInterceptor =>
      (outgoing) =>
        outgoing.kind === 'receipt'
          ? { ...outgoing, receipt: `${outgoing.receipt} ${text}` }
          : outgoing;
    expect(interceptOutbound([add('1'), add('2')], receipt, client.session)).toEqual({
      kind: 'receipt',
      receipt: 'r 1 2',
    });
  });

  it('cannot change what other sessions receive', () => {
    const shared: ServerFrame = {
      kind: 'message',
      subscription: '1',
      messageId: '1',
      message: { ...send, headers: new Map([['a', '1']]) },
      marks: { retained: true },
    };
    const changes: readonly ((each: never) => unknown)[] = [
      (each: { subscription: string }) => (each.subscription = '2'),
      (each: { message: { destination: string } }) => (each.message.destination = '/topic/y'),
      (each: { message: { headers: Map<string, string> } }) => each.message.headers.clear(),
      (each: { marks: { retained: boolean } }) => (each.marks.retained = false),
    ];
    for (const change of changes) {
      const changing: OutboundInterceptor = (each) => (change(each as never), each);
      expect(() => interceptOutbound([changing], shared, client.session)).toThrow(TypeError);
    }
  });

  it('must not be asynchronous; a rejection of theirs is handled', async () => {
    const rejecting = (() => Promise.reject(new Error('late'))) as unknown as OutboundInterceptor;
    expect(() => interceptOutbound([rejecting], receipt, client.session)).toThrow(
      'An outbound interceptor must return its result; it returned a promise.',
    );
    await new Promise(setImmediate);
  });

  it('are not called for a frame that an earlier one has dropped', () => {
    let calls = 0;
    const counting: OutboundInterceptor = (outgoing) => (calls++, outgoing);
    expect(interceptOutbound([() => undefined, counting], receipt, client.session)).toBeUndefined();
    expect(calls).toBe(0);
  });
});
