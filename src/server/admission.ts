// Limits the sessions of a server, and the connections that have not finished CONNECT.
import type { Clock } from '../message/clock.js';
import { LimitedLog } from '../message/limited-log.js';
import type { Logger } from '../message/logger.js';
import type { Principal } from '../message/message.js';
import { printable } from '../message/quote.js';
import { accountOf, Quota, tooMany } from '../message/quota.js';
import type { ConnectionGate, ConnectionRefusal } from '../transport/transport.js';

export interface AdmissionLimits {
  readonly maxSessions: number;
  readonly maxSessionsPerUser: number;
  readonly maxSessionsPerAddress: number;
  readonly maxHandshakes: number;
  /** The number of parts of the limit; one address may have one part of the handshakes. */
  readonly shares: number;
}

export interface AdmissionParts {
  readonly limits: AdmissionLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** True when clients can become a user at CONNECT. */
  readonly hasUsers: boolean;
}

export class Admission implements ConnectionGate {
  readonly #handshakes: Quota;
  readonly #sessions: Quota;
  readonly #log: LimitedLog;

  constructor(private readonly parts: AdmissionParts) {
    const { maxSessions, maxHandshakes, shares } = parts.limits;
    this.#handshakes = new Quota(maxHandshakes, shares);
    this.#sessions = new Quota(maxSessions, 1);
    this.#log = new LimitedLog(parts.clock, parts.logger, 'warn');
  }

  refusal(address: string | undefined, principal?: Principal): ConnectionRefusal | undefined {
    const refusal = this.#refusal(address, principal);
    if (refusal !== undefined)
      this.#log.write(
        `A connection from ${address ?? 'an unknown address'} was refused: ${refusal.code}.`,
      );
    return refusal;
  }

  begin(address: string | undefined): () => void {
    return counted(this.#handshakes, accountOf(undefined, address));
  }

  /**
   * Counts a session whose CONNECT is accepted. Returns a function that ends the counting.
   *
   * @throws {MessagingError} `session-limit`
   */
  open(account: string, principal: Principal | undefined): () => void {
    const { maxSessionsPerUser, maxSessionsPerAddress } = this.parts.limits;
    const share = principal === undefined ? maxSessionsPerAddress : maxSessionsPerUser;
    const excess = this.#sessions.excess(account, 1, share);
    if (excess !== undefined) {
      this.#log.write(`CONNECT of ${printable(account, 200)} was refused: session-limit.`);
      throw tooMany('session-limit', excess, 'sessions');
    }
    return counted(this.#sessions, account);
  }

  #refusal(
    address: string | undefined,
    principal: Principal | undefined,
  ): ConnectionRefusal | undefined {
    const { limits, hasUsers } = this.parts;
    const account = accountOf(undefined, address);
    const handshakes = this.#handshakes.excess(account, 1);
    if (handshakes !== undefined) return { code: 'handshake-limit', excess: handshakes };
    // A client that may become a user is not counted for its address before CONNECT.
    const owner = hasUsers || principal !== undefined ? undefined : account;
    const sessions = this.#sessions.excess(owner, 1, limits.maxSessionsPerAddress);
    return sessions && { code: 'session-limit', excess: sessions };
  }
}

/** Counts one for the account. The returned function subtracts it again, once. */
function counted(quota: Quota, account: string): () => void {
  quota.add(account, 1);
  let open = true;
  return () => {
    if (!open) return;
    open = false;
    quota.add(account, -1);
  };
}
