// The error class and its table.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorCodes, MessagingError, ownClass, type ErrorCode } from '../../src/message/error.js';
import { readSources } from '../architecture/source.js';

describe('a messaging error', () => {
  it('has the text of the table, unless another text is given', () => {
    expect(new MessagingError('no-route').message).toBe('Nothing serves this destination.');
    expect(new MessagingError('no-route', 'Here, too.').message).toBe('Here, too.');
  });

  it.each([
    ['no-route', 1008],
    ['access-refused', 1008],
    ['payload-invalid', 1008],
    ['handler-failed', 1011],
    ['queue-full', 1011],
    ['server-stopping', 1001],
    ['slow-consumer', 4500],
    ['heartbeat-lost', 4501],
    ['reading-stalled', 4502],
  ] as const)(
    'closes the session with its close code, otherwise with the code of its class: %s',
    (code, closes) => {
      expect(new MessagingError(code).closes).toBe(closes);
    },
  );

  it.each(['frame-malformed', 'frame-too-large', 'text-invalid'] as const)(
    'with a code of the class client-mistake closes the session with 1011: %s',
    (code) => {
      expect(new MessagingError(code).closes).toBe(1011);
    },
  );

  it('of a failed transaction closes the session like its cause', () => {
    const failed = (cause?: unknown) =>
      new MessagingError('transaction-failed', undefined, { cause }).closes;
    expect(failed()).toBe(1008);
    expect(failed(new Error('why'))).toBe(1011);
    expect(failed(new MessagingError('no-route'))).toBe(1008);
    expect(failed(new MessagingError('handler-failed'))).toBe(1011);
  });

  it('of a transaction that failed because of another one closes the session like the first cause', () => {
    const failed = (cause: unknown) =>
      new MessagingError('transaction-failed', undefined, { cause });
    expect(failed(failed(new MessagingError('handler-failed'))).closes).toBe(1011);
    const endless = Object.assign(failed(undefined), { cause: undefined as unknown });
    endless.cause = endless;
    expect(endless.closes).toBe(1008);
  });

  it('keeps its cause, detail and fields', () => {
    const cause = new Error('why');
    const fields = [{ path: 'a.0', message: 'is not valid' }];
    const error = new MessagingError('payload-invalid', undefined, {
      cause,
      detail: 'more',
      fields,
    });
    expect(error).toMatchObject({ name: 'MessagingError', cause, detail: 'more', fields });
  });
});

describe('anything thrown', () => {
  it('is returned if it is a MessagingError, otherwise it is the cause of one', () => {
    const error = new MessagingError('no-route');
    expect(MessagingError.from(error)).toBe(error);
    for (const thrown of [undefined, null, 'text', new Error('why')]) {
      expect(MessagingError.from(thrown)).toMatchObject({ code: 'handler-failed' });
      expect(MessagingError.from(thrown).cause).toBe(thrown);
    }
  });

  it('is the cause of a MessagingError also when its proxy throws', () => {
    const fail = () => {
      throw new Error('touched');
    };
    const untouchable = new Proxy({}, { get: fail, getPrototypeOf: fail, has: fail });
    expect(MessagingError.from(untouchable).code).toBe('handler-failed');
  });
});

describe('a MessagingError that a program in JavaScript has changed', () => {
  const fail = () => {
    throw new Error('touched');
  };

  it.each(['code', 'message', 'detail', 'fields', 'cause'])(
    'is the cause of handler-failed when reading its %s throws',
    (member) => {
      const error = Object.defineProperty(new MessagingError('no-route'), member, { get: fail });
      const known = MessagingError.from(error);
      expect([known.code, known.cause === error]).toEqual(['handler-failed', true]);
    },
  );

  it.each([
    ['code', { toString: fail }],
    ['code', undefined],
    ['message', 1n],
    ['detail', {}],
    ['fields', 'a'],
  ])('is the cause of handler-failed when its %s has another type', (member, value) => {
    const error = Object.defineProperty(new MessagingError('no-route'), member, { value });
    expect(MessagingError.from(error)).toMatchObject({ code: 'handler-failed', cause: error });
  });
});

it('an error whose text is only for the application is the cause of handler-failed', () => {
  const error = new MessagingError('publication-invalid', 'about /internal');
  expect(MessagingError.from(error)).toMatchObject({
    code: 'handler-failed',
    message: 'The handler failed.',
    cause: error,
  });
});

describe('an error with an unknown code', () => {
  const nonsense = 'nonsense' as ErrorCode;

  it('is the cause of handler-failed, with and without a text', () => {
    for (const error of [
      new MessagingError(nonsense),
      new MessagingError(nonsense, 'text'),
      new MessagingError('toString' as ErrorCode),
    ])
      expect(MessagingError.from(error)).toMatchObject({ code: 'handler-failed', cause: error });
  });

  it('closes the session like handler-failed, also in a transaction', () => {
    const cause = new MessagingError(nonsense, 'text');
    expect(cause.closes).toBe(1011);
    expect(new MessagingError('transaction-failed', undefined, { cause }).closes).toBe(1011);
  });
});

describe('an error of another copy of the package', () => {
  const path = fileURLToPath(new URL('../../src/message/error.ts', import.meta.url));
  const load = () =>
    import(/* @vite-ignore */ `${path}?another-copy`) as Promise<
      typeof import('../../src/message/error.js')
    >;

  it('is an instance of MessagingError, and keeps its code, text, detail, fields and cause', async () => {
    const copy = await load();
    expect(copy.MessagingError).not.toBe(MessagingError);
    const cause = new Error('why');
    const fields = [{ path: 'a', message: 'is not valid' }];
    const thrown = new copy.MessagingError('no-route', 'Here, too.', {
      cause,
      detail: 'more',
      fields,
    });
    expect(thrown).toBeInstanceOf(MessagingError);
    const error = MessagingError.from(thrown);
    expect(error).toMatchObject({ code: 'no-route', message: 'Here, too.', detail: 'more' });
    expect([error.cause, error.fields, error.closes]).toEqual([cause, fields, 1008]);
    expect(copy.MessagingError.from(error)).toMatchObject({ code: 'no-route' });
  });

  it('is not an instance of a subclass', async () => {
    const copy = await load();
    class ShopError extends MessagingError {}
    expect(new copy.MessagingError('no-route')).not.toBeInstanceOf(ShopError);
    expect(new MessagingError('no-route')).not.toBeInstanceOf(ShopError);
    expect(new ShopError('no-route')).toBeInstanceOf(ShopError);
  });

  it('is the cause of handler-failed when its code is unknown here', async () => {
    const copy = await load();
    const thrown = Object.assign(new copy.MessagingError('no-route'), { code: 'of-the-future' });
    expect(MessagingError.from(thrown)).toMatchObject({ code: 'handler-failed', cause: thrown });
  });

  it('has the class of this copy where classes are compared', async () => {
    const copy = await load();
    expect(ownClass(copy.MessagingError)).toBe(MessagingError);
    expect(ownClass(MessagingError)).toBe(MessagingError);
    for (const other of [Error, class extends MessagingError {}, undefined, null, 1])
      expect(ownClass(other)).toBe(other);
  });
});

describe('the table', () => {
  it('has only codes that the sources use', () => {
    const sources = readSources(new URL('../../src/', import.meta.url));
    const code = sources
      .filter(({ path }) => path !== 'message/error.ts')
      .map((source) => source.code)
      .join('\n');
    const codes = Object.keys(errorCodes);
    expect(codes.filter((each) => !code.includes(`'${each}'`))).toEqual([]);
  });

  it('has a sentence and a valid close code for every code', () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(errorCodes[code].text).toMatch(/^[A-Z].*\.$/);
      const { closes = 1000 } = errorCodes[code] as { closes?: number };
      expect([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1013, 4500, 4501, 4502]).toContain(
        closes,
      );
    }
  });
});
