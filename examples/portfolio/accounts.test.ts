// Tests the logins of browsers.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { cookieOf, Logins, type Login } from './accounts.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The header `cookie` that a browser sends. */
const sent = (login: Login) => cookieOf(login).split(';', 1)[0]!;

it('a login is found by its cookie, among other cookies', () => {
  const logins = new Logins();
  const login = logins.begin('fabrice', 'fab123')!;
  expect(logins.find(`a=b; ${sent(login)}; c=d`)).toBe(login);
  expect(logins.find(sent(login))?.user).toEqual({ name: 'fabrice', roles: ['USER'] });
});

it.each([undefined, '', 'portfolio-login=', 'portfolio-login=guessed', 'other=value'])(
  'the cookies %j are no login',
  (cookies) => {
    const logins = new Logins();
    logins.begin('fabrice', 'fab123');
    expect(logins.find(cookies)).toBeUndefined();
  },
);

it.each([
  ['fabrice', 'bond'],
  ['fabrice', ''],
  ['eve', 'fab123'],
  ['', ''],
])('the name %j with the password %j is refused', (name, password) => {
  expect(new Logins().begin(name, password)).toBeUndefined();
});

it('each login has a new id, and ends alone', () => {
  const logins = new Logins();
  const [first, second] = [logins.begin('paulson', 'bond')!, logins.begin('paulson', 'bond')!];
  expect(first.id).not.toBe(second.id);
  logins.end(first);
  expect(logins.find(sent(first))).toBeUndefined();
  expect(logins.find(sent(second))).toBe(second);
});

it('a login ends after eight hours', () => {
  const logins = new Logins();
  const login = logins.begin('fabrice', 'fab123')!;
  vi.advanceTimersByTime(8 * 3_600_000 - 1);
  expect(logins.find(sent(login))).toBe(login);
  vi.advanceTimersByTime(1);
  expect(logins.find(sent(login))).toBeUndefined();
});

it('ten thousand logins are kept, and the oldest one ends first', () => {
  const logins = new Logins();
  const all = Array.from({ length: 10_001 }, () => logins.begin('fabrice', 'fab123')!);
  expect(all.findIndex((login) => logins.find(sent(login)) === login)).toBe(1);
});
