// How a client enters the server: it is authenticated, its session id is checked, and the limits of sessions count it.
import { MessagingError, type ErrorCode } from '../message/error.js';
import type { ConnectFrame } from '../message/frame.js';
import type { LimitedLogs } from '../message/limited-log.js';
import type { Principal } from '../message/message.js';
import { quote } from '../message/quote.js';
import { accountOf, Holding, type Quota } from '../message/quota.js';
import { authenticated, type Authenticator } from '../security/authenticator.js';
import type { ClientSession } from '../session/client-session.js';
import type { WebSocketSessions } from '../session/websocket-session.js';
import type { Admission } from './admission.js';
import type { Clients } from './clients.js';

/** The parts that the entries of all clients share. */
export interface EntryParts {
  readonly admission: Admission;
  readonly authenticate: Authenticator | undefined;
  /** The sessions of STOMP and JSON. */
  readonly clients: Clients;
  /** The sessions of WebSocket handlers. */
  readonly webSockets: WebSocketSessions;
  /** The log of clients that were refused, by error code. */
  readonly closeLog: LimitedLogs;
  /** The bytes that sessions hold: frames that wait, and open transactions. */
  readonly heldBytes: Quota;
}

/** The entry of one client. The limits count it as a handshake at first, and as a session when it is admitted. */
export class ClientEntry {
  /** Bytes that the session holds. Its account is the address of the client until the client is admitted. */
  readonly held: Holding;
  /** Ends the counting of the handshake or session. */
  #release: () => void;
  /** Ends the wait for the authenticator; set while the client waits for it. */
  #stopWaiting: (() => void) | undefined;

  /** @param activity names the admission in the log, such as `CONNECT` */
  constructor(
    address: string | undefined,
    private readonly activity: string,
    private readonly parts: EntryParts,
  ) {
    this.held = new Holding(parts.heldBytes, accountOf(undefined, address));
    this.#release = parts.admission.begin(address);
  }

  /**
   * Authenticates the client, and counts its session. Undefined when the client has left in the meantime.
   *
   * @throws {MessagingError} `access-refused` without a reason for the client; `session-limit`
   * @throws {Error} when another session has the id
   */
  async admit(
    frame: ConnectFrame,
    session: ClientSession,
  ): Promise<{ readonly principal: Principal | undefined } | undefined> {
    const { admission, authenticate, clients, webSockets } = this.parts;
    const { handshake, id } = session;
    const authentication = authenticated(authenticate, frame, handshake);
    const principal =
      authenticate === undefined
        ? await authentication
        : await this.#unlessLost(authentication, id);
    // The client may have left during authentication.
    if (session.gone) return undefined;
    // Only `ids` of the application can repeat an id: then one session would receive the messages of another.
    if (clients.get(id) !== undefined || webSockets.get(id) !== undefined)
      throw new Error(`ids.session() returned ${quote(id)}, which another session has.`);
    const account = accountOf(principal, handshake.remoteAddress);
    const release = admission.open(account, principal);
    this.#release();
    this.#release = release;
    this.held.moveTo(account);
    return { principal };
  }

  /** Closes the session of a client that is not admitted. The line in the log contains the reason, which the client must not know. */
  refuse(thrown: unknown, session: ClientSession): void {
    const known = MessagingError.from(thrown);
    const error =
      known.code === 'handler-failed'
        ? new MessagingError('session-failed', undefined, { cause: known.cause })
        : known;
    const { code, cause } = error;
    const { activity, parts } = this;
    if (!session.gone) return session.fail(error, {}, { activity, cause });
    // The client has left during its admission, which may be the cause of the failure.
    if (cause !== undefined) logLateFailure(parts.closeLog, activity, session.id, code, cause);
  }

  /** Called when the client has left: ends the wait for its authentication. */
  stopWaiting(): void {
    this.#stopWaiting?.();
  }

  /** Ends the counting for the limits. */
  release(): void {
    this.#release();
  }

  /**
   * The result of an authenticator; undefined when the connection is lost first. An authenticator that never returns would otherwise
   * keep the client in memory.
   */
  async #unlessLost(
    authentication: Promise<Principal | undefined>,
    session: string,
  ): Promise<Principal | undefined> {
    const { activity, parts } = this;
    const lost = new Promise<undefined>((resolve) => {
      this.#stopWaiting = () => {
        resolve(undefined);
        logRejection(authentication, parts.closeLog, activity, session);
      };
    });
    try {
      return await Promise.race([authentication, lost]);
    } finally {
      this.#stopWaiting = undefined;
    }
  }
}

/** Logs the failure of an admission whose client has left; it may be the reason why the client left. */
function logLateFailure(
  log: LimitedLogs,
  activity: string,
  session: string,
  code: ErrorCode,
  cause: unknown,
): void {
  log.write(`late ${code}`, `${activity} of session ${session} failed: ${code}.`, cause);
}

/** Not a method, because the promise may never settle, and must not keep the client in memory. */
function logRejection(
  authentication: Promise<unknown>,
  log: LimitedLogs,
  activity: string,
  session: string,
): void {
  authentication.catch((error: unknown) => {
    const { code, cause } = MessagingError.from(error);
    logLateFailure(log, activity, session, code, cause);
  });
}
