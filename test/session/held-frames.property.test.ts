// The held frames of a slow reader compared with a list that is searched at each step, over generated steps.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { MessageFrame, ServerFrame } from '../../src/message/frame.js';
import { HeldFrames } from '../../src/session/held-frames.js';
import type { DropRule } from '../../src/session/slow-consumer.js';
import { message } from '../broker/publication.js';
import { cases } from '../property.js';

type Held = Pick<HeldFrames, 'size' | 'add' | 'dropOldest' | 'take' | 'forget'>;

interface Item {
  readonly frame: ServerFrame;
  readonly size: number;
  readonly rule: DropRule | undefined;
}

/** Slow, and obviously correct. */
class ListedFrames implements Held {
  #items: Item[] = [];

  get size(): number {
    return this.#items.reduce((sum, { size }) => sum + size, 0);
  }

  add(frame: ServerFrame, size: number, rule: DropRule | undefined): void {
    const key = rule?.key;
    const at = this.#items.findIndex((each) => key !== undefined && each.rule?.key === key);
    this.#items.splice(at === -1 ? this.#items.length : at, at === -1 ? 0 : 1, {
      frame,
      size,
      rule,
    });
  }

  dropOldest(): boolean {
    const at = this.#items.findIndex(({ rule }) => rule !== undefined);
    return at !== -1 && this.#items.splice(at, 1).length === 1;
  }

  take(): ServerFrame | undefined {
    return this.#items.shift()?.frame;
  }

  forget(): void {
    this.#items = this.#items.filter(({ rule }) => rule === undefined);
  }
}

const step = fc.constantFrom('receipt', 'message', 'key a', 'key b', 'drop', 'take', 'forget');
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const frameOf = (id: string): MessageFrame => ({
  kind: 'message',
  subscription: '1',
  messageId: id,
  message: message('/topic/x'),
});

/** Performs a step and returns its result. */
function perform(held: Held, each: Step, number: number): unknown {
  const id = `${number}`;
  switch (each) {
    case 'receipt':
      return held.add({ kind: 'receipt', receipt: id }, number, undefined);
    case 'message':
      return held.add(frameOf(id), number, { policy: 'drop-oldest', key: undefined });
    case 'key a':
    case 'key b':
      return held.add(frameOf(id), number, { policy: 'conflate', key: each });
    case 'drop':
      return held.dropOldest();
    case 'take': {
      const frame = held.take();
      return frame?.kind === 'message' ? frame.messageId : frame;
    }
    case 'forget':
      return held.forget('1');
  }
}

it('held frames are dropped and taken like those of a list', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const results = [new HeldFrames({ messageDropped() {} } as never), new ListedFrames()].map(
        (held) => steps.map((each, number) => [perform(held, each, number + 1), held.size]),
      );
      expect(results[0]).toEqual(results[1]);
    }),
    cases,
  );
});
