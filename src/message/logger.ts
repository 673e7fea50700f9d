// The logger of a server: the contract, the console, adapters for pino and winston, and a limit for repeated lines.
import type { Clock } from './clock.js';
import { isPromise } from './promise.js';

/**
 * Receives the log of a server: the text, and the error that caused the entry. The console, a pino logger and a winston logger can
 * be passed directly.
 */
export interface Logger {
  /** Logs a failure. @param cause the error that caused it */
  error(text: string, cause?: unknown): void;
  /** Logs a problem that the server has handled. @param cause the error that caused it */
  warn(text: string, cause?: unknown): void;
  /** Logs an event of normal operation. */
  info(text: string): void;
}

/** Logs to the console; the default of a server. */
export const consoleLogger: Logger = {
  error: (text, cause) => (cause === undefined ? console.error(text) : console.error(text, cause)),
  warn: (text, cause) => (cause === undefined ? console.warn(text) : console.warn(text, cause)),
  info: (text) => console.info(text),
};

/** Adapts the logger of a library: pino would drop an error that follows a text. */
export function adapted(logger: Logger): Logger {
  const order = isPino(logger) ? errorFirst : isWinston(logger) ? errorOrFields : undefined;
  if (order === undefined) return logger;
  const log = (level: 'error' | 'warn') => (text: string, cause?: unknown) =>
    cause === undefined
      ? logger[level](text)
      : (logger[level] as (...values: readonly unknown[]) => void)(...order(text, cause));
  return { error: log('error'), warn: log('warn'), info: (text) => logger.info(text) };
}

const isPino = (logger: object) => has(logger, 'bindings') && has(logger, 'child');
const isWinston = (logger: object) =>
  has(logger, 'log') && 'levels' in logger && 'transports' in logger;

function has(logger: object, method: string): boolean {
  return typeof (logger as Readonly<Record<string, unknown>>)[method] === 'function';
}

/** pino has its own key for errors, and `err` for other values. */
const errorFirst = (text: string, cause: unknown) => [
  cause instanceof Error ? cause : { err: cause },
  text,
];

/** winston drops values that are neither errors nor objects. */
const errorOrFields = (text: string, cause: unknown) => [
  text,
  cause instanceof Error ? cause : { cause },
];

/** Wraps a logger so that it never throws or rejects. The console throws for an error with a getter `message` that throws. */
export function unfailing(logger: Logger): Logger {
  const attempt = (log: () => unknown, text: string) => {
    const failed = () => console.error(`${text} (The cause could not be logged.)`);
    try {
      const result = log();
      if (isPromise(result)) Promise.resolve(result).catch(failed);
    } catch {
      failed();
    }
  };
  return {
    error: (text, cause) => attempt(() => logger.error(text, cause), text),
    warn: (text, cause) => attempt(() => logger.warn(text, cause), text),
    info: (text) => attempt(() => logger.info(text), text),
  };
}

/** Milliseconds between two lines of a limited log. */
const limitedInterval = 60_000;

/** Writes at most one line per minute, with the number of omitted lines, because clients can cause any number of them. */
export class LimitedLog {
  #leftOut = 0;
  #writtenAt = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly level: 'error' | 'warn',
  ) {}

  /** True when a line would be written now; otherwise counts an omitted line. For lines whose text takes long to make. */
  admits(): boolean {
    if (this.clock.now() - this.#writtenAt >= limitedInterval) return true;
    this.#leftOut++;
    return false;
  }

  write(text: string, cause?: unknown): void {
    if (!this.admits()) return;
    const others =
      this.#leftOut === 0 ? '' : ` Similar lines omitted since the last one: ${this.#leftOut}.`;
    this.logger[this.level](`${text}${others}`, cause);
    this.#writtenAt = this.clock.now();
    this.#leftOut = 0;
  }
}

/** A limited log for each kind of line, so that many lines of one kind do not suppress another. Kinds are few, such as error codes. */
export class LimitedLogs {
  readonly #logs = new Map<string, LimitedLog>();

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly level: 'error' | 'warn',
  ) {}

  write(kind: string, text: string, cause?: unknown): void {
    let log = this.#logs.get(kind);
    if (log === undefined)
      this.#logs.set(kind, (log = new LimitedLog(this.clock, this.logger, this.level)));
    log.write(text, cause);
  }
}

/** Lines per minute of all sources together, as a multiple of those of one source. */
const sourcesPerMinute = 10;

/** Writes a limited number of lines per minute for each source, such as a client, and counts the others. */
export class LinesPerMinute {
  /** The lines of each source in this minute. */
  readonly #written = new Map<string, number>();
  #total = 0;
  #leftOut = 0;
  #beganAt = -Infinity;

  /** @param max lines of one source; all sources together may write ten times as many */
  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly level: 'error' | 'warn',
    private readonly max: number,
  ) {}

  /** @param text called only for a line that is written */
  write(source: string, text: () => string, cause?: unknown): void {
    this.#beginMinute();
    const lines = (this.#written.get(source) ?? 0) + 1;
    if (lines > this.max || this.#total >= this.max * sourcesPerMinute) {
      this.#leftOut++;
      return;
    }
    const omitted = this.#omittedBefore();
    this.#written.set(source, lines);
    this.#total++;
    const last = lines < this.max ? '' : ' Further lines of this kind are omitted for a minute.';
    this.logger[this.level](`${text()}${omitted}${last}`, cause);
  }

  /** The first line of a minute has the number of lines that were omitted before. */
  #omittedBefore(): string {
    if (this.#total > 0 || this.#leftOut === 0) return '';
    const text = ` Lines of all kinds omitted before: ${this.#leftOut}.`;
    this.#leftOut = 0;
    return text;
  }

  #beginMinute(): void {
    const now = this.clock.now();
    if (now - this.#beganAt < limitedInterval) return;
    this.#beganAt = now;
    this.#written.clear();
    this.#total = 0;
  }
}

/** Logs nothing. */
export const silentLogger: Logger = { error: () => {}, warn: () => {}, info: () => {} };
