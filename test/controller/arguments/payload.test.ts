// The arguments of @Payload, and the payloads and types that it rejects.
import { IsString, Length } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Payload } from '../../../src/controller/arguments/payload.js';
import { Controller } from '../../../src/controller/decorators/controller.js';
import { MessageMapping, SubscribeMapping } from '../../../src/controller/decorators/mapping.js';
import { mistakes, serve } from '../serve.js';

class ChatMessage {
  @IsString()
  @Length(1, 5)
  text!: string;
}

const schema = z.object({ count: z.number() });

@Controller()
class Payloads {
  @MessageMapping('/class')
  class(@Payload() message: ChatMessage) {
    return message;
  }

  @MessageMapping('/undecorated')
  undecorated(message: ChatMessage) {
    return message;
  }

  @MessageMapping('/named')
  named(@Payload(ChatMessage) message: unknown) {
    return message;
  }

  @MessageMapping('/schema')
  schema(@Payload(schema) message: z.infer<typeof schema>) {
    return message;
  }

  @MessageMapping('/text')
  text(text: string) {
    return text;
  }

  @MessageMapping('/bytes')
  bytes(bytes: Uint8Array) {
    return [...bytes];
  }

  @MessageMapping('/any')
  any(value: unknown) {
    return value;
  }

  @MessageMapping('/number')
  number(value: number) {
    return value;
  }

  @MessageMapping('/optional')
  optional(@Payload({ required: false }) message?: ChatMessage) {
    return message ?? 'none';
  }

  @MessageMapping('/named-optional')
  namedOptional(@Payload(schema, { required: false }) message?: unknown) {
    return message ?? 'none';
  }

  @SubscribeMapping('/subscribed')
  subscribed(@Payload({ required: false }) message?: ChatMessage) {
    return message ?? 'none';
  }
}

const served = serve(Payloads);
const valueOf = async (lookup: string, body?: unknown, headers: Record<string, string> = {}) =>
  (await served.send(lookup, { body, headers }))?.value;

describe('@Payload', () => {
  it.each(['/class', '/undecorated', '/named', '/optional'])(
    'passes %s an instance of the class',
    async (lookup) => {
      const message = await valueOf(lookup, { text: 'hi', more: 1 });
      expect(message).toBeInstanceOf(ChatMessage);
      expect(message).toEqual(Object.assign(new ChatMessage(), { text: 'hi' }));
    },
  );

  it('passes the output of a schema', async () => {
    expect(await valueOf('/schema', { count: 1, more: 1 })).toEqual({ count: 1 });
  });

  it('passes text, bytes, numbers and untyped values', async () => {
    expect(await valueOf('/text', '{"a":1}')).toBe('{"a":1}');
    expect(await valueOf('/bytes', 'AB')).toEqual([65, 66]);
    expect(await valueOf('/any', { a: 1 })).toEqual({ a: 1 });
    expect(await valueOf('/any', 'hello')).toBe('hello');
    expect(await valueOf('/number', '7')).toBe(7);
    await expect(valueOf('/number', '"7"')).rejects.toMatchObject({ code: 'payload-invalid' });
  });

  it('fails for an invalid payload with the invalid fields', async () => {
    await expect(valueOf('/class', { text: 'too long' })).rejects.toMatchObject({
      code: 'payload-invalid',
      fields: [{ path: 'text', message: 'text must be shorter than or equal to 5 characters' }],
    });
    await expect(valueOf('/schema', { count: '1' })).rejects.toMatchObject({
      code: 'payload-invalid',
      fields: [{ path: 'count' }],
    });
  });

  it('fails for an unreadable payload', async () => {
    await expect(valueOf('/class', '{')).rejects.toMatchObject({ code: 'payload-unreadable' });
    await expect(valueOf('/class', '{}', { 'content-type': 'text/plain' })).rejects.toMatchObject({
      code: 'payload-unreadable',
    });
  });

  it('fails for an empty payload unless it is optional', async () => {
    await expect(valueOf('/class')).rejects.toMatchObject({ code: 'payload-missing' });
    await expect(valueOf('/text', '')).rejects.toMatchObject({ code: 'payload-missing' });
    expect(await valueOf('/optional')).toBe('none');
    expect(await valueOf('/named-optional')).toBe('none');
    expect((await served.subscribe('/subscribed'))?.value).toBe('none');
  });
});

describe('the mistakes', () => {
  it('report types that a payload cannot be converted to', () => {
    @Controller()
    class A {
      @MessageMapping('/date')
      date(date: Date) {
        return date;
      }

      @MessageMapping('/map')
      map(@Payload(Map) map: unknown) {
        return map;
      }

      @MessageMapping('/function')
      function(@Payload() message: () => void) {
        return message;
      }
    }
    expect(mistakes(A)).toEqual([
      'A.date, parameter 0: a payload cannot be converted to Date; name a class or a schema, as in @Payload(schema).',
      'A.map, parameter 0: a payload cannot be converted to Map; name a class or a schema, as in @Payload(schema).',
      'A.function, parameter 0: its type is Function, which compilers record for a class imported with `import type`; import it as a value, or name it, as in @Payload(ChatMessage).',
    ]);
  });

  it('report a required payload of a SUBSCRIBE', () => {
    @Controller()
    class A {
      @SubscribeMapping('/a')
      a(@Payload(ChatMessage) message: ChatMessage) {
        return message;
      }

      @SubscribeMapping('/b')
      b(message: ChatMessage) {
        return message;
      }
    }
    const text =
      'a SUBSCRIBE has no payload; remove the parameter, or decorate it with @Payload({ required: false }).';
    expect(mistakes(A)).toEqual([`A.a, parameter 0: ${text}`, `A.b, parameter 0: ${text}`]);
  });

  it('report a named type that is undefined or none, and unknown options', () => {
    const circular = undefined as never;
    @Controller()
    class A {
      @MessageMapping('/undefined')
      undefined(@Payload(circular) message: ChatMessage) {
        return message;
      }

      @MessageMapping('/null')
      null(@Payload(null as never) message: ChatMessage) {
        return message;
      }

      @MessageMapping('/text')
      text(@Payload('ChatMessage' as never) message: ChatMessage) {
        return message;
      }

      @MessageMapping('/option')
      option(@Payload({ requird: false } as never) message: ChatMessage) {
        return message;
      }

      @MessageMapping('/schema')
      schema(@Payload({ '~standard': { version: 2 } } as never) message: ChatMessage) {
        return message;
      }

      @MessageMapping('/value')
      value(@Payload(ChatMessage, { required: 'no' } as never) message: ChatMessage) {
        return message;
      }

      @MessageMapping('/options')
      options(@Payload(ChatMessage, null as never) message: ChatMessage) {
        return message;
      }

      @MessageMapping('/valid')
      valid(@Payload(ChatMessage, undefined) message: ChatMessage) {
        return message;
      }
    }
    const fix = 'name a class or a schema, as in @Payload(schema).';
    expect(mistakes(A)).toEqual([
      `A.undefined, parameter 0: a payload cannot be converted to undefined; look for a circular import, or ${fix}`,
      `A.null, parameter 0: a payload cannot be converted to null; ${fix}`,
      `A.text, parameter 0: a payload cannot be converted to 'ChatMessage'; ${fix}`,
      `A.option, parameter 0: The option 'requird' is unknown; the nearest known one is 'required'.`,
      `A.schema, parameter 0: The option '~standard' is unknown; the known ones are required.`,
      `A.value, parameter 0: The option 'required' must be true or false.`,
      `A.options, parameter 0: The options must be an object, such as { required: ... }.`,
    ]);
  });
});
