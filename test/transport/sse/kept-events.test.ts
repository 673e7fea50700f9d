// The kept events of an SSE session, compared with a list of all events.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeptEvents } from '../../../src/transport/sse/kept-events.js';
import { cases } from '../../property.js';

type Step = { readonly add: number } | { readonly continueAfter: number } | 'lose';

/** What a session sees of its events after a step. */
type Seen = readonly unknown[];

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ add: fc.nat(200) }),
    fc.record({ continueAfter: fc.nat(20) }),
    fc.constant('lose'),
  ),
);

/** The counted bytes of sent events. */
const cost = (events: readonly Uint8Array[]) =>
  events.reduce((sum, { length }) => sum + length + 128, 0);

/** Keeps all events, and searches the oldest one that fits into the limit after each step. */
class AllEvents {
  readonly #all: Uint8Array[] = [];
  #sent = 0;
  #oldest = 1;

  constructor(private readonly limit: number) {}

  get last(): number {
    return this.#all.length;
  }

  get waitingBytes(): number {
    return this.#all.slice(this.#sent).reduce((sum, { length }) => sum + length, 0);
  }

  addWaiting(messages: Uint8Array): void {
    this.#all.push(messages);
  }

  addSent(messages: Uint8Array): number {
    this.#all.push(messages);
    this.#allSent();
    return this.last;
  }

  continuesAfter(number: number): boolean {
    return number >= this.#oldest - 1 && number <= this.#sent;
  }

  sendAfter(number: number, send: (number: number, messages: Uint8Array) => void): void {
    for (const [i, messages] of this.#all.entries()) if (i >= number) send(i + 1, messages);
    this.#oldest = number + 1;
    this.#allSent();
  }

  #allSent(): void {
    this.#sent = this.last;
    while (cost(this.#all.slice(this.#oldest - 1)) > this.limit) this.#oldest++;
  }
}

function run(events: KeptEvents | AllEvents, given: readonly Step[]): readonly Seen[] {
  let isOpen = true;
  return given.map((step) => {
    const seen: unknown[] = [];
    if (step === 'lose') isOpen = false;
    else if ('add' in step) {
      const messages = new Uint8Array(step.add);
      seen.push(isOpen ? events.addSent(messages) : events.addWaiting(messages));
    } else {
      const continues = events.continuesAfter(step.continueAfter);
      seen.push(continues);
      if (continues) {
        events.sendAfter(step.continueAfter, (number, { length }) => seen.push(number, length));
        isOpen = true;
      }
    }
    return [...seen, events.last, events.waitingBytes];
  });
}

it('continue a client after each event that it can have received, if all later ones are kept', () => {
  fc.assert(
    fc.property(fc.nat(1000), steps, (limit, given) => {
      expect(run(new KeptEvents(limit), given)).toEqual(run(new AllEvents(limit), given));
    }),
    cases,
  );
});
