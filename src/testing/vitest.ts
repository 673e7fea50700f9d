// The matchers, added to vitest's `expect` by importing this file.
import { expect } from 'vitest';
import { matchers, type SignalboxMatchers } from './matchers.js';

declare module 'vitest' {
  interface Matchers<T> extends SignalboxMatchers<T> {}
}

expect.extend(matchers);
