// All regression cases.
import type { Case } from './case.js';
import { limits } from './cases/a-limits.js';
import { boundaries } from './cases/b-boundaries.js';
import { closeCodes } from './cases/c-close-codes.js';
import { http } from './cases/c-http.js';
import { protocolFaults } from './cases/c-protocol.js';
import { payloads } from './cases/d-payloads.js';
import { start } from './cases/d-start.js';
import { storage } from './cases/e-storage.js';
import { firstSteps } from './cases/f-first-steps.js';
import { suitesAndFanOut } from './cases/g-h-suites-and-fan-out.js';

export const cases: readonly Case[] = [
  ...limits,
  ...boundaries,
  ...closeCodes,
  ...protocolFaults,
  ...http,
  ...payloads,
  ...start,
  ...storage,
  ...firstSteps,
  ...suitesAndFanOut,
];
