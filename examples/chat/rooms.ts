// The latest messages of each room.

export interface ChatMessage {
  /** Grows with each message of its room, also across restarts of the server: the time, or one more than the last id. */
  readonly id: number;
  readonly by: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The messages after a certain one. */
export interface Later {
  readonly messages: readonly ChatMessage[];
  /** The id to request later messages with. */
  readonly last: number;
  /** False when some of these messages are no longer stored. */
  readonly complete: boolean;
}

interface Room {
  readonly messages: ChatMessage[];
  /** Messages up to this id may have been deleted. */
  deletedUpTo: number;
}

const messageLimit = 100;
const roomLimit = 100;

export class Rooms {
  /** By name; the room whose last message is oldest is the first one. */
  readonly #rooms = new Map<string, Room>();
  /** Messages of other rooms up to this id have been deleted; messages from before the start never exist. */
  #deletedUpTo = Date.now();

  add(name: string, by: string, text: string): ChatMessage {
    const room = this.#find(name);
    const at = Date.now();
    const message = { id: Math.max(at, lastOf(room) + 1), by, text, at };
    room.messages.push(message);
    if (room.messages.length > messageLimit) room.deletedUpTo = room.messages.shift()!.id;
    this.#rooms.delete(name);
    this.#rooms.set(name, room);
    for (const [oldest, deleted] of this.#rooms) {
      if (this.#rooms.size <= roomLimit) break;
      this.#rooms.delete(oldest);
      this.#deletedUpTo = Math.max(this.#deletedUpTo, lastOf(deleted));
    }
    return message;
  }

  /** The stored messages after this id; 0 returns all of them. */
  since(name: string, id: number): Later {
    const room = this.#find(name);
    return {
      messages: room.messages.filter((message) => message.id > id),
      last: lastOf(room),
      complete: id >= room.deletedUpTo,
    };
  }

  #find(name: string): Room {
    return this.#rooms.get(name) ?? { messages: [], deletedUpTo: this.#deletedUpTo };
  }
}

function lastOf({ messages, deletedUpTo }: Room): number {
  return messages.at(-1)?.id ?? deletedUpTo;
}
