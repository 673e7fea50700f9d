// The context that tests open transports with: a clock that the test moves, and a log that they can read.
import { testClock } from 'signalbox/testing';
import { silentLogger } from '../../src/message/logger.js';
import {
  guardAccept,
  type Connection,
  type TransportContext,
} from '../../src/transport/transport.js';

export type TestContext = ReturnType<typeof testContext>;

export function testContext(
  accept: (connection: Connection) => void,
  given: Partial<Pick<TransportContext, 'http' | 'limits' | 'gate'>> = {},
) {
  /** Texts and messages of the errors that were logged. */
  const errors: string[] = [];
  const error = (text: string, cause?: unknown) =>
    void errors.push(`${text} ${(cause as Error).message}`);
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  const logger = { ...silentLogger, error, warn };
  return {
    accept: guardAccept(accept, logger),
    gate: { refusal: () => undefined, begin: () => () => {} },
    clock: testClock(),
    logger,
    limits: { maxMessageBytes: 1000 },
    http: undefined,
    errors,
    warnings,
    ...given,
  };
}
