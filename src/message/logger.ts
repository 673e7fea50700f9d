// The logger of a server: the contract, and the console.

export interface Logger {
  error(text: string, cause?: unknown): void;
  warn(text: string, cause?: unknown): void;
  info(text: string): void;
}

export const consoleLogger: Logger = {
  error: (text, cause) => (cause === undefined ? console.error(text) : console.error(text, cause)),
  warn: (text, cause) => (cause === undefined ? console.warn(text) : console.warn(text, cause)),
  info: (text) => console.info(text),
};

/** The same logger, but it never throws. The console throws for an error whose `message` throws. */
export function unfailing(logger: Logger): Logger {
  const attempt = (say: () => void, text: string) => {
    try {
      say();
    } catch {
      console.error(`${text} (The log could not show why.)`);
    }
  };
  return {
    error: (text, cause) => attempt(() => logger.error(text, cause), text),
    warn: (text, cause) => attempt(() => logger.warn(text, cause), text),
    info: (text) => attempt(() => logger.info(text), text),
  };
}

export const silentLogger: Logger = { error: () => {}, warn: () => {}, info: () => {} };
