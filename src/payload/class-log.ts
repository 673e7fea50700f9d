// Logs payload classes without validators, dropped properties and failed conversions: each text only once.
import type { Logger } from '../message/logger.js';
import type { ClassRules, UnknownProperties } from './class-rules.js';
import type { Constructor } from './payload-type.js';

/** Texts of one class that are remembered: clients choose the names of unknown properties. */
const textsPerClass = 20;
const nameLimit = 100;

/** The rules of a server. */
export function loggedClassRules(
  unknownProperties: UnknownProperties,
  maxObjects: number,
  logger: Logger,
): ClassRules {
  const unvalidated = new WeakSet<Constructor>();
  /** Also the properties that were logged at start. */
  const dropped = new FirstTimes();
  const failures = new FirstTimes();
  let secondCopyLogged = false;
  return {
    unknownProperties,
    maxObjects,
    onUnvalidated(type) {
      if (unvalidated.has(type)) return;
      unvalidated.add(type);
      logger.warn(
        `Payloads of ${type.name} are not validated, because the class has no decorators of class-validator. Add decorators, such as @Allow(), or name a schema in @Payload().`,
      );
    },
    onUndeclared(type, property, nested) {
      const name = JSON.stringify(property);
      if (unknownProperties === 'keep' || !dropped.add(type, name)) return;
      const result =
        unknownProperties === 'drop' ? 'it is dropped' : 'payloads that have it are invalid';
      logger.warn(
        `Payloads of ${type.name}: the property ${name} has @Type(), but no decorator of class-validator, so ${result}. Add ${nested ? '@ValidateNested(), for the members of an array, Set or Map with { each: true }' : 'one, such as @Allow()'}.`,
      );
    },
    onSecondCopy(files) {
      if (secondCopyLogged) return;
      secondCopyLogged = true;
      logger.warn(
        `class-validator is loaded ${files.length} times: ${files.join(' and ')}. The copies share decorators, but not useContainer(). Install one version (see npm ls class-validator).`,
      );
    },
    onDropped(type, property) {
      // Only attacks use these keys.
      if (property === '__proto__' || property === 'constructor') return;
      const name = JSON.stringify(property.slice(0, nameLimit));
      if (dropped.add(type, name))
        logger.warn(
          `Payloads of ${type.name}: the property ${name} is dropped, because it has no decorator of class-validator. To receive it, add one, such as @Allow(). (unknownProperties: 'drop')`,
        );
    },
    onFailure: (type, error) =>
      failures.add(
        type,
        error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      ),
  };
}

/** Remembers a few texts of each class. */
class FirstTimes {
  readonly #texts = new WeakMap<object, Set<string>>();

  /** Returns true when the text is new and there is room for it. */
  add(type: object, text: string): boolean {
    let texts = this.#texts.get(type);
    if (texts === undefined) this.#texts.set(type, (texts = new Set()));
    if (texts.size >= textsPerClass || texts.has(text)) return false;
    texts.add(text);
    return true;
  }
}
