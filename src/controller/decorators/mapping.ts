// The decorators that say which messages a method handles.
import { ownMethod } from '../definition.js';

/**
 * The method takes SEND frames to these destinations, below the application prefix and the class's pattern (Spring:
 * `@MessageMapping`). Its value goes to `/topic` + the destination unless a return rule says otherwise.
 *
 * @param patterns `/rooms/{room}/say`, `*`, `**`, `{id:[0-9]+}`; without any the class's pattern alone
 */
export function MessageMapping(...patterns: readonly string[]): MethodDecorator {
  return mapping('send', patterns);
}

/**
 * The method answers SUBSCRIBE frames to these destinations, once and directly, past the broker; a stream goes on until the
 * client unsubscribes (Spring: `@SubscribeMapping`). Return rules of its own divert the value, those of its class do not.
 */
export function SubscribeMapping(...patterns: readonly string[]): MethodDecorator {
  return mapping('subscribe', patterns);
}

function mapping(on: 'send' | 'subscribe', patterns: readonly string[]): MethodDecorator {
  return (target, key) => {
    ownMethod(target, key).mappings.push({ on, patterns });
  };
}
