// The error class and its table.
import { describe, expect, it } from 'vitest';
import { errorCodes, MessagingError, type ErrorCode } from '../../src/message/error.js';
import { readSources } from '../architecture/source.js';

describe('a messaging error', () => {
  it('says what its table says, until the place of failure knows better', () => {
    expect(new MessagingError('no-route').message).toBe('Nothing serves this destination.');
    expect(new MessagingError('no-route', 'Here, too.').message).toBe('Here, too.');
  });

  it('knows whether it ends the session', () => {
    expect(new MessagingError('no-route').closes).toBeUndefined();
    expect(new MessagingError('frame-too-large').closes).toBe(1009);
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
  it('is a messaging error already, or the cause of one', () => {
    const error = new MessagingError('no-route');
    expect(MessagingError.from(error)).toBe(error);
    for (const thrown of [undefined, null, 'text', new Error('why')]) {
      expect(MessagingError.from(thrown)).toMatchObject({ code: 'handler-failed' });
      expect(MessagingError.from(thrown).cause).toBe(thrown);
    }
  });

  it('is not asked what it is', () => {
    const fail = () => {
      throw new Error('touched');
    };
    const untouchable = new Proxy({}, { get: fail, getPrototypeOf: fail, has: fail });
    expect(MessagingError.from(untouchable).code).toBe('handler-failed');
  });
});

describe('the table', () => {
  it('has no code that nothing reports', () => {
    const sources = readSources(new URL('../../src/', import.meta.url));
    const code = sources
      .filter(({ path }) => path !== 'message/error.ts')
      .map((source) => source.code)
      .join('\n');
    const codes = Object.keys(errorCodes);
    expect(codes.filter((each) => !code.includes(`'${each}'`))).toEqual([]);
  });

  it('has a sentence and a legal close code for every code', () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(errorCodes[code].text).toMatch(/^[A-Z].*\.$/);
      const { closes = 1000 } = errorCodes[code] as { closes?: number };
      expect([1000, 1001, 1002, 1007, 1008, 1009, 1011, 1013, 4500, 4501, 4502]).toContain(closes);
    }
  });
});
