// The users of the portfolio, and the logins of their browsers.
import { randomUUID } from 'node:crypto';
import type { Principal } from 'signalbox';

type Role = 'ADMIN' | 'USER';

declare module 'signalbox' {
  interface PrincipalProperties {
    readonly roles?: readonly Role[];
  }
}

interface Account {
  /** A real application stores only a hash of the password. */
  readonly password: string;
  readonly roles: readonly Role[];
}

const accounts: ReadonlyMap<string, Account> = new Map([
  ['fabrice', { password: 'fab123', roles: ['USER'] }],
  ['paulson', { password: 'bond', roles: ['ADMIN', 'USER'] }],
]);

/** A browser that is logged in. */
export interface Login {
  /** The secret in the cookie of the browser. */
  readonly id: string;
  readonly user: Principal;
}

interface StoredLogin extends Login {
  /** Milliseconds since 1970. */
  readonly expires: number;
}

const cookieName = 'portfolio-login';
/** Milliseconds that a login is valid. */
const lifetime = 8 * 3_600_000;
const loginLimit = 10_000;

export class Logins {
  /** By id, the oldest one first. */
  readonly #logins = new Map<string, StoredLogin>();

  /** Undefined if the name or the password is wrong. Each login has a new id, so an id that an attacker has set is useless. */
  begin(name: string, password: string): Login | undefined {
    const account = accounts.get(name);
    if (account?.password !== password) return undefined;
    const user = { name, roles: account.roles };
    const login = { id: randomUUID(), user, expires: Date.now() + lifetime };
    this.#logins.set(login.id, login);
    for (const oldest of this.#logins.keys()) {
      if (this.#logins.size <= loginLimit) break;
      this.#logins.delete(oldest);
    }
    return login;
  }

  /** The login that the header `cookie` of a request names. */
  find(cookies = ''): Login | undefined {
    const [, id = ''] = new RegExp(`(?:^|; )${cookieName}=([^;]*)`).exec(cookies) ?? [];
    const login = this.#logins.get(id);
    return login !== undefined && login.expires > Date.now() ? login : undefined;
  }

  end({ id }: Login): void {
    this.#logins.delete(id);
  }
}

/** The header `set-cookie`. Scripts cannot read the cookie, and other sites cannot send it with their requests. */
export function cookieOf({ id }: Login): string {
  return `${cookieName}=${id}; Path=/; HttpOnly; SameSite=Lax`;
}

export const expiredCookie = `${cookieName}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`;
