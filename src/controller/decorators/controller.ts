// The decorator of controller classes.
import { ownDefinition, reportUncalledOnClass, requireDecoratorOption } from '../definition.js';

/**
 * Makes a class a controller: its decorated methods handle messages (Spring: `@Controller`, and `@MessageMapping` on a type).
 *
 * @param pattern prefix of the patterns of its methods. With several prefixes, each method serves all of them.
 *   @default the pattern of the parent class, if it has one
 *
 * @example
 * ```ts
 * @Controller('/rooms/{room}')
 * class RoomController {
 *   @MessageMapping('/say')
 *   say(@DestinationVariable('room') room: string, text: string) {
 *     return `${room}: ${text}`;
 *   }
 * }
 * ```
 */
export function Controller(pattern?: string | readonly string[]): ClassDecorator {
  if (typeof pattern === 'function') {
    reportUncalledOnClass(pattern, '@Controller()').controller = true;
    return pattern;
  }
  return (type: object, key?: string | symbol) => {
    requireDecoratorOption(key);
    if (key !== undefined) {
      ownDefinition(typeof type === 'function' ? type : type.constructor).mistakes.push(
        `.${String(key)}: @Controller is on a method; write it on the class.`,
      );
      return;
    }
    const definition = ownDefinition(type);
    if (definition.controller) definition.mistakes.push(': it has several @Controller; keep one.');
    definition.controller = true;
    if (pattern !== undefined) definition.patterns = [pattern].flat();
  };
}
