// What the server has to say to its operator: one small interface, and the console behind it.

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

export const silentLogger: Logger = { error: () => {}, warn: () => {}, info: () => {} };
