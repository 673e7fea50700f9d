// The contract of a user directory: which sessions a user has.

/** Finds the sessions of a user for the publisher. In a cluster, it returns the sessions of all servers. */
export interface UserDirectory {
  /** Ids of the sessions of a user; empty when there are none. */
  sessionsOf(user: string): Iterable<string>;
}
