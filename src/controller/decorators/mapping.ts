// The decorators that map frames to handler methods.
import { ownMethod, reportUncalled } from '../definition.js';

/**
 * Maps SEND frames to the method (Spring: `@MessageMapping`). The return value goes to `/topic` + the destination without its
 * application prefix, unless a reply decorator such as `@SendTo` changes that.
 *
 * @param patterns destinations below the application prefix and the class's pattern: `/rooms/{room}/say`, `*`, `**`,
 *   `{id:[0-9]+}`; also as one list. @default the class's pattern
 *
 * @example
 * ```ts
 * @MessageMapping('/rooms/{room}/say')
 * say(@DestinationVariable('room') room: string, message: ChatMessage) {
 *   return message;
 * }
 * ```
 */
export function MessageMapping(
  ...patterns: readonly (string | readonly string[])[]
): MethodDecorator {
  reportUncalled(patterns, '@MessageMapping()');
  return mapping('send', patterns.flat());
}

/**
 * Maps SUBSCRIBE frames to the method (Spring: `@SubscribeMapping`). The return value is sent once, to the new subscription
 * only, without the broker. An async iterable sends its values until it ends or the client unsubscribes.
 *
 * A reply decorator of the method changes the destination; reply decorators of the class do not apply.
 *
 * @param patterns destinations, as for `@MessageMapping`. @default the class's pattern
 *
 * @example
 * ```ts
 * @SubscribeMapping('/rooms/{room}/members')
 * members(@DestinationVariable('room') room: string) {
 *   return this.rooms.members(room);
 * }
 * ```
 */
export function SubscribeMapping(
  ...patterns: readonly (string | readonly string[])[]
): MethodDecorator {
  reportUncalled(patterns, '@SubscribeMapping()');
  return mapping('subscribe', patterns.flat());
}

function mapping(on: 'send' | 'subscribe', patterns: readonly string[]): MethodDecorator {
  return (target, key) => {
    ownMethod(target, key).mappings.push({ on, patterns });
  };
}
