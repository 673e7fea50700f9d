// Records the events of a connection, and waits for them.
import type { Connection, ConnectionListener } from '../../src/transport/transport.js';

export class EventLog implements ConnectionListener {
  readonly entries: string[] = [];
  /** Runs after each entry. */
  #changed = () => {};

  constructor(readonly connection: Connection) {
    connection.listen(this);
  }

  add(entry: string): void {
    this.entries.push(entry);
    this.#changed();
  }

  /** Resolves when the entries satisfy the condition. */
  async when(isSo: (entries: readonly string[]) => boolean): Promise<void> {
    while (!isSo(this.entries)) await new Promise<void>((resolve) => (this.#changed = resolve));
  }

  /** Resolves when the log contains this entry. */
  until(entry: string): Promise<void> {
    return this.when((entries) => entries.includes(entry));
  }

  data(chunk: Uint8Array): void {
    this.add(`data ${Buffer.from(chunk).toString()}`);
  }

  ended(code: number, _reason: string): void {
    this.add(`ended ${code}`);
  }

  held(_bytes: number): boolean {
    return true;
  }

  drained(): void {
    this.add('drained');
  }

  ponged(): void {
    this.add('ponged');
  }

  closed(code: number, reason: string): void {
    this.add(`closed ${code} ${reason}`);
  }
}

/** Closes the connection when the transport ends the input, as a session does. */
export class ClosingLog extends EventLog {
  override ended(code: number, reason: string): void {
    super.ended(code, reason);
    this.connection.close(code, reason);
  }
}

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Several turns, in which the server reads what has arrived and the test reads the answers. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}
