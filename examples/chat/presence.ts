// The members of rooms: the users with a session that has subscribed to the topic of the room.
import { injectable } from 'inversify';
import { Publisher, SessionEvents, type Session } from 'signalbox';

const roomTopic = /^\/topic\/rooms\/([a-z0-9-]{1,20})$/;

/** A session in a room. */
interface Member {
  readonly name: string;
  /** Ids of its subscriptions of the room; it leaves with the last one. */
  readonly subscriptions: Set<string>;
}

@injectable()
export class Presence {
  /** Members by room and session id. */
  readonly #rooms = new Map<string, Map<string, Member>>();

  constructor(
    events: SessionEvents,
    private readonly publisher: Publisher,
  ) {
    events.on('subscribed', ({ session, subscription, destination }) => {
      const room = roomOf(destination);
      return room === undefined ? undefined : this.#enter(room, session, subscription);
    });
    events.on('unsubscribed', ({ session, subscription, destination }) => {
      const room = roomOf(destination);
      return room === undefined ? undefined : this.#leave(room, session, subscription);
    });
    events.on('disconnected', ({ session }) => this.#leaveAll(session));
  }

  /** Each name once, in alphabetical order. */
  people(room: string): readonly string[] {
    const names = [...(this.#rooms.get(room)?.values() ?? [])].map(({ name }) => name);
    return [...new Set(names)].sort((a, b) => a.localeCompare(b));
  }

  isOnline(name: string): boolean {
    return [...this.#rooms.keys()].some((room) => this.people(room).includes(name));
  }

  #enter(room: string, { id, principal }: Session, subscription: string): Promise<void> | void {
    if (principal === undefined) return;
    const members = this.#rooms.get(room) ?? new Map<string, Member>();
    const member = members.get(id) ?? { name: principal.name, subscriptions: new Set() };
    member.subscriptions.add(subscription);
    this.#rooms.set(room, members.set(id, member));
    return this.#publish(room);
  }

  #leave(room: string, { id }: Session, subscription: string): Promise<void> | void {
    const member = this.#rooms.get(room)?.get(id);
    member?.subscriptions.delete(subscription);
    if (member?.subscriptions.size === 0) return this.#remove(room, id);
  }

  async #leaveAll({ id }: Session): Promise<void> {
    for (const room of this.#rooms.keys()) await this.#remove(room, id);
  }

  #remove(room: string, session: string): Promise<void> | void {
    const members = this.#rooms.get(room);
    if (members?.delete(session) !== true) return;
    if (members.size === 0) this.#rooms.delete(room);
    return this.#publish(room);
  }

  #publish(room: string): Promise<void> {
    return this.publisher.publish(`/topic/rooms/${room}/people`, this.people(room));
  }
}

function roomOf(destination: string): string | undefined {
  return roomTopic.exec(destination)?.[1];
}
