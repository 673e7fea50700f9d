// The subscription index: which subscriptions a destination finds, also while they come and go.
import { describe, expect, it } from 'vitest';
import {
  SubscriptionIndex,
  type Entry,
} from '../../../../src/broker/embedded/topic/subscription-index.js';
import { MessagingError } from '../../../../src/message/error.js';
import type { Separator } from '../../../../src/pattern/separator.js';
import { subscriber, subscription } from '../../publication.js';

function index(separator: Separator = '/') {
  const subject = new SubscriptionIndex(separator);
  return {
    subject,
    add: (destination: string) => subject.add(subscriber, subscription(destination)),
    at: (destination: string): Entry[] => {
      const found: Entry[] = [];
      subject.each(destination, (entry, into) => void into.push(entry), found);
      return found;
    },
  };
}

const destinationsOf = (entries: readonly Entry[]) =>
  entries.map((entry) => entry.subscription.destination);

describe('a destination finds', () => {
  it.each([
    ['/topic/a', ['/topic/a', '/topic/*', '/topic/**', '/**', '/topic/?', '/*/a']],
    ['/topic/b', ['/topic/*', '/topic/**', '/**', '/topic/?']],
    ['/topic/a/', ['/topic/**', '/**']],
    ['topic/a', []],
    ['/topic/price.eur', ['/topic/*', '/topic/price.*', '/topic/*.eur', '/topic/**', '/**']],
    ['/topic/price.eur/now', ['/topic/price.*/now', '/topic/**', '/**', '/**/now']],
    ['/', ['/**']],
  ])('of %s: %j', (destination, expected) => {
    const { add, at } = index();
    const all = [
      '/topic/a',
      '/topic/b/c',
      '/topic/*',

      '/topic/**',
      '/**',
      '/topic/?',
    ];
    for (const each of [...all, '/*/a', '/topic/price.*', '/topic/*.eur']) add(each);
    for (const each of ['/topic/price.*/now', '/**/now', '/topic/price.*/then']) add(each);
    expect(destinationsOf(at(destination)).sort()).toEqual([...expected].sort());
  });

  it('segments between dots if the separator is a dot', () => {
    const { add, at } = index('.');
    add('/topic/price.*');
    add('/topic/price.**');
    expect(destinationsOf(at('/topic/price.stock.ibm'))).toEqual(['/topic/price.**']);
  });

  it('each subscription once, however many ways lead to it', () => {
    const { add, at } = index();
    add('/a/**/a');
    expect(at('/a/a/a/a/a')).toHaveLength(1);
  });

  it('patterns that differ in empty segments', () => {
    const { subject, add, at } = index();
    const first = add('/topic//*');
    add('/topic/*');
    expect(destinationsOf(at('/topic/a'))).toEqual(['/topic//*', '/topic/*']);
    subject.remove(first);
    expect(destinationsOf(at('/topic/a'))).toEqual(['/topic/*']);
  });

  it('the other patterns of a shape, and of other shapes, when one pattern has ended', () => {
    const { subject, add, at } = index();
    for (const other of ['/a/b/*', '/a/c/*', '/d/b/*', '/*/b/x', '/a/**', '/**']) add(other);
    subject.remove(add('/a/z/*'));
    subject.remove(add('/*/z/x'));
    subject.remove(add('/z/**'));
    expect(destinationsOf(at('/a/c/x'))).toEqual(['/a/c/*', '/a/**', '/**']);
    expect(destinationsOf(at('/d/b/x')).toSorted()).toEqual(['/**', '/*/b/x', '/d/b/*']);
  });

  it('no subscriptions after `clear`', () => {
    const { subject, add, at } = index();
    const [exact, wild] = [add('/a'), add('/*')];
    expect(at('/a')).toHaveLength(2);
    subject.clear();
    expect(at('/a')).toEqual([]);
    subject.remove(exact);
    subject.remove(wild);
    add('/*');
    expect(at('/a')).toHaveLength(1);
  });
});

describe('a malformed pattern', () => {
  it('is refused and not kept', () => {
    const { add, at } = index();
    for (const each of ['/a/{', '/a/{x}', '/a*b*', '/**/a/**']) {
      expect(() => add(each)).toThrow(MessagingError);
      expect(at(each)).toEqual([]);
    }
  });
});

describe('a walk', () => {
  it.each(['/a', '/*'])(
    'leaves out subscriptions of %s that are removed meanwhile',
    (destination) => {
      const { subject, add } = index();
      const entries = [1, 2, 3].map(() => add(destination));
      const seen: Entry[] = [];
      subject.each(
        '/a',
        (entry) => {
          seen.push(entry);
          for (const each of entries) subject.remove(each);
        },
        undefined,
      );
      expect(seen).toEqual([entries[0]]);
    },
  );

  it.each([
    ['/a', '/a'],
    ['/a', '/*'],
    ['/*', '/a'],
    ['/*', '/*'],
    ['/*', '/**'],
  ])('of %s leaves out subscriptions of %s that are added meanwhile', (first, second) => {
    const { subject, add, at } = index();
    const entries = [add(first), add(first)];
    const seen: Entry[] = [];
    subject.each('/a', (entry) => void (seen.push(entry), add(second)), undefined);
    expect(seen).toEqual(entries);
    expect(at('/a')).toHaveLength(4);
  });

  it('leaves out the only subscription of a pattern that is added meanwhile', () => {
    const { subject, add } = index();
    const entry = add('/a');
    const seen: Entry[] = [];
    subject.each('/a', (each) => void (seen.push(each), add('/*')), undefined);
    expect(seen).toEqual([entry]);
  });

  it.each(['/a', '/*'])('of %s ends when all subscriptions are removed', (destination) => {
    const { subject, add } = index();
    const entries = [add(destination), add(destination), add('/**')];
    const seen: Entry[] = [];
    subject.each(
      '/a',
      (each) => {
        seen.push(each);
        subject.clear();
      },
      undefined,
    );
    expect(seen).toEqual([entries[0]]);
  });

  it('leaves out a subscription that is removed and added again meanwhile', () => {
    const { subject, add } = index();
    const first = add('/a');
    const second = add('/a');
    let again: Entry | undefined;
    const seen: Entry[] = [];
    subject.each(
      '/a',
      (entry) => {
        seen.push(entry);
        if (again !== undefined) return;
        subject.remove(first);
        subject.remove(second);
        again = add('/a');
        add('/a');
      },
      undefined,
    );
    expect(seen).toEqual([first]);
  });
});

it('frees the memory of patterns without subscriptions', () => {
  const subject = new SubscriptionIndex('/', { maxPatternShapes: 1 });
  for (let i = 0; i < 1000; i++)
    subject.remove(subject.add(subscriber, subscription(`/a${i}/b/c.*`)));
  // The table of the first shape is deleted only when it holds nothing more, and then another shape is allowed.
  subject.add(subscriber, subscription('/a/?'));
});
