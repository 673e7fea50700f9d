// Reports failed frames: to the client where its protocol or its problem queue allows it, otherwise to the log.
import type { BrokerPublisher } from '../broker/publisher.js';
import type { SessionSubscriber } from '../broker/subscriber.js';
import { errorCodes, MessagingError } from '../message/error.js';
import type { ClientFrame, ConnectFrame, Problem } from '../message/frame.js';
import type { Logger } from '../message/logger.js';
import { problemQueue } from '../message/target.js';
import type { ClientSession, ProblemContext } from '../session/client-session.js';

export interface ProblemParts {
  readonly publisher: BrokerPublisher;
  readonly logger: Logger;
  /** True when a refused frame ends the session. */
  readonly refusalCloses: boolean;
}

/** The client that a problem is reported to; `server/client.ts` implements it. */
export interface ProblemReceiver {
  readonly session: ClientSession;
  readonly openSubscriber: SessionSubscriber | undefined;
}

export class Problems {
  constructor(private readonly parts: ProblemParts) {}

  /**
   * Sends a problem to the client, by an error frame of its protocol or to its problem queue. Returns false when it has
   * neither. Never rejects.
   */
  async report(
    thrown: unknown,
    about: ProblemContext,
    { session, openSubscriber }: ProblemReceiver,
  ): Promise<boolean> {
    const { publisher, logger } = this.parts;
    const error = MessagingError.from(thrown);
    const fault = faultOf(error, about.destination);
    if (fault !== undefined) logger.error(fault, error.cause);
    const { code, message, detail, fields } = error;
    const problem: Problem = { code, message, detail, ...about, fields };
    if (session.report(problem)) return true;
    if (openSubscriber?.reads(problemQueue) !== true) return false;
    try {
      await publisher.publishToSession(session.id, problemQueue, problem);
      return true;
    } catch (error) {
      logger.error('A problem could not be sent to its client.', error);
      return false;
    }
  }

  /**
   * Reports a frame whose processing failed. When the client cannot receive a report, sends ERROR if the client has to know, and
   * otherwise logs. Never rejects.
   */
  async refuse(
    thrown: unknown,
    frame: Exclude<ClientFrame, ConnectFrame>,
    client: ProblemReceiver,
  ): Promise<void> {
    const { session } = client;
    const error = MessagingError.from(thrown);
    const about = { destination: destinationOf(frame), receipt: frame.receipt };
    const refused = errorCodes[error.code].class !== 'handler-failure';
    if (refused && this.parts.refusalCloses) return session.fail(error, about);
    if (await this.report(error, about, client)) return;
    if (refused || about.receipt !== undefined) return session.fail(error, about);
    if (faultOf(error, about.destination) !== undefined) return;
    const { code, message } = error;
    this.parts.logger.warn(
      `${frame.kind} ${JSON.stringify(about.destination)}: ${code}: ${message}`,
    );
  }
}

function destinationOf(frame: ClientFrame): string | undefined {
  if (frame.kind === 'send') return frame.message.destination;
  return 'destination' in frame ? frame.destination : undefined;
}

/** A log line for a failure that the application has to fix; undefined for mistakes of the client. */
function faultOf(
  { code, cause }: MessagingError,
  destination: string | undefined,
): string | undefined {
  const place = JSON.stringify(destination);
  switch (code) {
    case 'handler-failed':
      return `The handler of ${place} failed.`;
    case 'handler-timeout':
      return `The handler of ${place} took too long.`;
    case 'payload-unwritable':
      return `The result of the handler of ${place} cannot be written.`;
    case 'payload-invalid':
      return cause === undefined ? undefined : `The payload of ${place} could not be validated.`;
    case 'transaction-failed': {
      const isFault =
        cause instanceof MessagingError ? faultOf(cause, destination) : cause !== undefined;
      return isFault ? 'A handler failed in a transaction.' : undefined;
    }
    default:
      return undefined;
  }
}
