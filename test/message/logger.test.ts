// The log: whatever it is given, and however it fails, it harms nobody.
import { afterEach, expect, it, vi } from 'vitest';
import { consoleLogger, silentLogger, unfailing, type Logger } from '../../src/message/logger.js';

afterEach(() => vi.restoreAllMocks());

it('says the text and the cause', () => {
  const error = vi.spyOn(console, 'error').mockReturnValue();
  const cause = new Error('why');
  consoleLogger.error('text', cause);
  consoleLogger.error('text');
  expect(error.mock.calls).toEqual([['text', cause], ['text']]);
});

it('says the text alone where the cause cannot be shown', () => {
  const said: unknown[][] = [];
  vi.spyOn(console, 'error').mockImplementation((...all: unknown[]) => {
    said.push(all);
  });
  const logger: Logger = {
    ...silentLogger,
    error: () => {
      throw new Error('cannot show it');
    },
  };
  unfailing(logger).error('text', {});
  expect(said).toEqual([['text (The log could not show why.)']]);
});
