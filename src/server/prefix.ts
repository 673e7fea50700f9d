// Which of the three a destination belongs to: the application's handlers, a user's queues, or the broker.
import type { UserDestinations } from '../broker/user-destination.js';

export type Owner =
  | { readonly kind: 'application'; readonly lookup: string }
  | { readonly kind: 'user' }
  | { readonly kind: 'broker' }
  | { readonly kind: 'nobody' };

const user: Owner = { kind: 'user' };
const broker: Owner = { kind: 'broker' };
const nobody: Owner = { kind: 'nobody' };

export class Prefixes {
  readonly #application: readonly string[];
  readonly #broker: readonly string[];

  /** Prefixes match whole: `/topic` has `/topic/x` and never `/topicx`. */
  constructor(
    application: readonly string[],
    brokers: readonly string[],
    private readonly users: UserDestinations,
    private readonly separator: '/' | '.',
  ) {
    this.#application = application.map((prefix) => `${prefix}/`);
    this.#broker = brokers.map((prefix) => `${prefix}/`);
  }

  owner(destination: string): Owner {
    for (const prefix of this.#application) {
      if (destination.startsWith(prefix))
        return { kind: 'application', lookup: this.#lookup(destination, prefix) };
    }
    if (this.users.matches(destination)) return user;
    return this.servedByBroker(destination) ? broker : nobody;
  }

  servedByBroker(destination: string): boolean {
    for (const prefix of this.#broker) if (destination.startsWith(prefix)) return true;
    return false;
  }

  /** With slashes the lookup keeps its leading one (`/a/b`), with dots it has none (`red.blue`), as in Spring. */
  #lookup(destination: string, prefix: string): string {
    return destination.slice(this.separator === '/' ? prefix.length - 1 : prefix.length);
  }
}
