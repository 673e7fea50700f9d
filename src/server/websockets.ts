// The open sessions of all WebSocket handlers.
import type { WebSocketSession, WebSocketSessions } from '../session/websocket-session.js';

export class WebSockets implements WebSocketSessions {
  readonly #open = new Map<string, WebSocketSession>();

  get size(): number {
    return this.#open.size;
  }

  get(id: string): WebSocketSession | undefined {
    return this.#open.get(id);
  }

  all(): Iterable<WebSocketSession> {
    return this.#open.values();
  }

  add(session: WebSocketSession): void {
    this.#open.set(session.id, session);
  }

  remove({ id }: WebSocketSession): void {
    this.#open.delete(id);
  }
}
