// What the server said to its operator, kept for the test.
import { silentLogger, type Logger } from '../message/logger.js';

export interface LogEntry {
  readonly level: 'error' | 'warn' | 'info';
  readonly text: string;
  readonly cause?: unknown;
}

export interface RecordedLog extends Logger {
  readonly entries: readonly LogEntry[];
}

/** Hands everything on to the application's own logger, if it has one. */
export function recordedLog(logger: Logger = silentLogger): RecordedLog {
  const entries: LogEntry[] = [];
  const record = (level: 'error' | 'warn') => (text: string, cause?: unknown) => {
    entries.push(cause === undefined ? { level, text } : { level, text, cause });
    logger[level](text, cause);
  };
  return {
    entries,
    error: record('error'),
    warn: record('warn'),
    info(text) {
      entries.push({ level: 'info', text });
      logger.info(text);
    },
  };
}
