// Decorators that a compiler without `experimentalDecorators` calls: with a value and a context, as ECMAScript defines them.
import { expect, it } from 'vitest';
import { Controller } from '../../../src/controller/decorators/controller.js';
import { MessageExceptionHandler } from '../../../src/controller/decorators/exception-handler.js';
import { MessageMapping, SubscribeMapping } from '../../../src/controller/decorators/mapping.js';
import { SendTo, SendToUser } from '../../../src/controller/decorators/reply-decorators.js';

type Decorator = (...given: readonly unknown[]) => void;

class Echo {
  say(this: void) {}
}

const method: readonly unknown[] = [
  Echo.prototype.say,
  { kind: 'method', name: 'say', static: false },
];
const field: readonly unknown[] = [undefined, { kind: 'field', name: 'say', static: false }];
const type: readonly unknown[] = [Echo, { kind: 'class', name: 'Echo' }];

it.each<[string, unknown, readonly unknown[]]>([
  ['@Controller', Controller(), type],
  ['@SendTo on a class', SendTo(), type],
  ['@SendTo on a method', SendTo(), method],
  ['@SendToUser', SendToUser(), method],
  ['@MessageMapping', MessageMapping('/say'), method],
  ['@MessageMapping on a field', MessageMapping('/say'), field],
  ['@SubscribeMapping', SubscribeMapping('/say'), method],
  ['@MessageExceptionHandler', MessageExceptionHandler(), method],
])('without experimentalDecorators, %s names the missing option', (_name, decorator, given) => {
  expect(() => (decorator as Decorator)(...given)).toThrow(
    'The decorators of signalbox need "experimentalDecorators": true in the tsconfig.json that includes this file.',
  );
});
