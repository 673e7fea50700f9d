// What gives way when a reader cannot keep up: the policies, and which one a destination has.
import { compileDestination } from '../pattern/destination-pattern.js';
import type { MessageFrame } from '../message/frame.js';
import type { Separator } from '../pattern/separator.js';

/**
 * `close` ends the session; `drop-oldest` and `drop-newest` leave messages out; `conflate` keeps the newest of each key, also
 * before the limit is reached. What asks for acknowledgement or comes from a queue is never left out.
 */
export type SlowConsumerPolicy = 'close' | 'drop-oldest' | 'drop-newest' | 'conflate';

export interface SlowConsumerRule {
  /** A destination or pattern, as clients name it. */
  readonly destination: string;
  readonly policy: SlowConsumerPolicy;
  /** The header that tells what a message is about, for `conflate`. Default: its destination alone does. */
  readonly key?: string;
}

export interface SlowConsumerOptions {
  /** Where no rule says otherwise. Default `close`. */
  readonly policy: SlowConsumerPolicy;
  /** The first that matches counts. Default: none. */
  readonly rules: readonly SlowConsumerRule[];
}

/** How a message gives way. */
export interface Treatment {
  readonly policy: Exclude<SlowConsumerPolicy, 'close'>;
  /** With `conflate`, what the message is about: a newer one of the same key takes its place. */
  readonly key: string | undefined;
}

/** Undefined for a message that gives way to nothing. */
export type TreatmentOf = (frame: MessageFrame) => Treatment | undefined;

/** Undefined where every destination has `close`, so that nothing needs to be asked. Errors: `pattern-invalid`. */
export function compileSlowConsumers(
  { policy, rules }: SlowConsumerOptions,
  separator: Separator,
): TreatmentOf | undefined {
  if (policy === 'close' && rules.every((rule) => rule.policy === 'close')) return undefined;
  const compiled = rules.map((rule) => ({
    ...rule,
    pattern: compileDestination(rule.destination, separator),
  }));
  return (frame) => {
    if (frame.marks !== undefined) return undefined;
    const { destination } = frame.message;
    const rule = compiled.find(({ pattern }) => pattern.match(destination) !== undefined);
    const chosen = rule?.policy ?? policy;
    if (chosen === 'close') return undefined;
    return { policy: chosen, key: chosen === 'conflate' ? keyOf(frame, rule?.key) : undefined };
  };
}

function keyOf({ subscription, message }: MessageFrame, header: string | undefined): string {
  const value = header === undefined ? undefined : message.headers.get(header);
  return JSON.stringify([subscription, message.destination, value]);
}
