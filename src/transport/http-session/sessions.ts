// The sessions of one endpoint over HTTP, by their ids.

export class Sessions<Session extends { readonly id: string }> {
  readonly #byId = new Map<string, Session>();
  #live = 0;
  #stopped = false;

  /** @param unused called when `stop` was called and no session is open */
  constructor(private readonly unused: () => void) {}

  /** True after `stop`: sessions continue, but none may begin. */
  get stopped(): boolean {
    return this.#stopped;
  }

  find(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  /** Adds an open session. */
  add(session: Session): void {
    this.#byId.set(session.id, session);
    this.#live++;
  }

  /** A session has ended, but is still found by its id. */
  ended(): void {
    this.#live--;
    this.#checkUnused();
  }

  /** The session is no longer found by its id. */
  forget({ id }: Session): void {
    this.#byId.delete(id);
  }

  stop(): void {
    this.#stopped = true;
    this.#checkUnused();
  }

  #checkUnused(): void {
    if (this.#stopped && this.#live === 0) this.unused();
  }
}
