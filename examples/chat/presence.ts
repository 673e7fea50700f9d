// Who is here: whoever subscribed a room is in it, until the subscription or the session ends.
import { injectable } from 'inversify';
import { Publisher, SessionEvents, type Session } from 'signalbox';

const roomTopic = /^\/topic\/rooms\/([a-z0-9-]{1,20})$/;

@injectable()
export class Presence {
  /** Names by room and session. */
  readonly #rooms = new Map<string, Map<string, string>>();

  constructor(
    events: SessionEvents,
    private readonly publisher: Publisher,
  ) {
    events.on('subscribed', ({ session, destination }) => this.#enter(session, destination));
    events.on('unsubscribed', ({ session, destination }) => this.#leave(session, destination));
    events.on('disconnected', ({ session }) => this.#leaveAll(session));
  }

  /** Each name once, in alphabetical order. */
  people(room: string): readonly string[] {
    return [...new Set(this.#rooms.get(room)?.values())].sort((a, b) => a.localeCompare(b));
  }

  isHere(name: string): boolean {
    return [...this.#rooms.values()].some((names) => [...names.values()].includes(name));
  }

  #enter({ id, principal }: Session, destination: string): Promise<void> | void {
    const [, room] = roomTopic.exec(destination) ?? [];
    if (room === undefined || principal === undefined) return;
    const names = this.#rooms.get(room) ?? new Map<string, string>();
    this.#rooms.set(room, names.set(id, principal.name));
    return this.#tell(room);
  }

  #leave({ id }: Session, destination: string): Promise<void> | void {
    const [, room] = roomTopic.exec(destination) ?? [];
    if (room !== undefined) return this.#remove(room, id);
  }

  async #leaveAll({ id }: Session): Promise<void> {
    for (const room of this.#rooms.keys()) await this.#remove(room, id);
  }

  #remove(room: string, session: string): Promise<void> | void {
    const names = this.#rooms.get(room);
    if (names?.delete(session) !== true) return;
    if (names.size === 0) this.#rooms.delete(room);
    return this.#tell(room);
  }

  #tell(room: string): Promise<void> {
    return this.publisher.publish(`/topic/rooms/${room}/people`, this.people(room));
  }
}
