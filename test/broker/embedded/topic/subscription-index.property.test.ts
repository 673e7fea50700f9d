// The subscription index with generated subscriptions that come and go, against a naive matcher.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  SubscriptionIndex,
  type Entry,
} from '../../../../src/broker/embedded/topic/subscription-index.js';
import { naiveMatch } from '../../../pattern/naive-matcher.js';
import { cases } from '../../../property.js';
import { subscriber, subscription } from '../../publication.js';

/** A destination without wildcards is compared character by character. */
const matches = (subscribed: string, published: string) =>
  /[*?]/.test(subscribed) ? naiveMatch(subscribed, published) : subscribed === published;

it('the index agrees with a naive matcher while subscriptions come and go', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '*', '**', 'a*', '*b', 'a?', '?*b', '');
  const destination = fc
    .array(segment, { maxLength: 4 })
    .map((segments) => `/${segments.join('/')}`)
    .filter((joined) => joined.split('**').length < 3);
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
          matches(entry.subscription.destination, each.destination),
        );
        const id = (entry: Entry) => entry.subscription.id;
        expect(at(each.destination).map(id).sort()).toEqual(matching.map(id).sort());
      }
    }),
    cases,
  );
});
