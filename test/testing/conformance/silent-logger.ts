// A logger for cases in which something fails on purpose.
import type { Logger } from '../../../src/message/logger.js';

export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} };
