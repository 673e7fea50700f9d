// What a client is told when a frame of its failed.
import type { BrokerPublisher } from '../broker/publisher.js';
import type { Subscribers } from '../broker/subscribers.js';
import { sessionQueue } from '../broker/user-destination.js';
import { MessagingError } from '../message/error.js';
import type { ClientFrame, Problem } from '../message/frame.js';
import type { Logger } from '../message/logger.js';
import type { ClientSession, ProblemContext } from '../session/client-session.js';
import type { FrameHandler } from '../session/interceptor.js';

/** Where problems of a session go when it subscribed `/user` + this; the server alone writes there. */
export const problemQueue = '/queue/errors';

export interface ProblemParts {
  readonly publisher: BrokerPublisher;
  readonly subscribers: Subscribers;
  readonly logger: Logger;
  /** Whether a refused frame ends the session, as in Spring. */
  readonly refusalCloses: boolean;
}

export class Problems {
  constructor(private readonly parts: ProblemParts) {}

  /** The handler with an answer to everything that it throws; true when the frame was processed. */
  guard(
    handler: FrameHandler<ClientSession>,
  ): (frame: ClientFrame, session: ClientSession) => Promise<boolean> {
    return async (frame, session) => {
      try {
        await handler(frame, session);
        return true;
      } catch (thrown) {
        await this.#refuse(MessagingError.from(thrown), frame, session);
        return false;
      }
    };
  }

  /** Tells a session of a problem, in its protocol's own way or on its problem queue; false when neither is there. Never rejects. */
  async tell(thrown: unknown, about: ProblemContext, session: ClientSession): Promise<boolean> {
    const { publisher, subscribers, logger } = this.parts;
    const error = MessagingError.from(thrown);
    const fault = faultOf(error, about.destination);
    if (fault !== undefined) logger.error(fault, error.cause);
    const { code, message, detail, fields } = error;
    const problem: Problem = { code, message, detail, ...about, fields };
    if (session.report(problem)) return true;
    const queue = sessionQueue(session.id, problemQueue);
    if (subscribers.find(session)?.listensTo(queue) !== true) return false;
    try {
      await publisher.publishToSession(session.id, problemQueue, problem);
      return true;
    } catch (error) {
      logger.error('A client could not be told of its problem.', error);
      return false;
    }
  }

  /** As a problem where the client can be told of it, else as ERROR where it must know, else in the log. */
  async #refuse(error: MessagingError, frame: ClientFrame, session: ClientSession): Promise<void> {
    if (frame.kind === 'connect') return session.fail(error);
    const about = { destination: destinationOf(frame), receipt: frame.receipt };
    const refused = isRefusal(error);
    if (refused && this.parts.refusalCloses) return session.fail(error, about);
    if (await this.tell(error, about, session)) return;
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

/** What the application has to mend, of which its client hears no more than the code; undefined for failures of the client's. */
function faultOf(
  { code, cause }: MessagingError,
  destination: string | undefined,
): string | undefined {
  const what = JSON.stringify(destination);
  switch (code) {
    case 'handler-failed':
      return `The handler of ${what} failed.`;
    case 'handler-timeout':
      return `The handler of ${what} took too long.`;
    case 'payload-unwritable':
      return `What the handler of ${what} gave cannot be written.`;
    case 'payload-invalid':
      return cause === undefined ? undefined : `The payload of ${what} could not be checked.`;
    case 'transaction-failed': {
      const isFault =
        cause instanceof MessagingError ? faultOf(cause, destination) : cause !== undefined;
      return isFault ? 'A handler failed in a transaction.' : undefined;
    }
    default:
      return undefined;
  }
}

/** A frame that the server would not take, as opposed to a handler that failed with it. */
function isRefusal({ code }: MessagingError): boolean {
  return !/^(handler|payload|argument)-/.test(code);
}
