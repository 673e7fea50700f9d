// The handlers that receive invalid input.
import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { z } from 'zod';
import {
  Controller,
  DestinationVariable,
  Header,
  Headers,
  MessageExceptionHandler,
  MessageMapping,
  Payload,
  SendTo,
  Signal,
  SubscribeMapping,
} from '../../src/index.js';
import {
  brokenStreams,
  noPromise,
  notIterable,
  oddErrors,
  unwritable,
  secret,
} from './failing-values.js';

class Item {
  @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) price!: number;
}

class Order {
  @IsString() @Length(1, 100) text!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
}

class Unchecked {
  text!: string;
}

const Tree = z.object({
  get branches() {
    return z.array(Tree);
  },
});

@Controller('/failing')
@SendTo('/topic/replies')
export class FailingController {
  @MessageMapping('/order')
  order(@Payload() { text, items }: Order) {
    return { text, items };
  }

  @MessageMapping('/tree')
  tree(@Payload(Tree) tree: unknown) {
    return tree;
  }

  @MessageMapping('/text')
  text(@Payload() text: string) {
    return text;
  }

  @MessageMapping('/anything')
  anything(@Payload() given: object) {
    return Object.assign({}, given);
  }

  @MessageMapping('/unchecked')
  unchecked(@Payload() { text }: Unchecked) {
    return text;
  }

  @MessageMapping('/echo')
  echo(@Payload() given: object) {
    return given;
  }

  @MessageMapping('/headers')
  headers(@Headers() headers: Headers) {
    return Object.fromEntries(headers);
  }

  @MessageMapping('/header/n')
  number(@Header('n') n: number) {
    return n;
  }

  @MessageMapping('/header/yes')
  truth(@Header('yes') yes: boolean) {
    return yes;
  }

  @MessageMapping('/number/{n}')
  variable(@DestinationVariable('n') n: number) {
    return n;
  }

  @MessageMapping('/throws/{what}')
  throws(@DestinationVariable('what') what: string) {
    throw oddErrors[what];
  }

  @MessageMapping('/rejects/{what}')
  async rejects(@DestinationVariable('what') what: string) {
    await Promise.resolve();
    throw oddErrors[what];
  }

  @MessageMapping('/streams/{what}')
  async *streams(@DestinationVariable('what') what: string) {
    yield 1;
    throw oddErrors[what];
  }

  @MessageMapping('/returns/{what}')
  returns(@DestinationVariable('what') what: string) {
    return unwritable[what];
  }

  @MessageMapping('/iterates/{what}')
  iterates(@DestinationVariable('what') what: string) {
    return { [Symbol.asyncIterator]: notIterable[what] ?? brokenStreams[what]!.iterate };
  }

  @MessageMapping('/endless')
  @SubscribeMapping('/waiting')
  endless() {
    return new Promise(() => {});
  }

  @MessageMapping('/promises')
  promises() {
    return noPromise;
  }

  @MessageMapping('/late')
  late(@Signal() signal: AbortSignal) {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => setImmediate(() => reject(new Error(secret))));
    });
  }

  @SubscribeMapping('/throwing')
  throwing() {
    throw new Error(secret);
  }
}

/** An exception handler that throws the error again. */
@Controller('/recovering')
export class RecoveringController {
  @MessageMapping('/throws/{what}')
  throws(@DestinationVariable('what') what: string) {
    throw oddErrors[what];
  }

  @MessageExceptionHandler()
  again(error: unknown) {
    throw error;
  }
}
