// Handlers that take what they should not, or fail in every way that a handler can.
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsString, Length, Max, ValidateNested } from 'class-validator';
import {
  Controller,
  MessageExceptionHandler,
  MessageMapping,
  Payload,
  SendTo,
} from '../../src/index.js';

class Item {
  @IsInt() @Max(10) count!: number;
}

export class Order {
  @IsString() @Length(1, 20) text!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

class Unhandled extends Error {}

/** Says nothing where one expects it to say something. */
class Odd extends Error {
  override get message(): string {
    throw new Error('no message');
  }

  override toString(): string {
    throw new Error('no text');
  }
}

@Controller('/h')
@SendTo('/topic/handled')
export class HostileController {
  @MessageMapping('/order')
  order(@Payload(Order) order: Order) {
    return order;
  }

  @MessageMapping('/any')
  any(@Payload() value: unknown) {
    return typeof value;
  }

  @MessageMapping('/text')
  text(@Payload() value: string) {
    return value.length;
  }

  @MessageMapping('/throws-undefined')
  throwsUndefined() {
    throw undefined;
  }

  @MessageMapping('/throws-text')
  throwsText() {
    throw 'a secret';
  }

  @MessageMapping('/throws-frozen')
  throwsFrozen() {
    throw Object.freeze(new Error('a secret'));
  }

  @MessageMapping('/throws-odd')
  throwsOdd() {
    throw new Odd();
  }

  @MessageMapping('/rejects')
  async rejects() {
    await Promise.resolve();
    throw new Error('a secret');
  }

  @MessageMapping('/handles-badly')
  handlesBadly() {
    throw new Unhandled('a secret');
  }

  @MessageExceptionHandler(Unhandled)
  handle() {
    throw new Error('another secret');
  }

  @MessageMapping('/never')
  never() {
    return new Promise(() => {});
  }

  @MessageMapping('/rejects-late')
  rejectsLate() {
    return new Promise((_, reject) => setTimeout(() => reject(new Error('a secret')), 60));
  }

  @MessageMapping('/cycle')
  cycle() {
    const value: { self?: unknown } = {};
    value.self = value;
    return value;
  }

  @MessageMapping('/bigint')
  bigint() {
    return { value: 1n };
  }

  @MessageMapping('/function')
  function() {
    return () => 'a secret';
  }

  @MessageMapping('/deep')
  deep() {
    let value: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) value = [value];
    return value;
  }

  @MessageMapping('/stream-throws')
  async *streamThrows() {
    yield await Promise.resolve('one');
    throw new Error('a secret');
  }

  @MessageMapping('/stream-of-nonsense')
  async *streamOfNonsense() {
    yield await Promise.resolve(1n);
  }

  @MessageMapping('/stream-returns-badly')
  streamReturnsBadly() {
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: 1n }),
        return: () => Promise.reject(new Error('a secret')),
      }),
    };
  }

  @MessageMapping('/stream-is-none')
  streamIsNone() {
    return {
      [Symbol.asyncIterator]() {
        throw new Error('a secret');
      },
    };
  }
}
