// Answers failed frames: with a problem to their client, with ERROR and the end of the session, or only with a line in the log.
import type { BrokerPublisher } from '../broker/publisher.js';
import type { SessionSubscriber } from '../broker/subscriber.js';
import { failedHandlerOf } from '../dispatch/invocation.js';
import type { Clock } from '../message/clock.js';
import { MessagingError, rootOf } from '../message/error.js';
import type { ClientFrame, ConnectFrame, Problem } from '../message/frame.js';
import { LinesPerMinute } from '../message/limited-log.js';
import type { Logger } from '../message/logger.js';
import { loggable, quote } from '../message/quote.js';
import { problemQueue } from '../message/target.js';
import type { ClientSession } from '../session/client-session.js';
import type { KnownDestinations } from './known-destinations.js';

/** The answer to a frame that the server rejects, or whose handler fails. */
export type RejectedFrameAnswer = 'report' | 'close' | 'ignore';

export const rejectedFrameAnswers: readonly RejectedFrameAnswer[] = ['report', 'close', 'ignore'];

export interface ProblemParts {
  readonly publisher: BrokerPublisher;
  readonly logger: Logger;
  readonly destinations: KnownDestinations;
  readonly answer: RejectedFrameAnswer;
  /** The queue of problems as clients name it, such as `/user/queue/errors`. */
  readonly problemQueue: string;
  readonly clock: Clock;
  /** Rejected frames of one account, and failures of one place in the application, that are logged in a minute. */
  readonly maxLogged: number;
}

/** The client that a problem is reported to; `server/client.ts` implements it. */
export interface ProblemReceiver {
  readonly session: ClientSession;
  readonly openSubscriber: SessionSubscriber | undefined;
  /** The user or the address of the client. */
  readonly account: string;
}

/** CONNECT is answered by the client record, because its failure always ends the session. */
type RejectableFrame = Exclude<ClientFrame, ConnectFrame>;

/** The fields of a failed frame that its problem and the log name. */
export interface FailedFrame {
  readonly kind: RejectableFrame['kind'];
  readonly destination?: string | undefined;
  /** The subscription, acknowledgement or transaction of a frame without a destination. */
  readonly id?: string | undefined;
  readonly receipt?: string | undefined;
}

/** The destinations of frames that nothing serves. An interceptor may have changed the destination of the client. */
const unserved = new WeakMap<MessagingError, string>();

/** The error for a frame that nothing serves. @param destination as the server has processed it */
export function noRoute(destination: string): MessagingError {
  const error = new MessagingError('no-route');
  unserved.set(error, destination);
  return error;
}

/** The destination that nothing serves, if an interceptor has changed the destination of the client to it. */
function changedDestination(
  error: MessagingError,
  { destination }: FailedFrame,
): string | undefined {
  const processed = unserved.get(error);
  return destination === undefined || processed === destination ? undefined : processed;
}

export class Problems {
  /** Rejected frames by account, because a client can send any number of them, and can connect again. */
  readonly #rejections: LinesPerMinute;
  /** Failures of the application by the place that threw. */
  readonly #faults: LinesPerMinute;

  constructor(private readonly parts: ProblemParts) {
    const { clock, logger, maxLogged } = parts;
    this.#rejections = new LinesPerMinute(clock, logger, 'warn', maxLogged);
    this.#faults = new LinesPerMinute(clock, logger, 'error', maxLogged);
  }

  /**
   * Answers a frame whose processing failed, or whose stream failed later. Logs failures of the application in any case. Never
   * rejects.
   */
  async reject(thrown: unknown, frame: FailedFrame, client: ProblemReceiver): Promise<void> {
    const { answer } = this.parts;
    const { destination, receipt } = frame;
    const error = MessagingError.from(thrown);
    const logged = this.#logFault(error, frame);
    if (answer === 'ignore') return;
    if (answer === 'report' && (await this.#report(error, frame, client))) return;
    // STOMP has no answer to a requested receipt but RECEIPT and ERROR, and ERROR ends the session.
    if (answer === 'close' || receipt !== undefined)
      client.session.fail(this.#explain(error, frame), { destination, receipt });
    else if (!logged) this.#logRejected(error, frame, client);
  }

  /** The error with the nearest destination. Called only for a text that is sent or logged, because the search takes long. */
  #explain(error: MessagingError, frame: FailedFrame): MessagingError {
    const { kind, destination } = frame;
    // The log names the other destination, which may be internal.
    if (changedDestination(error, frame) !== undefined)
      return new MessagingError(
        error.code,
        `The server has changed the destination ${quote(destination!)} to one that nothing serves.`,
      );
    return this.parts.destinations.explain(error, kind, destination);
  }

  /** Sends a problem by an error frame of the client's protocol or to its problem queue; false when it has neither. */
  async #report(
    error: MessagingError,
    frame: FailedFrame,
    { session, openSubscriber }: ProblemReceiver,
  ): Promise<boolean> {
    const { hasNonFatalErrors } = session;
    if (!hasNonFatalErrors && openSubscriber?.reads(problemQueue) !== true) return false;
    const { code, message, detail, fields } = this.#explain(error, frame);
    const { destination, receipt } = frame;
    const problem: Problem = { code, message, detail, destination, receipt, fields };
    if (hasNonFatalErrors) {
      session.send({ kind: 'error', ...problem, fatal: false });
      return true;
    }
    try {
      await this.parts.publisher.publishToSession(session.id, problemQueue, problem);
      return true;
    } catch (failure) {
      this.parts.logger.error('A problem could not be sent to its client.', failure);
      return false;
    }
  }

  /** Logs a failure that the application has to fix; false for mistakes of the client. */
  #logFault(error: MessagingError, frame: FailedFrame): boolean {
    const fault = faultOf(error, frame);
    if (fault === undefined) return false;
    const cause = causeOf(error);
    this.#faults.write(`${error.code} ${placeOf(cause)}`, () => fault, cause);
    return true;
  }

  #logRejected(error: MessagingError, frame: FailedFrame, client: ProblemReceiver): void {
    this.#rejections.write(client.account, () => {
      const { code, message, detail } = this.#explain(error, frame);
      const reason = loggable(detail === undefined ? message : `${message} ${detail}`);
      const fix =
        client.openSubscriber?.reads(problemQueue) === false
          ? ` The client receives its problems after it subscribes to ${this.parts.problemQueue}.`
          : '';
      return `${describe(frame)} of session ${client.session.id} was rejected: ${code}: ${reason}${fix}`;
    });
  }
}

/** The fields of a frame that a problem names. */
export function failedFrame(frame: RejectableFrame): FailedFrame {
  const { kind } = frame;
  switch (kind) {
    case 'send':
      return { kind, destination: frame.message.destination, receipt: frame.receipt };
    case 'begin':
    case 'commit':
    case 'abort':
      return { kind, id: frame.transaction, receipt: frame.receipt };
    case 'disconnect':
      return { kind, receipt: frame.receipt };
    case 'subscribe':
    case 'unsubscribe':
      return { kind, destination: frame.destination, id: frame.id, receipt: frame.receipt };
    case 'ack':
    case 'nack':
      return { kind, id: frame.id, receipt: frame.receipt };
    default:
      return frame satisfies never;
  }
}

/** Kind and destination, such as `SEND '/app/hello'`. */
function describe({ kind, destination, id }: FailedFrame): string {
  const name = destination ?? id;
  return name === undefined ? kind.toUpperCase() : `${kind.toUpperCase()} ${quote(name)}`;
}

/** The handler whose error made a transaction fail. */
function handlerOf(cause: unknown): string {
  return (cause instanceof MessagingError && failedHandlerOf(cause)) || 'A handler';
}

/** With the handler, such as `SEND '/app/hello' (HelloController.hello)`, if the error is the error of a handler. */
function describeWithHandler(error: MessagingError, frame: FailedFrame): string {
  const handler = failedHandlerOf(error);
  return handler === undefined ? describe(frame) : `${describe(frame)} (${handler})`;
}

/** A log line for a failure that the application has to fix; undefined for mistakes of the client. */
function faultOf(error: MessagingError, frame: FailedFrame): string | undefined {
  const { code, cause } = error;
  switch (code) {
    case 'handler-failed':
      return `Processing ${describeWithHandler(error, frame)} failed.`;
    case 'handler-timeout':
      return `The handler of ${describeWithHandler(error, frame)} took too long.`;
    case 'payload-unwritable':
      return `The result of the handler of ${describe(frame)} cannot be written.`;
    case 'payload-invalid':
      return cause === undefined
        ? undefined
        : `The payload of ${describeWithHandler(error, frame)} could not be validated.`;
    case 'transaction-failed': {
      const root = rootOf(error);
      const isFault = root.code !== code && faultOf(root, frame) !== undefined;
      return isFault ? `${handlerOf(cause)} failed in a transaction.` : undefined;
    }
    case 'no-route': {
      const changed = changedDestination(error, frame);
      if (changed === undefined) return undefined;
      return `An interceptor has changed the destination of ${describe(frame)} to ${quote(changed)}, which nothing serves.`;
    }
    default:
      return undefined;
  }
}

/** The error of the application; for a failed transaction, the error of the failed frame. */
function causeOf(error: MessagingError): unknown {
  const root = rootOf(error);
  return root === error && error.code !== 'payload-unwritable' ? error.cause : (root.cause ?? root);
}

/** The line of the stack that threw; the text of an error can contain data of clients. */
function placeOf(cause: unknown): string {
  try {
    const stack = cause instanceof Error ? (cause.stack ?? '') : '';
    return /^ +at .*$/m.exec(stack)?.[0] ?? '';
  } catch {
    // The properties of a thrown object may throw.
    return '';
  }
}
