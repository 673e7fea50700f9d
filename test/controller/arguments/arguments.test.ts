// The arguments of all decorators except @Payload.
import { describe, expect, it } from 'vitest';
import { DestinationVariable } from '../../../src/controller/arguments/destination-variable.js';
import { Header } from '../../../src/controller/arguments/header.js';
import { Headers } from '../../../src/controller/arguments/headers.js';
import { Message } from '../../../src/controller/arguments/message.js';
import { Principal } from '../../../src/controller/arguments/principal.js';
import { Session } from '../../../src/controller/arguments/session.js';
import { Signal } from '../../../src/controller/arguments/signal.js';
import { Controller } from '../../../src/controller/decorators/controller.js';
import { MessageMapping } from '../../../src/controller/decorators/mapping.js';
import { mistakes, serve } from '../serve.js';

@Controller()
class Arguments {
  @MessageMapping('/header')
  header(@Header('x') x: string) {
    return x;
  }

  @MessageMapping('/optional-header')
  optionalHeader(@Header('x', { required: false }) x?: string) {
    return x ?? 'none';
  }

  @MessageMapping('/default-header')
  defaultHeader(@Header('x', { default: 7 }) x: number) {
    return x;
  }

  @MessageMapping('/all-headers')
  allHeaders(@Header('x', { all: true }) xs: string[]) {
    return xs;
  }

  @MessageMapping('/all-numbers')
  allNumbers(@Header('x', Number, { all: true }) xs: number[]) {
    return xs;
  }

  @MessageMapping('/headers')
  headers(@Headers() headers: Headers) {
    return [...headers];
  }

  @MessageMapping('/text/{v}')
  text(@DestinationVariable('v') v: string) {
    return v;
  }

  @MessageMapping('/number/{v}')
  number(@DestinationVariable('v') v: number) {
    return v;
  }

  @MessageMapping('/principal')
  principal(@Principal() user: Principal | undefined) {
    return user?.name ?? 'anonymous';
  }

  @MessageMapping('/required-principal')
  requiredPrincipal(@Principal({ required: true }) user: Principal) {
    return user.name;
  }

  @MessageMapping('/message')
  message(@Message() message: Message, @Session() session: Session, @Signal() signal: Signal) {
    return [message.destination, Buffer.from(message.body).toString(), session.id, signal.aborted];
  }
}

const served = serve(Arguments);
const valueOf = async (lookup: string, headers: Record<string, string> = {}) =>
  (await served.send(lookup, { headers }))?.value;

describe('@Header', () => {
  it('passes the header', async () => {
    expect(await valueOf('/header', { x: '1' })).toBe('1');
    expect(await valueOf('/header', { x: '' })).toBe('');
  });

  it('passes all values of a repeated header as a list, in the order sent', async () => {
    const repeated = { x: ['a', 'b', 'a'], y: ['c'] };
    const values = async (headers: Record<string, string>, repeatedHeaders?: typeof repeated) =>
      (await served.send('/all-headers', { headers, repeatedHeaders }))?.value;
    expect(await values({ x: 'first', y: 'c' }, repeated)).toEqual(['first', 'a', 'b', 'a']);
    expect(await values({ x: 'only' })).toEqual(['only']);
    const numbers = { headers: { x: '1' }, repeatedHeaders: { x: ['2', '1'] } };
    expect((await served.send('/all-numbers', numbers))?.value).toEqual([1, 2, 1]);
    await expect(values({ y: 'c' })).rejects.toMatchObject({ code: 'argument-missing' });
  });

  it('fails if the header is missing, unless it is optional', async () => {
    await expect(valueOf('/header', { X: '1' })).rejects.toMatchObject({
      code: 'argument-missing',
      message: `The header 'x' is missing.`,
    });
    expect(await valueOf('/optional-header')).toBe('none');
    expect(await valueOf('/default-header')).toBe(7);
    expect(await valueOf('/default-header', { x: '8' })).toBe(8);
  });
});

describe('@Headers, @Message, @Session and @Signal', () => {
  it('pass the headers, the message, the session and a signal', async () => {
    expect(await valueOf('/headers', { a: '1', b: '2' })).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect((await served.send('/message', { body: 'hi' }))?.value).toEqual([
      '/app/message',
      'hi',
      's-1',
      false,
    ]);
  });
});

describe('@Principal', () => {
  it('passes the user, or undefined', async () => {
    expect((await served.send('/principal', { user: 'ann' }))?.value).toBe('ann');
    expect(await valueOf('/principal')).toBe('anonymous');
  });

  it('with required refuses an anonymous client', async () => {
    const path = '/required-principal';
    expect((await served.send(path, { user: 'ann' }))?.value).toBe('ann');
    await expect(valueOf(path)).rejects.toMatchObject({
      code: 'argument-missing',
      message: 'The handler needs a user, and the client is anonymous.',
    });
  });

  it('refuses unknown options', () => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a(@Principal({ requird: true } as object) user: Principal) {
        return user;
      }
    }
    expect(mistakes(A)).toEqual([
      "A.a, parameter 0: The option 'requird' is unknown; the nearest known one is 'required'.",
    ]);
  });
});

describe('@DestinationVariable', () => {
  it('passes the value of the variable, converted', async () => {
    expect(await valueOf('/text/7')).toBe('7');
    expect(await valueOf('/number/-7.5')).toBe(-7.5);
    await expect(valueOf('/number/x')).rejects.toMatchObject({
      code: 'argument-invalid',
      message: `The variable 'v' of the destination must be a decimal number such as 12 or -3.5.`,
    });
  });

  it('must name a variable of every pattern', () => {
    @Controller()
    class A {
      @MessageMapping('/a/{x}/{y}', '/b')
      a(@DestinationVariable('z') z: string) {
        return z;
      }
    }
    expect(mistakes(A)).toEqual([
      'A.a, parameter 0: no pattern declares {z}; the declared variables are {x}, {y}.',
      'A.a, parameter 0: no pattern declares {z}; no variables are declared.',
    ]);
  });
});

describe('all values of a header', () => {
  it('are reported at start if they are not a list', () => {
    @Controller()
    class A {
      @MessageMapping('/a')
      a(@Header('x', { all: true }) x: string, @Header('y', { all: true }) y: unknown) {
        return [x, y];
      }
    }
    expect(mistakes(A)).toEqual(['A.a, parameter 0: with { all: true } its type must be a list.']);
  });
});
