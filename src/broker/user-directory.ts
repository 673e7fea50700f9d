// The contract of a user directory: which sessions a user has.

/** The publisher asks it where to deliver messages to a user. A cluster answers for all of its servers. */
export interface UserDirectory {
  /** Ids of the sessions of a user; empty when there are none. */
  sessionsOf(user: string): Iterable<string>;
}
