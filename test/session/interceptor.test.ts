// The chain of interceptors around the junction.
import { describe, expect, it } from 'vitest';
import type { ClientFrame } from '../../src/message/frame.js';
import { intercept, type Interceptor } from '../../src/session/interceptor.js';
import type { Session } from '../../src/session/session.js';

const frame: ClientFrame = { kind: 'disconnect' };
const session = { id: '1' } as Session;

describe('interceptors', () => {
  it('stand around the handler, the first one outermost', async () => {
    const log: string[] = [];
    const around =
      (name: string): Interceptor =>
      async (_frame, _session, next) => {
        log.push(`${name} before`);
        await next();
        log.push(`${name} after`);
      };
    const chain = intercept([around('a'), around('b')], async () => void log.push('handler'));
    await chain(frame, session);
    expect(log).toEqual(['a before', 'b before', 'handler', 'b after', 'a after']);
  });

  it('swallow a frame by not going on, and refuse it by throwing', async () => {
    const log: string[] = [];
    const handler = async () => void log.push('handler');
    await intercept([async () => {}], handler)(frame, session);
    const refusing: Interceptor = () => Promise.reject(new Error('no'));
    await expect(intercept([refusing], handler)(frame, session)).rejects.toThrow('no');
    expect(log).toEqual([]);
  });

  it('let a frame pass once, whatever they call', async () => {
    const log: string[] = [];
    const twice: Interceptor = async (_frame, _session, next) => {
      await next();
      await next();
    };
    const hastily: Interceptor = async (_frame, _session, next) => {
      void next();
      void next();
    };
    for (const interceptor of [twice, hastily]) {
      const chain = intercept([interceptor], () => void log.push('handler'));
      await expect(chain(frame, session)).rejects.toThrow('called next() twice for one frame');
    }
    expect(log).toEqual(['handler', 'handler']);
  });

  it('are done when the frame is, though they do not wait for it', async () => {
    const log: string[] = [];
    const hasty: Interceptor = async (_frame, _session, next) => {
      void next();
    };
    const chain = intercept([hasty], async () => {
      await new Promise((resolve) => setImmediate(resolve));
      log.push('handler');
    });
    await chain(frame, session);
    expect(log).toEqual(['handler']);
    const failing = intercept([hasty], async () => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('late');
    });
    await expect(failing(frame, session)).rejects.toThrow('late');
  });

  it('hide no failure that they have not asked for, however early it comes', async () => {
    const hasty: Interceptor = async (_frame, _session, next) => {
      void next();
      await new Promise((resolve) => setImmediate(resolve));
    };
    const atOnce = () => {
      throw new Error('no');
    };
    for (const handler of [atOnce, () => Promise.reject(new Error('no'))])
      await expect(intercept([hasty], handler)(frame, session)).rejects.toThrow('no');
  });

  it('may take what went wrong upon themselves', async () => {
    const forgiving: Interceptor[] = [
      async (_frame, _session, next) => next().catch(() => {}),
      (_frame, _session, next) => next().then(undefined, () => {}),
      async (_frame, _session, next) => {
        await Promise.allSettled([next().finally(() => {})]);
      },
      async (_frame, _session, next) => {
        try {
          await next();
        } catch {}
      },
    ];
    for (const interceptor of forgiving) {
      const chain = intercept([interceptor], () => Promise.reject(new Error('no')));
      await expect(chain(frame, session)).resolves.toBeUndefined();
    }
  });

  it('are no wrapping at all when there are none', () => {
    const handler = async () => {};
    expect(intercept([], handler)).toBe(handler);
  });
});
