// Limited logs: how many lines they write in a minute, and how they count the others.
import { testClock } from 'signalbox/testing';
import { expect, it, vi } from 'vitest';
import { LimitedLog, LimitedLogs, LinesPerMinute } from '../../src/message/limited-log.js';
import { silentLogger } from '../../src/message/logger.js';

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
