// CONNECT: who the client is, what its heart-beats will be, and that it is in.
import type { Subscribers } from '../broker/subscribers.js';
import { MessagingError } from '../message/error.js';
import type { ConnectFrame } from '../message/frame.js';
import type { Principal } from '../message/message.js';
import type { Authenticator } from '../security/authenticator.js';
import type { ClientSession } from '../session/client-session.js';
import type { SessionEventSource } from '../session/event.js';
import { agreeHeartbeat, type HeartbeatOptions } from '../session/heartbeat.js';
import type { LocalSessionRegistry } from '../session/registry.js';

export interface AdmissionParts {
  readonly authenticate: Authenticator | undefined;
  readonly heartbeat: HeartbeatOptions;
  /** What CONNECTED says in `server`. */
  readonly serverName: string;
  readonly subscribers: Subscribers;
  readonly registry: LocalSessionRegistry<ClientSession>;
  readonly events: SessionEventSource;
}

export class Admission {
  constructor(private readonly parts: AdmissionParts) {}

  /**
   * Lets a client in.
   *
   * @throws `access-refused`, without a word of why; `not-connected` for a client that did not say who it is where it must
   */
  async admit(frame: ConnectFrame, session: ClientSession): Promise<void> {
    const { heartbeat, serverName, subscribers, registry, events } = this.parts;
    const principal = await this.#authenticate(frame, session);
    const agreement = agreeHeartbeat(frame.heartbeat, heartbeat);
    // A client that left while it was being authenticated is known to nobody.
    if (!session.accept(principal, agreement)) return;
    subscribers.open(session, clientOf(frame, principal));
    registry.add(session);
    session.send({
      kind: 'connected',
      session: session.id,
      server: serverName,
      heartbeat: agreement.advertised,
      user: principal?.name,
    });
    events.emit('connected', { session });
  }

  async #authenticate(frame: ConnectFrame, session: ClientSession): Promise<Principal | undefined> {
    if (this.parts.authenticate === undefined) return session.principal;
    if (frame.implicit === true) throw new MessagingError('not-connected');
    try {
      return (await this.parts.authenticate(frame, session.handshake)) ?? session.principal;
    } catch (cause) {
      throw new MessagingError('access-refused', undefined, { cause });
    }
  }
}

/** Two users may choose one `client-id`. */
function clientOf({ headers }: ConnectFrame, principal: Principal | undefined): string | undefined {
  const id = headers.get('client-id');
  return id === undefined ? undefined : JSON.stringify([principal?.name, id]);
}
