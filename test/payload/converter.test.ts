// Tests payload converters: they read and write values by content type.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MessagingError } from '../../src/message/error.js';
import type { Message } from '../../src/message/message.js';
import { Payloads, type PayloadConverter, type PayloadType } from '../../src/payload/converter.js';
import { defaultConverters } from '../../src/server/defaults.js';

class Dto {
  text?: string;
}

const payloads = new Payloads(defaultConverters);

const types = {
  any: { kind: 'any' },
  text: { kind: 'text' },
  bytes: { kind: 'bytes' },
  class: { kind: 'class', type: Dto },
} as const satisfies Record<string, PayloadType>;

function message(body: string | Uint8Array, contentType?: string): Message {
  const headers = new Map(contentType === undefined ? [] : [['content-type', contentType]]);
  return {
    destination: '/app/x',
    headers,
    body: typeof body === 'string' ? Buffer.from(body) : body,
  };
}

async function read(
  kind: keyof typeof types,
  body: string | Uint8Array,
  contentType?: string,
): Promise<unknown> {
  return payloads.read(message(body, contentType), types[kind]);
}

function code(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof MessagingError) return error.code;
    throw error;
  }
  return 'none';
}

const unreadable = { code: 'payload-unreadable' };

describe('reading by content type', () => {
  it('reads text, bytes or JSON by the type of the parameter if there is no content type', async () => {
    expect(await read('text', '{"a":1}')).toBe('{"a":1}');
    expect(await read('bytes', '{"a":1}')).toEqual(Buffer.from('{"a":1}'));
    expect(await read('class', '{"text":"hi"}')).toEqual(Object.assign(new Dto(), { text: 'hi' }));
  });

  it('reads JSON, else text, for an untyped parameter if there is no content type', async () => {
    expect(await read('any', '{"a":1}')).toEqual({ a: 1 });
    expect(await read('any', '7')).toBe(7);
    expect(await read('any', 'hello')).toBe('hello');
  });

  it('reads text/plain as text, and never as an object', async () => {
    expect(await read('text', '7', 'text/plain')).toBe('7');
    expect(await read('any', '7', 'text/plain;charset=UTF-8')).toBe('7');
    expect(await read('bytes', '7', 'text/plain')).toEqual(Buffer.from('7'));
    await expect(read('class', '{}', 'text/plain')).rejects.toMatchObject(unreadable);
  });

  it('reads application/json into a string only when it is a JSON string', async () => {
    expect(await read('text', '"x"', 'application/json')).toBe('x');
    await expect(read('text', '{"a":1}', 'application/json')).rejects.toMatchObject(unreadable);
    expect(await read('bytes', '{}', 'application/json')).toEqual(Buffer.from('{}'));
    expect(await read('any', '[1]', 'application/json')).toEqual([1]);
    expect(await read('class', '{}', 'application/json')).toBeInstanceOf(Dto);
  });

  it.each([
    'Application/JSON ; charset="utf-8"',
    'application/problem+json',
    'application/json;v=1',
  ])('reads %s as JSON', async (type) => {
    expect(await read('any', '{"a":1}', type)).toEqual({ a: 1 });
  });

  it.each(['text/html', 'image/png', 'nonsense', ''])('reads %s as bytes only', async (type) => {
    expect(await read('bytes', '<p>', type)).toEqual(Buffer.from('<p>'));
    await expect(read('text', '<p>', type)).rejects.toMatchObject(unreadable);
    await expect(read('class', '{}', type)).rejects.toMatchObject(unreadable);
    await expect(read('any', '{}', type)).rejects.toMatchObject(unreadable);
  });

  it('reads application/octet-stream as bytes only', async () => {
    expect(await read('any', 'a\0b', 'application/octet-stream')).toEqual(Buffer.from('a\0b'));
    await expect(read('text', 'a', 'application/octet-stream')).rejects.toMatchObject(unreadable);
    await expect(read('class', '{}', 'application/octet-stream')).rejects.toMatchObject(unreadable);
  });

  it('reads bytes as a Buffer over the same memory', async () => {
    const body = new Uint8Array([9, 1, 2]).subarray(1);
    const value = await read('bytes', body);
    expect(Buffer.isBuffer(value)).toBe(true);
    expect((value as Buffer).buffer).toBe(body.buffer);
    expect(value).toEqual(Buffer.from([1, 2]));
  });

  it('rejects text that is not UTF-8, or has another charset', async () => {
    const broken = new Uint8Array([0x22, 0xff, 0x22]);
    await expect(read('text', broken)).rejects.toMatchObject(unreadable);
    await expect(read('any', broken)).rejects.toMatchObject(unreadable);
    await expect(read('class', broken, 'application/json')).rejects.toMatchObject(unreadable);
    await expect(read('text', 'a', 'text/plain;charset=iso-8859-1')).rejects.toMatchObject(
      unreadable,
    );
  });

  it('rejects malformed JSON without repeating it in the error', async () => {
    const failure = await read('any', '{"secret', 'application/json').catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject(unreadable);
    expect((failure as Error).message).not.toContain('secret');
  });
});

it('applies a schema to the value', () => {
  const type: PayloadType = { kind: 'schema', schema: z.object({ a: z.number() }) };
  expect(payloads.read(message('{"a":1,"b":2}', 'application/json'), type)).toEqual({ a: 1 });
  expect(() => payloads.read(message('{}', 'application/json'), type)).toThrow(
    expect.objectContaining({ code: 'payload-invalid' }),
  );
});

it('limits the objects that a schema works on, and the numbers and texts to ten times as many', () => {
  const type: PayloadType = { kind: 'schema', schema: z.array(z.unknown()) };
  const list = (length: number, item: unknown) =>
    payloads.read(message(JSON.stringify(Array(length).fill(item)), 'application/json'), type);
  expect(list(5000, 1)).toHaveLength(5000);
  expect(list(1000, {})).toHaveLength(1000);
  expect(() => list(1001, {})).toThrow(
    expect.objectContaining({
      code: 'payload-invalid',
      fields: [{ path: '', message: expect.stringContaining('1000 objects') }],
    }),
  );
  expect(list(10_000, 1)).toHaveLength(10_000);
  expect(() => list(10_001, 1)).toThrow(
    expect.objectContaining({
      code: 'payload-invalid',
      fields: [{ path: '', message: expect.stringContaining('10000 values') }],
    }),
  );
  const depth = 30_000;
  const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  expect(() => payloads.read(message(deep, 'application/json'), type)).toThrow(
    expect.objectContaining({ code: 'payload-invalid' }),
  );
});

describe('writing', () => {
  const written = (value: unknown, contentType?: string) => {
    const { body, contentType: type } = payloads.write(value, contentType);
    return [Buffer.from(body).toString(), type];
  };

  it('chooses the content type by the type of the value', () => {
    expect(written('grüß')).toEqual(['grüß', 'text/plain;charset=UTF-8']);
    expect(written(new Uint8Array([65]))).toEqual(['A', 'application/octet-stream']);
    expect(written({ a: [1, null] })).toEqual(['{"a":[1,null]}', 'application/json']);
    expect(written(7)).toEqual(['7', 'application/json']);
    expect(written(null)).toEqual(['null', 'application/json']);
    expect(written({ a: undefined })).toEqual(['{}', 'application/json']);
  });

  it('uses the requested content type', () => {
    expect(written('x', 'application/json')).toEqual(['"x"', 'application/json']);
    expect(written('<p>', 'text/html')).toEqual(['<p>', 'text/html']);
    expect(written(Buffer.from('{}'), 'application/json')).toEqual(['{}', 'application/json']);
    expect(written({ a: 1 }, 'application/problem+json')).toEqual([
      '{"a":1}',
      'application/problem+json',
    ]);
  });

  it('rejects values that no converter can write', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    for (const value of [1n, { a: 1n }, circular, () => {}, Symbol('s'), undefined]) {
      expect(code(() => payloads.write(value))).toBe('payload-unwritable');
    }
    expect(code(() => payloads.write({}, 'text/plain'))).toBe('payload-unwritable');
    expect(code(() => payloads.write('x', 'text/plain;charset=iso-8859-1'))).toBe(
      'payload-unwritable',
    );
  });
});

describe('a converter of the application', () => {
  const csv: PayloadConverter = {
    name: 'csv',
    mediaTypes: ['text/csv'],
    read: (body) => ({ value: Buffer.from(body).toString().split(',') }),
    write: (value, contentType = 'text/csv') =>
      Array.isArray(value) ? { body: Buffer.from(value.join(',')), contentType } : undefined,
  };
  const own = new Payloads([csv, ...defaultConverters]);

  it('is used for its media types', () => {
    expect(own.read(message('a,b', 'text/csv;header=absent'), { kind: 'any' })).toEqual(['a', 'b']);
    expect(Buffer.from(own.write(['a', 'b'], 'text/csv').body).toString()).toBe('a,b');
  });

  it('is not used without a content type', () => {
    expect(own.read(message('a,b'), { kind: 'any' })).toBe('a,b');
    expect(own.write(['a', 'b']).contentType).toBe('application/json');
  });

  it('is used without a content type if it is untyped, before the built-in ones', () => {
    const untyped = new Payloads([{ ...csv, untyped: true }, ...defaultConverters]);
    expect(untyped.read(message('a,b'), { kind: 'any' })).toEqual(['a', 'b']);
    expect(untyped.write(['a', 'b']).contentType).toBe('text/csv');
    expect(untyped.write({ a: 1 }).contentType).toBe('application/json');
  });

  it('is used for all content types that its wildcard matches', () => {
    const asked: (string | undefined)[] = [];
    const xml: PayloadConverter = {
      name: 'xml',
      mediaTypes: ['application/*+xml', 'application/xml'],
      read: (_, media) => void asked.push(media?.name),
      write: () => undefined,
    };
    const payloads = new Payloads([xml, ...defaultConverters]);
    for (const type of ['application/xml', 'application/atom+xml', 'text/xml', 'application/json'])
      payloads.read(message('1', type), { kind: 'bytes' });
    expect(asked).toEqual(['application/xml', 'application/atom+xml']);
  });

  it('replaces a built-in one for the same media type', () => {
    const jsonc: PayloadConverter = { ...csv, name: 'jsonc', mediaTypes: ['application/json'] };
    const payloads = new Payloads([jsonc, ...defaultConverters]);
    expect(payloads.read(message('1,2', 'application/json'), { kind: 'any' })).toEqual(['1', '2']);
  });

  it.each([
    [undefined],
    [[]],
    [['csv']],
    [['Text/CSV']],
    [['text/csv;charset=utf-8']],
    [['text/']],
    [['*/csv']],
  ])('must declare valid media types, unlike %j', (mediaTypes) => {
    const broken = { ...csv, mediaTypes } as PayloadConverter;
    expect(code(() => new Payloads([broken]))).toBe('option-invalid');
  });

  it('can throw any error, which becomes a MessagingError', () => {
    const broken: PayloadConverter = {
      name: 'broken',
      mediaTypes: ['*'],
      untyped: true,
      read: () => {
        throw new RangeError('secret');
      },
      write: () => {
        throw new RangeError('secret');
      },
    };
    expect(code(() => new Payloads([broken]).read(message('a'), { kind: 'any' }))).toBe(
      'payload-unreadable',
    );
    expect(code(() => new Payloads([broken]).write('a'))).toBe('payload-unwritable');
  });
});

describe('a converter in JavaScript', () => {
  const returning = (result: unknown): Payloads => {
    const method = () => result as never;
    return new Payloads([
      { name: 'wrong', mediaTypes: ['*'], untyped: true, read: method, write: method },
    ]);
  };

  it.each([
    ['text', { body: 'text', contentType: 'text/csv' }],
    ['numbers', { body: [1, 2], contentType: 'text/csv' }],
    ['nothing', { contentType: 'text/csv' }],
    ['no content type', { body: Buffer.from('a') }],
    ['null', null],
  ])('that writes %s fails with payload-unwritable', (_, result) => {
    expect(code(() => returning(result).write({}))).toBe('payload-unwritable');
  });
});

it.each(['text/csv', undefined, [], [5]])(
  'mediaTypes that are not a list are refused: %j',
  (given) => {
    const converter = {
      name: 'csv',
      mediaTypes: given,
      read: () => undefined,
      write: () => undefined,
    };
    expect(code(() => new Payloads([converter as never]))).toBe('option-invalid');
  },
);

it('a converter of the application must not be asynchronous; a rejection of it is handled', async () => {
  const reject = () => Promise.reject(new Error('late')) as never;
  const asynchronous: PayloadConverter = {
    name: 'late',
    mediaTypes: ['text/plain'],
    untyped: true,
    read: reject,
    write: reject,
  };
  const both = new Payloads([asynchronous]);
  expect(() => both.read(message('a'), types.any)).toThrow(
    "read() of the converter 'late' must return its result; it returned a promise.",
  );
  expect(code(() => both.write('a'))).toBe('payload-unwritable');
  expect(() =>
    new Payloads([{ ...asynchronous, read: () => ({ value: reject() as unknown }) }]).read(
      message('a'),
      types.any,
    ),
  ).toThrow("read() of the converter 'late' must return its result; it returned a promise.");
  await new Promise(setImmediate);
});

it.each([[null], [7], ['text'], [{}]])(
  'a converter that reads %o is named in an error of the application, not of the client',
  (result) => {
    const broken: PayloadConverter = {
      name: 'broken',
      mediaTypes: ['text/plain'],
      untyped: true,
      read: () => result as never,
      write: () => undefined,
    };
    const read = () => new Payloads([broken]).read(message('a'), types.any);
    expect(read).toThrow(TypeError);
    expect(read).toThrow("read() of the converter 'broken' must return { value } or undefined");
  },
);

describe('bytes of the application', () => {
  const echo: PayloadConverter = {
    name: 'echo',
    mediaTypes: ['application/x-echo'],
    read: () => undefined,
    write: (value, contentType = '') => ({ body: value as Uint8Array, contentType }),
  };
  const each = new Payloads([echo, ...defaultConverters]);

  it.each([undefined, 'application/json', 'application/octet-stream', 'application/x-echo'])(
    'are copied, so that the application may change its buffer: %s',
    (contentType) => {
      const memory = Buffer.from('{"n":1} and more');
      const part = memory.subarray(0, 7);
      const { body } = each.write(part, contentType);
      memory.fill('!');
      expect(Buffer.from(body).toString()).toBe('{"n":1}');
    },
  );

  it('are copied once for all subscribers, and other bodies not at all', () => {
    const own = Buffer.from('own');
    const writing: PayloadConverter = { ...echo, write: () => ({ body: own, contentType: 'x' }) };
    expect(new Payloads([writing]).write({}, 'application/x-echo').body).toBe(own);
  });
});
