// The decorator of a class whose methods handle messages.
import { ownDefinition } from '../definition.js';

/**
 * Makes a class a controller (Spring: `@Controller`, and `@MessageMapping` on a type).
 *
 * @param pattern what the patterns of its methods begin with; several multiply. Without it a parent's patterns hold.
 */
export function Controller(pattern?: string | readonly string[]): ClassDecorator {
  return (type) => {
    const definition = ownDefinition(type);
    if (definition.controller) definition.findings.push(': it has several @Controller; leave one.');
    definition.controller = true;
    if (pattern !== undefined)
      definition.patterns = typeof pattern === 'string' ? [pattern] : pattern;
  };
}
