// The texts for destinations that a server does not serve.
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/dispatch/route.js';
import { MessagingError, type ErrorCode } from '../../src/message/error.js';
import type { Separator } from '../../src/pattern/separator.js';
import { KnownDestinations } from '../../src/server/known-destinations.js';

const prefixes = { application: ['/app', '/shop'], broker: ['/topic', '/queue'], user: '/user' };

function route(on: Route['on'], pattern: string): Route {
  return { on, pattern, handler: 'none', invoke: () => ({ kind: 'none' }) };
}

const slashes = [
  route('send', '/hello'),
  route('send', '/rooms/{room}/say'),
  route('send', '/files/**'),
  route('subscribe', '/rooms/{room}/recent'),
];
const prefixHint =
  "Destinations of this server begin with '/app', '/shop', '/topic', '/queue' or '/user'.";
const dots = [route('send', 'rooms.{room}.say')];

function textOf(
  code: ErrorCode,
  kind: string,
  destination: string | undefined,
  routes: readonly Route[] = slashes,
  separator: Separator = '/',
): string {
  const known = new KnownDestinations(routes, prefixes, separator);
  return known.explain(new MessagingError(code), kind, destination).message;
}

describe('the text of no-route', () => {
  it.each([
    ['send', '/app/helo', '/app/hello'],
    ['send', '/shop/Hello', '/shop/hello'],
    ['send', '/ap/hello', '/app/hello'],
    ['send', '/app/hello/', '/app/hello'],
    ['send', '/app/rooms/lobby/sya', '/app/rooms/{room}/say'],
    ['send', '/app/fils/2026/a.txt', '/app/files/**'],
    ['send', '/topik/news', '/topic/**'],
    ['subscribe', '/app/rooms/lobby/recnt', '/app/rooms/{room}/recent'],
    ['subscribe', '/usr/queue/errors', '/user/**'],
    ['send', '/app/heyyo', '/app/hello'],
    ['send', '/app/fils', '/app/files/**'],
  ])('names the nearest destination: %s %s', (kind, destination, nearest) => {
    expect(textOf('no-route', kind, destination)).toBe(
      `Nothing serves '${destination}' for ${kind.toUpperCase()}. The nearest known destination is '${nearest}'.`,
    );
  });

  it('names the nearest destination with dots', () => {
    expect(textOf('no-route', 'send', '/app/rooms.lobby.sya', dots, '.')).toContain(
      "'/app/rooms.{room}.say'",
    );
  });

  it('names the other frame if that one is served', () => {
    expect(textOf('no-route', 'send', '/app/rooms/lobby/recent')).toBe(
      "Nothing serves '/app/rooms/lobby/recent' for SEND. It is served for SUBSCRIBE.",
    );
    expect(textOf('no-route', 'subscribe', '/app/hello')).toContain('It is served for SEND.');
  });

  it('names the nearest of several similar destinations, and the first of equally near ones', () => {
    const routes = ['/halla', '/hello', '/hellx'].map((pattern) => route('send', pattern));
    expect(textOf('no-route', 'send', '/app/hellp', routes)).toContain("'/app/hello'");
  });

  it('compares destinations of at most 200 characters', () => {
    const destination = `/app/fils/${'x'.repeat(190)}`;
    expect(textOf('no-route', 'send', destination)).toContain("'/app/files/**'");
    expect(textOf('no-route', 'send', `${destination}x`)).toContain(prefixHint);
  });

  it('compares only the first 200 destinations', () => {
    const routes = Array.from({ length: 300 }, (_, i) => route('send', `/${'x'.repeat(i + 10)}`));
    routes[50] = route('send', '/first');
    routes[250] = route('send', '/later');
    expect(textOf('no-route', 'send', '/app/firsd', routes)).toContain("'/app/first'");
    expect(textOf('no-route', 'send', '/app/latex', routes)).toContain(prefixHint);
  });

  it('compares the segments between dots', () => {
    expect(textOf('no-route', 'send', '/app/rooms.lobby.entirely', dots, '.')).toContain(
      "with the same beginning is '/app/rooms.{room}.say'",
    );
  });

  it.each([
    ['/app/rooms/lobby/whatever', '/app/rooms/{room}/say'],
    ['/shop/rooms', '/shop/rooms/{room}/say'],
    ['/app/hello/world/again', '/app/hello'],
  ])('names a destination with the same beginning: %s', (destination, sibling) => {
    expect(textOf('no-route', 'send', destination)).toBe(
      `Nothing serves '${destination}' for SEND. A known destination with the same beginning is '${sibling}'.`,
    );
  });

  it.each([
    '/news/today',
    '/app/something/else',
    '/app/hwxyz',
    '/nope/x',
    '/app.hello',
    '/app',
    `/app/${'x'.repeat(500)}`,
  ])('names the prefixes when no destination is similar: %s', (destination) => {
    const text = textOf('no-route', 'send', destination);
    expect(text).toContain(prefixHint);
    expect(text.length).toBeLessThan(300);
  });
});

describe('the text of destination-refused', () => {
  it.each([
    ['send', "Clients may not send to '/topic/x'."],
    ['subscribe', "Clients may not subscribe to '/topic/x'."],
    ['unsubscribe', 'Clients may not use this destination.'],
  ])('has the verb of the frame: %s', (kind, text) => {
    expect(textOf('destination-refused', kind, '/topic/x')).toBe(text);
  });
});

it('an error keeps its own text, and its other fields', () => {
  const known = new KnownDestinations([], prefixes, '/');
  const own = new MessagingError('no-route', 'The shop is closed.');
  expect(known.explain(own, 'send', '/app/x')).toBe(own);
  const cause = new Error('why');
  const detailed = new MessagingError('no-route', undefined, { cause, detail: 'more' });
  expect(known.explain(detailed, 'send', '/app/x')).toMatchObject({ cause, detail: 'more' });
  const plain = new MessagingError('no-route');
  expect(known.explain(plain, 'send', undefined)).toBe(plain);
  const other = new MessagingError('queue-full');
  expect(known.explain(other, 'send', '/queue/x')).toBe(other);
});
