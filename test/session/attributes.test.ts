// The types of session attributes: declared names have their type, all others are unknown.
import { expect, expectTypeOf, it } from 'vitest';
import type { Session, SessionAttributeMap } from '../../src/session/session.js';
import { testSession } from './test-session.js';

declare module '../../src/session/session.js' {
  interface SessionAttributes {
    'test:visits': number;
  }
}

it('have the declared type', () => {
  const { session } = testSession().open();
  const { attributes } = session;
  attributes.set('test:visits', 1);
  expectTypeOf(attributes.get('test:visits')).toEqualTypeOf<number | undefined>();
  // @ts-expect-error -- the declared type is number
  attributes.set('test:visits', 'one');
  expect(attributes.get('test:visits')).toBe('one');
});

it('are unknown without a declaration', () => {
  const { attributes } = testSession().open().session;
  const name: string = 'color';
  attributes.set('color', 'red').set(name, 3);
  expectTypeOf(attributes.get('color')).toEqualTypeOf<unknown>();
  expectTypeOf(attributes.get(name)).toEqualTypeOf<unknown>();
  expect([...attributes]).toEqual([['color', 3]]);
});

it('accept a plain map, so that tests can make sessions', () => {
  const session: Pick<Session, 'attributes'> = { attributes: new Map() };
  expectTypeOf(session.attributes).toEqualTypeOf<SessionAttributeMap>();
  expect(session.attributes.size).toBe(0);
});

it('belong to one session', () => {
  const { open } = testSession();
  const [one, other] = [open().session, open().session];
  one.attributes.set('color', 'red');
  expect([one.attributes.get('color'), other.attributes.get('color')]).toEqual(['red', undefined]);
});
