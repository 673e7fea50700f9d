// Remembers which transport has worked for an endpoint: in the storage of the browser, otherwise in this process.

/** A place for texts, such as `localStorage` or `sessionStorage`. */
export interface ClientStorage {
  /** Returns the text of a key; null without one. */
  getItem(key: string): string | null;
  /** Stores a text under a key. */
  setItem(key: string, value: string): void;
  /** Deletes the text of a key. */
  removeItem(key: string): void;
}

const memory = new Map<string, string>();

const memoryStorage: ClientStorage = {
  getItem: (key) => memory.get(key) ?? null,
  setItem: (key, value) => void memory.set(key, value),
  removeItem: (key) => void memory.delete(key),
};

/** The storage of the page. Node may have the global as well, but prints a warning when a program reads it. */
function pageStorage(): ClientStorage | undefined {
  const page = globalThis as { readonly document?: object; readonly localStorage?: ClientStorage };
  try {
    return page.document && page.localStorage;
  } catch {
    // The user has forbidden it.
    return undefined;
  }
}

/** The transport that has worked for one endpoint. */
export class RememberedTransport {
  readonly #storage: ClientStorage;
  readonly #key: string;

  /**
   * @param url the endpoint. Its query is left out, because it may contain a secret.
   * @param rememberFor milliseconds; 0 remembers nothing
   */
  constructor(
    url: string,
    private readonly rememberFor: number,
    storage: ClientStorage | undefined,
  ) {
    this.#storage = storage ?? pageStorage() ?? memoryStorage;
    this.#key = `signalbox.transport ${url.replace(/\?.*/, '')}`;
  }

  /** Returns its name; undefined without one, and after its time. */
  read(): string | undefined {
    if (this.rememberFor <= 0) return undefined;
    const [name, until] = this.#use((storage) => storage.getItem(this.#key))?.split(' ') ?? [];
    return Number(until) > Date.now() ? name : undefined;
  }

  /** Does not extend the time of the same transport, so that a client that reconnects often tries the first transport again. */
  write(name: string): void {
    if (this.rememberFor <= 0 || this.read() === name) return;
    const until = Date.now() + this.rememberFor;
    this.#use((storage) => storage.setItem(this.#key, `${name} ${until}`));
  }

  forget(): void {
    this.#use((storage) => storage.removeItem(this.#key));
  }

  /** A storage may be full or forbidden. Then nothing is remembered. */
  #use<Result>(action: (storage: ClientStorage) => Result): Result | undefined {
    try {
      return action(this.#storage);
    } catch {
      return undefined;
    }
  }
}
