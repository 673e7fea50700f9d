// The log: loggers of other libraries receive text and error in their own order, and a failing logger affects no other code.
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { testClock } from 'signalbox/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import winston from 'winston';
import {
  adapted,
  consoleLogger,
  LimitedLog,
  LimitedLogs,
  LinesPerMinute,
  silentLogger,
  unfailing,
  type Logger,
} from '../../src/message/logger.js';

afterEach(() => vi.restoreAllMocks());

it('the console shows the text and the cause', () => {
  const error = vi.spyOn(console, 'error').mockReturnValue();
  const cause = new Error('why');
  consoleLogger.error('text', cause);
  consoleLogger.error('text');
  expect(error.mock.calls).toEqual([['text', cause], ['text']]);
});

it('the console shows the text alone when the logger cannot show the cause', () => {
  const error = vi.spyOn(console, 'error').mockReturnValue();
  const logger: Logger = {
    ...silentLogger,
    error: () => {
      throw new Error('cannot show it');
    },
  };
  unfailing(logger).error('text', {});
  expect(error.mock.calls).toEqual([['text (The cause could not be logged.)']]);
});

it('the console shows the text alone when the logger rejects', async () => {
  const error = vi.spyOn(console, 'error').mockReturnValue();
  const reject = () => Promise.reject(new Error('The log service is down.'));
  unfailing({ ...silentLogger, error: reject as Logger['error'] }).error('text');
  await vi.waitFor(() =>
    expect(error.mock.calls).toEqual([['text (The cause could not be logged.)']]),
  );
});

type Entry = Readonly<Record<string, unknown>>;

/** A stream that keeps each line as JSON. */
function lines(): readonly [Writable, Entry[]] {
  const entries: Entry[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      entries.push(JSON.parse(chunk.toString()) as Entry);
      done();
    },
  });
  return [stream, entries];
}

/** Logs at all levels, with an error, another value, and without a cause. */
function logAll(given: Logger): void {
  const logger = adapted(given);
  logger.error('failed', new RangeError('The database is away.'));
  logger.warn('odd', 'a text');
  logger.warn('plain');
  logger.info('listening');
}

describe('a pino logger', () => {
  const error = { type: 'RangeError', message: 'The database is away.' };

  it.each([
    ['a logger', (stream: Writable) => pino(stream)],
    ['a child', (stream: Writable) => pino(stream).child({ module: 'signalbox' })],
  ])('receives the error before the text: %s', (_, make) => {
    const [stream, entries] = lines();
    logAll(make(stream));
    expect(entries).toMatchObject([
      { level: 50, msg: 'failed', err: error },
      { level: 40, msg: 'odd', err: 'a text' },
      { level: 40, msg: 'plain' },
      { level: 30, msg: 'listening' },
    ]);
    expect(String((entries[0]!['err'] as Entry)['stack'])).toContain('logger.test.ts');
  });

  it('uses its own key for errors', () => {
    const [stream, entries] = lines();
    logAll(pino({ errorKey: 'error' }, stream));
    expect(entries[0]).toMatchObject({ msg: 'failed', error });
  });
});

describe('a winston logger', () => {
  it('receives the text, then the error or the value', () => {
    const [stream, entries] = lines();
    const format = winston.format.json();
    logAll(winston.createLogger({ format, transports: new winston.transports.Stream({ stream }) }));
    expect(entries).toMatchObject([
      { level: 'error', message: 'failed The database is away.' },
      { level: 'warn', message: 'odd', cause: 'a text' },
      { level: 'warn', message: 'plain' },
      { level: 'info', message: 'listening' },
    ]);
    expect(String(entries[0]!['stack'])).toContain('logger.test.ts');
  });
});

it('the console and other loggers are used unchanged', () => {
  expect(adapted(console)).toBe(console);
  expect(adapted(silentLogger)).toBe(silentLogger);
});

it('a limited log writes one line per minute, with the number of omitted lines', async () => {
  const lines: unknown[][] = [];
  const clock = testClock();
  const logger = { ...silentLogger, warn: (...line: unknown[]) => void lines.push(line) };
  const log = new LimitedLog(clock, logger, 'warn');
  const cause = new Error('why');
  log.write('first', cause);
  for (let i = 0; i < 999; i++) log.write('next');
  expect(lines).toEqual([['first', cause]]);
  await clock.advance(60_000);
  log.write('later');
  await clock.advance(60_000);
  log.write('last');
  expect(lines.slice(1).map(([text]) => text)).toEqual([
    'later Similar lines omitted since the last one: 999.',
    'last',
  ]);
});

it('limited logs limit each kind of line separately', () => {
  const lines: unknown[] = [];
  const logger = { ...silentLogger, error: (text: string) => void lines.push(text) };
  const logs = new LimitedLogs(testClock(), logger, 'error');
  for (const kind of ['a', 'b', 'a', 'b']) logs.write(kind, `line of ${kind}`);
  expect(lines).toEqual(['line of a', 'line of b']);
});

it('lines per minute are limited for each source, and for all sources together', async () => {
  const lines: string[] = [];
  const clock = testClock();
  const logger = { ...silentLogger, warn: (text: string) => void lines.push(text) };
  const log = new LinesPerMinute(clock, logger, 'warn', 1);
  const text = vi.fn<() => string>(() => 'line');
  for (let source = 0; source < 12; source++)
    for (let i = 0; i < 2; i++) log.write(`${source}`, text);
  expect([lines.length, text.mock.calls.length]).toEqual([10, 10]);
  await clock.advance(60_000);
  log.write('0', text);
  expect(lines.at(-1)).toBe(
    'line Lines of all kinds omitted before: 14. Further lines of this kind are omitted for a minute.',
  );
});
