// Who subscribed what, under made-up subscriptions that come and go, against brute force.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Subscriber, Subscription } from '../../../../src/broker/broker.js';
import type { Entry } from '../../../../src/broker/embedded/topic/audience.js';
import { SubscriptionIndex } from '../../../../src/broker/embedded/topic/subscription-index.js';
import { compileDestination } from '../../../../src/pattern/destination-pattern.js';
import { noHeaders } from '../../../../src/message/message.js';
import { cases } from '../../../property.js';

const subscriber: Subscriber = {
  id: 's',
  busy: false,
  gone: false,
  deliver: () => true,
  room: () => Promise.resolve(),
  fail: () => {},
};

let ids = 0;
const subscription = (destination: string): Subscription => ({
  id: String(++ids),
  destination,
  ack: 'auto',
  headers: noHeaders,
});

it('the index agrees with brute force, whatever comes and goes', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '*', '**', 'a*', '*b', 'a?', '{x}', '');
  const destination = fc
    .array(segment, { maxLength: 4 })
    .map((segments) => `/${segments.map((each, i) => each.replace('x', `x${i}`)).join('/')}`);
  const published = fc
    .array(fc.constantFrom('a', 'b', 'ab', 'abb', ''), { maxLength: 4 })
    .map((segments) => `/${segments.join('/')}`);
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), destination }),
    fc.record({ kind: fc.constant('remove' as const), which: fc.nat(), destination: published }),
    fc.record({ kind: fc.constant('publish' as const), destination: published }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const subject = new SubscriptionIndex('/');
      const at = (destination: string): Entry[] => {
        const found: Entry[] = [];
        subject.each(destination, (entry, into) => void into.push(entry), found);
        return found;
      };
      const live: Entry[] = [];
      for (const each of steps) {
        if (each.kind === 'add') {
          live.push(subject.add(subscriber, subscription(each.destination)));
        } else if (each.kind === 'remove') {
          for (const entry of live.splice(each.which % (live.length + 1), 1)) subject.remove(entry);
        }
        const matching = live.filter((entry) =>
          compileDestination(entry.subscription.destination).match(each.destination),
        );
        const id = (entry: Entry) => entry.subscription.id;
        expect(at(each.destination).map(id).sort()).toEqual(matching.map(id).sort());
      }
    }),
    cases,
  );
});
