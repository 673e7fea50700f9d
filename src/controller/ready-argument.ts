// The parameters of a method to ready arguments, once, at start.
import type { PayloadReader } from '../payload/converter.js';
import { payloadTypeOf } from '../payload/payload-type.js';
import { isArgumentDecorator } from './decorators/argument.js';
import type { ReadyArgument } from './handler-call.js';
import type { ArgumentRule, Parameter } from './parameter.js';

export interface ParametersOf {
  readonly handler: string;
  readonly prototype: object;
  readonly key: string | symbol;
  /** How many parameters the method itself admits to: those before the first with a default value. */
  readonly length: number;
  readonly rules: ReadonlyMap<number, readonly ArgumentRule[]>;
  /** What a parameter without decorator is. */
  readonly undecorated: ArgumentRule;
  readonly on: Parameter['on'];
  readonly variables: readonly string[];
  readonly payloads: PayloadReader;
}

/** @param report takes what is wrong, and how to mend it */
export function readyArguments(
  method: ParametersOf,
  report: (finding: string) => void,
): ReadyArgument[] {
  const types = Reflect.getMetadata('design:paramtypes', method.prototype, method.key) as
    | readonly unknown[]
    | undefined;
  const count = Math.max(
    types?.length ?? 0,
    method.length,
    ...[...method.rules.keys()].map((index) => index + 1),
  );
  const indexes = Array.from({ length: count }, (_, index) => index);
  const undecorated = indexes.filter((index) => !method.rules.has(index));
  if (undecorated.length > 1) {
    report(
      `${method.handler}, parameters ${undecorated.join(' and ')}: only one parameter can do without a decorator; decorate the others.`,
    );
  }
  return indexes.map((index) => {
    const parameter = parameterOf(method, index, types?.[index]);
    const finding = (text: string | undefined) =>
      text !== undefined && report(`${method.handler}, parameter ${index}: ${text}`);
    const [rule = method.undecorated, ...others] = method.rules.get(index) ?? [];
    if (others.length > 0) finding('it has several argument decorators; leave one.');
    if (!method.rules.has(index) && isArgumentDecorator(parameter.type)) {
      finding(
        'its type is one of the argument decorators; write the decorator before it as well, as in @Principal() user: Principal.',
      );
    } else {
      finding(rule.check?.(parameter));
    }
    const { resolve } = rule;
    return (invocation) => resolve(invocation, parameter);
  });
}

function parameterOf(
  { handler, on, variables, payloads }: ParametersOf,
  index: number,
  type: unknown,
): Parameter {
  return { handler, index, type, payload: payloadTypeOf(type), on, variables, payloads };
}
