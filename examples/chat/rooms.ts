// What was said: rooms by their names, each with its latest messages.
export interface ChatMessage {
  /** Grows with each message of its room, across restarts of the server too: the time, or one more than the last. */
  readonly id: number;
  readonly by: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What was said after a certain message. */
export interface Later {
  readonly messages: readonly ChatMessage[];
  /** Where to go on from, the next time. */
  readonly last: number;
  /** Whether that is all of it; false when some of it is no longer kept. */
  readonly complete: boolean;
}

interface Room {
  readonly messages: ChatMessage[];
  /** What was said up to this id may be forgotten. */
  forgotten: number;
}

const messageLimit = 100;
const roomLimit = 100;

export class Rooms {
  /** The one that was silent for the longest time first. */
  readonly #rooms = new Map<string, Room>();
  /** Up to here nothing is kept of the other rooms; of the time before the start, nothing of any. */
  #forgotten = Date.now();

  add(name: string, by: string, text: string): ChatMessage {
    const room = this.#find(name);
    const at = Date.now();
    const message = { id: Math.max(at, lastOf(room) + 1), by, text, at };
    room.messages.push(message);
    if (room.messages.length > messageLimit) room.forgotten = room.messages.shift()!.id;
    this.#rooms.delete(name);
    this.#rooms.set(name, room);
    for (const [oldest, silent] of this.#rooms) {
      if (this.#rooms.size <= roomLimit) break;
      this.#rooms.delete(oldest);
      this.#forgotten = Math.max(this.#forgotten, lastOf(silent));
    }
    return message;
  }

  /** What was said after the message of this id, as far as it is kept; after 0, all that is kept. */
  since(name: string, id: number): Later {
    const room = this.#find(name);
    return {
      messages: room.messages.filter((message) => message.id > id),
      last: lastOf(room),
      complete: id >= room.forgotten,
    };
  }

  #find(name: string): Room {
    return this.#rooms.get(name) ?? { messages: [], forgotten: this.#forgotten };
  }
}

function lastOf({ messages, forgotten }: Room): number {
  return messages.at(-1)?.id ?? forgotten;
}
