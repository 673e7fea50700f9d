// Handshake interceptors: their order, their answers, and their failures.
import type { IncomingMessage } from 'node:http';
import { testClock } from 'signalbox/testing';
import { describe, expect, it } from 'vitest';
import {
  checkInterceptors,
  interceptHandshakes,
  type HandshakeInterceptor,
} from '../../src/session/handshake-interceptor.js';
import type { HandshakeRequest } from '../../src/transport/handshake.js';

const request: HandshakeRequest = {
  url: '/ws',
  headers: new Map(),
  remoteAddress: '127.0.0.1',
  secure: false,
  subprotocols: ['a', 'b'],
  node: {} as IncomingMessage,
};

function checkOf(...interceptors: HandshakeInterceptor[]) {
  const clock = testClock();
  const logged: unknown[] = [];
  const log = (text: string, cause?: unknown) => void logged.push([text, cause]);
  const logger = { error: log, warn: log, info: log };
  const check = interceptHandshakes(interceptors, { clock, logger, timeout: 5000 })!;
  return { check, clock, logged };
}

/** An interceptor with this answer, also if its type does not allow it. */
const answering = (answer: unknown): HandshakeInterceptor => ({
  before: () => answer as undefined,
});

describe('handshake interceptors', () => {
  it('are no function when there are none', () => {
    expect(interceptHandshakes([], {} as never)).toBeUndefined();
  });

  it('add attributes and choices; the last choice counts', async () => {
    const { check } = checkOf(
      {
        before(_request, attributes) {
          attributes.set('x', 1);
          return { subprotocol: 'a', principal: { name: 'ann' } };
        },
      },
      { before: async () => ({ subprotocol: 'b' }) },
      {},
    );
    const { answered: _, ...decision } = await check(request);
    expect(decision).toEqual({
      refusal: undefined,
      subprotocol: 'b',
      principal: { name: 'ann' },
      attributes: new Map([['x', 1]]),
    });
  });

  it('after a refusal, later ones do not run, and `after` runs for those that have accepted, in reverse order', async () => {
    const calls: string[] = [];
    const named = (name: string, answer?: { status: number }): HandshakeInterceptor => ({
      before() {
        calls.push(name);
        return answer;
      },
      after: (_request, { status }) => void calls.push(`${name} ${status}`),
    });
    const { check } = checkOf(named('1'), named('2'), named('3', { status: 410 }), named('4'));
    const { refusal, answered } = await check(request);
    expect(refusal).toEqual({ status: 410, headers: {}, body: '' });
    answered(410);
    answered();
    expect(calls).toEqual(['1', '2', '3', '2 410', '1 410', '2 undefined', '1 undefined']);
  });

  it.each([
    [false, 'before() returned false; to refuse a client, return a status, as { status: 403 }.'],
    [true, 'before() returned true; to refuse a client, return a status, as { status: 403 }.'],
    [null, 'before() returned null; to refuse a client, return a status, as { status: 403 }.'],
    [{ status: 101 }, 'before() returned the status 101; it must be 200 to 599.'],
    [{ status: '403' }, "before() returned the status '403'; it must be 200 to 599."],
    [{ status: 403, headers: { 'a b': '' } }, 'Header name must be a valid HTTP token ["a b"]'],
    [{ status: 403, headers: { a: 'x\r\ny: z' } }, 'Invalid character in header content ["a"]'],
    [{ subprotocol: 'c' }, "before() chose 'c', which the client has not offered."],
    [
      { subprotocl: 'a' },
      "The option 'subprotocl' is unknown; the nearest known one is 'subprotocol'.",
    ],
  ])('refuse with 500 and a log line when one answers %o', async (answer, message) => {
    const { check, logged } = checkOf(answering(answer));
    const { refusal } = await check(request);
    expect(refusal).toEqual({ status: 500 });
    expect(logged).toEqual([
      ['A handshake interceptor failed.', expect.objectContaining({ message })],
    ]);
  });

  it('write their own content type and no headers that belong to the server', async () => {
    const headers = { 'content-type': 'text/html', Connection: 'x', 'Content-Length': '1' };
    const { check } = checkOf(answering({ status: 200, headers, body: '<p>' }));
    const { refusal } = await check(request);
    expect(refusal).toEqual({ status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('boom');
      },
    ],
  ])('refuse with 500 and one log line a minute when one %s', async (_name, before) => {
    const { check, logged } = checkOf({ before });
    for (let i = 0; i < 3; i++) expect((await check(request)).refusal).toEqual({ status: 500 });
    expect(logged).toEqual([['A handshake interceptor failed.', new Error('boom')]]);
  });

  it('refuse with 500 when one takes too long, and then no other runs', async () => {
    let decide!: () => void;
    const calls: string[] = [];
    const { check, clock, logged } = checkOf(
      {
        before: () => new Promise<void>((resolve) => (decide = resolve)),
        after: () => void calls.push('after'),
      },
      { before: () => void calls.push('next') },
    );
    const checking = check(request);
    await clock.advance(5000);
    const { refusal, answered } = await checking;
    decide();
    await Promise.resolve();
    answered(500);
    expect([refusal, calls]).toEqual([{ status: 500 }, []]);
    expect(logged).toMatchObject([
      ['A handshake interceptor failed.', { code: 'handler-timeout' }],
    ]);
    expect(clock.timers).toEqual([]);
  });

  it('log an error of `after`', async () => {
    const after = () => {
      throw new Error('boom');
    };
    const { check, logged } = checkOf({ after });
    (await check(request)).answered(101);
    await Promise.resolve();
    expect(logged).toEqual([['A handshake interceptor failed.', new Error('boom')]]);
  });
});

describe('the check of the option', () => {
  it('accepts objects with one of the methods, and instances of classes', () => {
    class Own {
      readonly further = 1;
      before() {}
    }
    expect(() => checkInterceptors([{ before() {} }, { after() {} }, new Own()])).not.toThrow();
  });

  it.each([
    [null, "Each of 'handshakeInterceptors.0' must be an object, such as { before: ... }."],
    [
      {},
      "The option 'handshakeInterceptors.0' must be a HandshakeInterceptor, as { before(request) {} }; it has no method before.",
    ],
    [{ before: 1 }, "The option 'handshakeInterceptors.0.before' must be a function."],
    [
      { befor() {} },
      "The option 'handshakeInterceptors.0.befor' is unknown; the nearest known one is 'handshakeInterceptors.0.before'.",
    ],
  ])('refuses %o', (interceptor, message) => {
    expect(() => checkInterceptors([interceptor as HandshakeInterceptor])).toThrow(
      expect.objectContaining({ code: 'option-invalid', message }) as Error,
    );
  });
});
