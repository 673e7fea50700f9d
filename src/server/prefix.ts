// Whose a destination is: the application's handlers', a session's own queues', those who wait for an answer, or the broker's.
import type { ReplyAddresses } from '../broker/reply-address.js';
import type { UserDestinations } from '../broker/user-destination.js';
import type { Separator } from '../pattern/separator.js';

export type Owner =
  | { readonly kind: 'application'; readonly lookup: string }
  | { readonly kind: 'user' }
  | { readonly kind: 'temporary' }
  | { readonly kind: 'reply' }
  | { readonly kind: 'broker' }
  | { readonly kind: 'nobody' };

const user: Owner = { kind: 'user' };
const temporary: Owner = { kind: 'temporary' };
const reply: Owner = { kind: 'reply' };
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
    private readonly replies: ReplyAddresses,
    private readonly separator: Separator,
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
    if (this.servedByBroker(destination)) return broker;
    if (this.users.isTemporary(destination)) return temporary;
    return this.replies.matches(destination) ? reply : nobody;
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
