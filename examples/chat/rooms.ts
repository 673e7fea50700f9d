// What was said: rooms by their names, each with its latest messages.
export interface ChatMessage {
  /** Grows by one with each message of its room. */
  readonly id: number;
  readonly by: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

const kept = 100;
const roomLimit = 100;

export class Rooms {
  /** The one that was silent for the longest time first. */
  readonly #rooms = new Map<string, ChatMessage[]>();

  add(room: string, by: string, text: string): ChatMessage {
    const messages = this.#rooms.get(room) ?? [];
    const message = { id: (messages.at(-1)?.id ?? 0) + 1, by, text, at: Date.now() };
    messages.push(message);
    if (messages.length > kept) messages.shift();
    this.#rooms.delete(room);
    this.#rooms.set(room, messages);
    for (const oldest of this.#rooms.keys()) {
      if (this.#rooms.size <= roomLimit) break;
      this.#rooms.delete(oldest);
    }
    return message;
  }

  /** What was said after the message of this id, as far as it is kept; all that is kept when there is no such message. */
  since(room: string, id: number): readonly ChatMessage[] {
    const messages = this.#rooms.get(room) ?? [];
    const later = messages.filter((message) => message.id > id);
    return (messages.at(-1)?.id ?? 0) < id ? messages : later;
  }
}
