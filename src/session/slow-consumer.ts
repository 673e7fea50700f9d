// Slow consumers: the policies, and the rules that decide which messages may be dropped.
import { compileDestination } from '../pattern/destination-pattern.js';
import type { MessageFrame } from '../message/frame.js';
import type { Separator } from '../pattern/separator.js';

/**
 * What happens when a client reads too slowly. `close` ends the session; `drop-oldest` and `drop-newest` drop messages;
 * `conflate` keeps only the newest message of each key, even below the limit. Messages that require acknowledgement,
 * retained messages and messages of queues are never dropped.
 */
export type SlowConsumerPolicy = 'close' | 'drop-oldest' | 'drop-newest' | 'conflate';

/** The policy for destinations that match. */
export interface SlowConsumerRule {
  /** A destination or pattern, as clients subscribe to it. */
  readonly destination: string;
  /** The policy for messages to these destinations. */
  readonly policy: SlowConsumerPolicy;
  /**
   * For `conflate`: the header whose value is the key of a message.
   *
   * @default all messages of a destination have the same key
   */
  readonly key?: string;
}

/** The policies for clients that read too slowly. */
export interface SlowConsumerOptions {
  /**
   * The policy of destinations without a rule.
   *
   * @default 'close'
   */
  readonly policy: SlowConsumerPolicy;
  /**
   * Policies of particular destinations. The first rule that matches counts.
   *
   * @default []
   */
  readonly rules: readonly SlowConsumerRule[];
}

/** How a message may be dropped. */
export interface DropRule {
  readonly policy: Exclude<SlowConsumerPolicy, 'close'>;
  /** For `conflate`: a newer message with the same key replaces this one. */
  readonly key: string | undefined;
}

/** Returns the rule for a message; undefined when it must not be dropped. */
export type DropRules = (frame: MessageFrame) => DropRule | undefined;

/**
 * Compiles the options; returns undefined when every destination has the policy `close`, so that sending checks nothing.
 *
 * @throws {MessagingError} `pattern-invalid`
 */
export function compileSlowConsumers(
  { policy, rules }: SlowConsumerOptions,
  separator: Separator,
): DropRules | undefined {
  if (policy === 'close' && rules.every((rule) => rule.policy === 'close')) return undefined;
  const compiled = rules.map((rule) => ({
    ...rule,
    pattern: compileDestination(rule.destination, separator),
  }));
  return (frame) => {
    // Messages of queues, retained messages and messages that require acknowledgement have marks; they are never dropped.
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
