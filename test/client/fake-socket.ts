// A fake of the WebSocket and SockJS classes: the test opens, fails and closes each connection.
import type { ClientSocket } from '../../src/client.js';

export class FakeSocket implements ClientSocket {
  readyState = 0;
  protocol = '';
  binaryType = 'blob';
  onopen: ClientSocket['onopen'] = null;
  onmessage: ClientSocket['onmessage'] = null;
  onerror: ClientSocket['onerror'] = null;
  onclose: ClientSocket['onclose'] = null;
  readonly sent: unknown[] = [];
  /** The arguments of each call of `close()`. */
  readonly closeCalls: unknown[][] = [];

  constructor(
    readonly url: string,
    readonly protocols?: readonly string[],
    readonly options?: object,
  ) {}

  send(data: unknown): void {
    this.sent.push(data);
  }

  close(...args: unknown[]): void {
    this.readyState = 2;
    this.closeCalls.push(args);
  }

  // Events that the test causes.

  open(protocol = ''): void {
    this.readyState = 1;
    this.protocol = protocol;
    this.onopen?.({ type: 'open' });
  }

  receive(data: string): void {
    this.onmessage?.({ type: 'message', data });
  }

  fail(message?: string): void {
    this.onerror?.({ type: 'error', ...(message !== undefined && { message }) });
    this.end(1006, '', false);
  }

  end(code: number, reason = '', wasClean = true): void {
    this.readyState = 3;
    this.onclose?.({ type: 'close', code, reason, wasClean });
  }
}

/** Returns a class, and the sockets that were created with it. */
export function fakeClass() {
  const sockets: FakeSocket[] = [];
  class Socket extends FakeSocket {
    constructor(url: string, protocols?: readonly string[], options?: object) {
      super(url, protocols, options);
      sockets.push(this);
    }
  }
  return { Socket, sockets };
}

/** Records the events of a socket as texts. */
export function recordEvents(socket: ClientSocket): string[] {
  const events: string[] = [];
  socket.onopen = () => void events.push('open');
  socket.onmessage = ({ data }) => void events.push(`message ${data as string}`);
  socket.onerror = ({ message }) => void events.push(`error ${message}`);
  socket.onclose = ({ code, reason, wasClean }) =>
    void events.push(`close ${code} ${wasClean ? 'clean' : 'lost'} ${reason}`);
  return events;
}

/** Lets all callbacks run that are queued as microtasks. */
export async function microtasks(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
