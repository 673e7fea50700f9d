// Adds the matchers to `expect` of vitest when this file is imported.
import { expect } from 'vitest';
import { matchers, type SignalboxMatchers } from './matchers.js';

declare module 'vitest' {
  interface Matchers<T> extends SignalboxMatchers<T> {}
}

expect.extend(matchers);
