// Records the activity of the server under test: log entries, publications, running handlers and open streams.
import type { Publication } from '../broker/publication.js';
import type { PublicationHook } from '../broker/publisher.js';
import type { DeliveryHook } from '../broker/subscriber.js';
import type { Invocation } from '../dispatch/invocation.js';
import type { Route } from '../dispatch/route.js';
import { adapted, silentLogger, type Logger } from '../message/logger.js';
import type { Message } from '../message/message.js';
import type { Session } from '../session/session.js';

/** A line that the server logged. */
export interface LogEntry {
  /** Method of the logger. */
  readonly level: 'error' | 'warn' | 'info';
  /** The logged text. */
  readonly text: string;
  /** The error of the log entry; absent if the server logged none. */
  readonly cause?: unknown;
}

export interface RecordedPublication {
  readonly message: Message;
  /** The session whose queue it was published to. */
  readonly session: string | undefined;
  /** The user that it was published to, if the user had no session. */
  readonly user: string | undefined;
  /** The session whose client sent it to the broker directly; undefined if the application published it. */
  readonly by: string | undefined;
  /** The sessions that received it, once for each subscription. */
  readonly to: string[];
}

/** A handler call or a stream that has not ended. */
export interface RunningTask {
  /** Class and method, such as `ChatController.say`. */
  readonly handler: string;
  readonly destination: string;
  readonly session: string;
  /** The subscription that a SUBSCRIBE opened; undefined for a SEND. */
  readonly subscription: string | undefined;
}

export class Recorder {
  readonly log: LogEntry[] = [];
  readonly publications: RecordedPublication[] = [];
  /** Records the lines of the server's log, and passes them on to the logger of the application. */
  readonly logger: Logger;
  readonly #records = new Map<Publication, RecordedPublication[]>();
  readonly #handlers = new Set<RunningTask>();
  readonly #streams = new Set<RunningTask>();
  #streamListeners: (() => void)[] = [];
  #latestSession = '';

  constructor(given: Logger = silentLogger) {
    const logger = adapted(given);
    const record = (level: 'error' | 'warn') => (text: string, cause?: unknown) => {
      this.log.push(cause === undefined ? { level, text } : { level, text, cause });
      logger[level](text, cause);
    };
    this.logger = {
      error: record('error'),
      warn: record('warn'),
      info: (text) => {
        this.log.push({ level: 'info', text });
        logger.info(text);
      },
    };
  }

  /** Id of the session that connected last. */
  get latestSession(): string {
    return this.#latestSession;
  }

  /** Handlers that have not returned, including those whose timeout has passed. */
  get handlers(): readonly RunningTask[] {
    return [...this.#handlers];
  }

  /** Streams that have not ended. */
  get streams(): readonly RunningTask[] {
    return [...this.#streams];
  }

  /** Resolves when the next stream ends. */
  nextStreamEnd(): Promise<void> {
    return new Promise((resolve) => this.#streamListeners.push(resolve));
  }

  readonly onConnection = ({ id }: Session): undefined => {
    this.#latestSession = id;
  };

  readonly onRoute = (route: Route, invocation: Invocation): (() => void) => {
    const task = taskOf(route, invocation);
    this.#handlers.add(task);
    return () => void this.#handlers.delete(task);
  };

  readonly onStream = (route: Route, invocation: Invocation): (() => void) => {
    const task = taskOf(route, invocation);
    this.#streams.add(task);
    return () => {
      this.#streams.delete(task);
      const listeners = this.#streamListeners;
      this.#streamListeners = [];
      for (const listener of listeners) listener();
    };
  };

  /** Records a publication; removes it when the broker rejects it. */
  readonly onPublication: PublicationHook = (publication, address) => {
    const { message, origin: by } = publication;
    const session = address.kind === 'session' ? address.session : undefined;
    const user = address.kind === 'user' ? address.user : undefined;
    const record = { message, session, user, by, to: [] };
    this.publications.push(record);
    const records = this.#records.get(publication) ?? [];
    this.#records.set(publication, [...records, record]);
    return (refusal) => {
      if (refusal !== undefined) this.publications.splice(this.publications.indexOf(record), 1);
    };
  };

  readonly onDelivery: DeliveryHook = (publication, session) => {
    const records = this.#records.get(publication) ?? [];
    const record = records.find((each) => each.session === session) ?? records[0];
    record?.to.push(session);
    return undefined;
  };
}

function taskOf({ handler }: Route, { message, session, subscription }: Invocation): RunningTask {
  return { handler, destination: message.destination, session: session.id, subscription };
}
