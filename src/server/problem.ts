// What a client is told when a frame of its failed.
import type { BrokerPublisher } from '../broker/publisher.js';
import type { Subscribers } from '../broker/subscribers.js';
import { sessionQueue } from '../broker/user-destination.js';
import { MessagingError, type FieldProblem } from '../message/error.js';
import type { ClientFrame } from '../message/frame.js';
import type { Logger } from '../message/logger.js';
import type { ClientSession } from '../session/client-session.js';
import type { FrameHandler } from '../session/interceptor.js';

/** The object that travels to `/user/queue/errors`: never a stack, never the payload. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly destination?: string | undefined;
  /** The receipt that the failed frame asked for. */
  readonly receipt?: string | undefined;
  readonly fields?: readonly FieldProblem[] | undefined;
}

/** Where problems of a session go when it subscribed `/user` + this; the server alone writes there. */
export const problemQueue = '/queue/errors';

export interface ProblemParts {
  readonly publisher: BrokerPublisher;
  readonly subscribers: Subscribers;
  readonly logger: Logger;
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
        await this.#refuse(asMessagingError(thrown), frame, session);
        return false;
      }
    };
  }

  /** Sends a problem to the session's own problem queue; false when it does not listen there. Never rejects. */
  async tell(
    thrown: unknown,
    about: Pick<Problem, 'destination' | 'receipt'>,
    session: ClientSession,
  ): Promise<boolean> {
    const { publisher, subscribers, logger } = this.parts;
    const { code, message, fields, cause } = asMessagingError(thrown);
    if (code === 'handler-failed') {
      logger.error(`The handler of ${JSON.stringify(about.destination)} failed.`, cause);
    }
    const queue = sessionQueue(session.id, problemQueue);
    if (subscribers.find(session)?.listensTo(queue) !== true) return false;
    const problem: Problem = { code, message, ...about, fields };
    try {
      await publisher.publishToSession(session.id, problemQueue, problem);
      return true;
    } catch (error) {
      logger.error('A client could not be told of its problem.', error);
      return false;
    }
  }

  /** As a problem where the client listens for them, else as ERROR where it must know, else in the log. */
  async #refuse(error: MessagingError, frame: ClientFrame, session: ClientSession): Promise<void> {
    if (frame.kind === 'connect') return session.fail(error);
    const { receipt } = frame;
    const destination = destinationOf(frame);
    if (await this.tell(error, { destination, receipt }, session)) return;
    if (receipt !== undefined || isRefusal(error)) return session.fail(error, receipt);
    const { code, message } = error;
    if (code === 'handler-failed') return;
    this.parts.logger.warn(`${frame.kind} ${JSON.stringify(destination)}: ${code}: ${message}`);
  }
}

/** Anything thrown as a MessagingError; the cause stays with us. */
function asMessagingError(thrown: unknown): MessagingError {
  return thrown instanceof MessagingError
    ? thrown
    : new MessagingError('handler-failed', undefined, { cause: thrown });
}

function destinationOf(frame: ClientFrame): string | undefined {
  if (frame.kind === 'send') return frame.message.destination;
  return 'destination' in frame ? frame.destination : undefined;
}

/** A frame that the server would not take, as opposed to a handler that failed with it. */
function isRefusal({ code }: MessagingError): boolean {
  return !/^(handler|payload|argument)-/.test(code);
}
