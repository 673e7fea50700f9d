// The logger of a server: the contract, the console, and adapters for pino and winston.
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

/** Logs nothing. */
export const silentLogger: Logger = { error: () => {}, warn: () => {}, info: () => {} };

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
