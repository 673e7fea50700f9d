// The context that tests open transports with: a clock that the test moves, and a log that they can read.
import type { Logger } from '../../src/message/logger.js';
import {
  guardAccept,
  type Connection,
  type TransportContext,
} from '../../src/transport/transport.js';
import { testClock, type TestClock } from 'signalbox/testing';

export interface TestContext extends TransportContext {
  readonly clock: TestClock;
  /** Texts and messages of the errors that were logged. */
  readonly errors: string[];
}

export function testContext(
  accept: (connection: Connection) => void,
  given: Partial<Pick<TransportContext, 'http' | 'limits' | 'gate'>> = {},
): TestContext {
  const errors: string[] = [];
  const logger: Logger = {
    error: (text, cause) => void errors.push(`${text} ${(cause as Error).message}`),
    warn: () => {},
    info: () => {},
  };
  return {
    accept: guardAccept(accept, logger),
    gate: { refusal: () => undefined, begin: () => () => {} },
    clock: testClock(),
    logger,
    limits: { maxMessageBytes: 1000 },
    http: undefined,
    errors,
    ...given,
  };
}
