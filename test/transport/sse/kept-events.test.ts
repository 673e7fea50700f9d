// The kept events of an SSE session, compared with a list of all events.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeptEvents } from '../../../src/transport/sse/kept-events.js';

type Step =
  | { readonly kind: 'add'; readonly bytes: number }
  | { readonly kind: 'lose' }
  | { readonly kind: 'continue'; readonly after: number };

const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ kind: fc.constant('add' as const), bytes: fc.nat(200) }),
    fc.constant({ kind: 'lose' }),
    fc.record({ kind: fc.constant('continue' as const), after: fc.nat(20) }),
  ),
);

it('continue a client after each event that it can have received, if all later ones are kept', () => {
  fc.assert(
    fc.property(fc.nat(1000), steps, (limit, each) => {
      const kept = new KeptEvents(limit);
      /** The messages of all events; the event 1 comes first. */
      const all: Uint8Array[] = [];
      let [sent, oldest, isOpen] = [0, 1, true];
      const trim = () => {
        const cost = () =>
          all.slice(oldest - 1, sent).reduce((sum, { length }) => sum + length + 128, 0);
        while (cost() > limit) oldest++;
      };
      for (const step of each) {
        if (step.kind === 'lose') isOpen = false;
        else if (step.kind === 'add') {
          const messages = new Uint8Array(step.bytes);
          all.push(messages);
          if (isOpen) {
            expect(kept.addSent(messages)).toBe(all.length);
            sent = all.length;
            trim();
          } else kept.addWaiting(messages);
        } else {
          const { after } = step;
          const continues = after >= oldest - 1 && after <= sent;
          expect(kept.continuesAfter(after)).toBe(continues);
          if (!continues) continue;
          const received: [number, Uint8Array][] = [];
          kept.sendAfter(after, (number, messages) => received.push([number, messages]));
          expect(received).toEqual(
            all.slice(after).map((messages, i) => [after + i + 1, messages]),
          );
          [sent, oldest, isOpen] = [all.length, after + 1, true];
          trim();
        }
        expect(kept.last).toBe(all.length);
        expect(kept.waitingBytes).toBe(
          all.slice(sent).reduce((sum, { length }) => sum + length, 0),
        );
      }
    }),
  );
});
