// Handshake interceptors: functions of the application that run before a client is accepted over HTTP.
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { inspect } from 'node:util';
import type { Clock } from '../message/clock.js';
import { LimitedLog } from '../message/limited-log.js';
import type { Logger } from '../message/logger.js';
import type { Principal } from '../message/message.js';
import { checkShape, requireMethods, type Shape } from '../message/option.js';
import { settledInTime } from '../message/promise.js';
import type { HandshakeCheck, HandshakeRefusal, HandshakeRequest } from '../transport/handshake.js';
import type { SessionAttributeMap } from './session.js';

/** Facts that an interceptor adds to a handshake that it accepts. */
export interface HandshakeChoice {
  /** One of the subprotocols that the client offers. @default the endpoint chooses */
  readonly subprotocol?: string;
  /** The user of the session. `authenticate` can replace it. @default none: the client is anonymous */
  readonly principal?: Principal;
}

/** The answer to a handshake. */
export interface HandshakeResult {
  /**
   * HTTP status. For an accepted client, it is 101, or 200 over SSE, and over SockJS without WebSocket. For a further request of a
   * SockJS session, it is the status of this request, such as 204 for sent messages. Undefined when the client has left before the
   * answer.
   */
  readonly status: number | undefined;
}

/**
 * Runs before a client is accepted over HTTP, after the origin check and the limits of connections (Spring: `HandshakeInterceptor`).
 *
 * @example
 * ```ts
 * const onlyMembers: HandshakeInterceptor = {
 *   before({ headers }, attributes) {
 *     if (!headers.has('x-member')) return { status: 403, body: 'Members only.' };
 *     attributes.set('member', headers.get('x-member'));
 *   },
 * };
 * const server = await createServer({ handshakeInterceptors: [onlyMembers] });
 * ```
 */
export interface HandshakeInterceptor {
  /**
   * Accepts the client by returning nothing or a choice, or refuses it by returning a status. When it throws, or takes longer than
   * `handlerTimeout`, the client gets 500 and the error is logged.
   *
   * @param attributes the attributes that the session begins with
   */
  before?(
    request: HandshakeRequest,
    attributes: SessionAttributeMap,
  ): HandshakeRefusal | HandshakeChoice | void | Promise<HandshakeRefusal | HandshakeChoice | void>;
  /**
   * Called after the answer, in reverse order, if `before` of this interceptor has accepted the client. Not awaited; errors are logged.
   */
  after?(request: HandshakeRequest, result: HandshakeResult): void | Promise<void>;
}

const interceptorShape: Shape<HandshakeInterceptor> = { before: () => {}, after: () => {} };

/** @throws {MessagingError} `option-invalid` unless each has methods of an interceptor only */
export function checkInterceptors(interceptors: readonly HandshakeInterceptor[]): void {
  for (const [i, each] of interceptors.entries()) {
    const name = `handshakeInterceptors.${i}`;
    // An instance of a class may have further members.
    if (Object.getPrototypeOf(Object(each)) === Object.prototype)
      checkShape<HandshakeInterceptor>(`${name}.`, each, interceptorShape);
    const methods = (['before', 'after'] as const).filter((method) => method in Object(each));
    requireMethods(
      name,
      each,
      'a HandshakeInterceptor, as { before(request) {} }',
      methods.length === 0 ? ['before'] : methods,
    );
  }
}

export interface HandshakeParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds that all interceptors of a request may take together; 0 for no limit. */
  readonly timeout: number;
}

/** One function of all interceptors, for transports on HTTP; undefined when there are none. */
export function interceptHandshakes(
  interceptors: readonly HandshakeInterceptor[],
  { clock, logger, timeout }: HandshakeParts,
): HandshakeCheck | undefined {
  if (interceptors.length === 0) return undefined;
  // Clients can send any number of handshakes.
  const log = new LimitedLog(clock, logger, 'error');
  return async (request) => {
    const run = new HandshakeRun(request, interceptors);
    try {
      await settledInTime(run.before(), clock, timeout);
    } catch (error) {
      run.fail();
      log.write('A handshake interceptor failed.', error);
    }
    return {
      ...run.decision,
      answered: (status) => {
        run.after({ status }, (error) => log.write('A handshake interceptor failed.', error));
      },
    };
  };
}

/** The interceptors of one request. */
class HandshakeRun {
  readonly #attributes = new Map<string, unknown>();
  /** The interceptors that have accepted the client, the last one first. */
  readonly #accepted: HandshakeInterceptor[] = [];
  #choice: HandshakeChoice = {};
  #refusal: HandshakeRefusal | undefined;

  constructor(
    private readonly request: HandshakeRequest,
    private readonly interceptors: readonly HandshakeInterceptor[],
  ) {}

  get decision() {
    return {
      refusal: this.#refusal,
      subprotocol: this.#choice.subprotocol,
      principal: this.#choice.principal,
      attributes: this.#attributes.size === 0 ? undefined : this.#attributes,
    };
  }

  async before(): Promise<void> {
    for (const interceptor of this.interceptors) {
      const attributes = this.#attributes as SessionAttributeMap;
      const answer: unknown = await interceptor.before?.(this.request, attributes);
      // After the timeout, the client has its answer.
      if (this.#refusal !== undefined) return;
      if (isRefusal(answer)) {
        this.#refusal = checkedRefusal(answer);
        return;
      }
      this.#choice = { ...this.#choice, ...this.#checkedChoice(answer) };
      this.#accepted.unshift(interceptor);
    }
  }

  fail(): void {
    this.#refusal = { status: 500 };
  }

  after(result: HandshakeResult, failed: (error: unknown) => void): void {
    for (const interceptor of this.#accepted)
      void (async () => interceptor.after?.(this.request, result))().catch(failed);
  }

  #checkedChoice(answer: unknown): HandshakeChoice {
    if (answer === undefined) return {};
    if (typeof answer !== 'object' || answer === null)
      throw new TypeError(
        `before() returned ${inspect(answer)}; to refuse a client, return a status, as { status: 403 }.`,
      );
    checkShape<HandshakeChoice>('', answer, { subprotocol: '', principal: {} });
    const { subprotocol } = answer as HandshakeChoice;
    // A browser fails a connection with a subprotocol that it has not offered.
    if (subprotocol !== undefined && !this.request.subprotocols.includes(subprotocol))
      throw new TypeError(
        `before() chose ${inspect(subprotocol)}, which the client has not offered.`,
      );
    return answer;
  }
}

function isRefusal(answer: unknown): answer is HandshakeRefusal {
  return typeof answer === 'object' && answer !== null && 'status' in answer;
}

/** The headers that the server writes itself. */
const ownHeader = /^(?:connection|content-length|transfer-encoding)$/i;

/** @throws when the answer is not valid in HTTP */
function checkedRefusal({ status, headers = {}, body = '' }: HandshakeRefusal): HandshakeRefusal {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new TypeError(`before() returned the status ${inspect(status)}; it must be 200 to 599.`);
  const kept = Object.entries(headers).filter(([name]) => !ownHeader.test(name));
  for (const [name, values] of kept) {
    validateHeaderName(name);
    for (const value of [values].flat()) validateHeaderValue(name, value);
  }
  const hasType = kept.some(([name]) => /^content-type$/i.test(name));
  const type: typeof kept =
    body === '' || hasType ? [] : [['Content-Type', 'text/plain; charset=utf-8']];
  return { status, headers: Object.fromEntries([...type, ...kept]), body: `${body}` };
}
