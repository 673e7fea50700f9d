// Ids: none twice, and a message's tells nothing of a session.
import { describe, expect, it } from 'vitest';
import { randomIds } from '../../src/message/ids.js';

describe('ids', () => {
  it('are never the same, not even of two servers', () => {
    const [first, second] = [randomIds(), randomIds()];
    const made = [first, second].flatMap((ids) => [
      ...Array.from({ length: 100 }, () => ids.message()),
      ...Array.from({ length: 100 }, () => ids.session()),
    ]);
    expect(new Set(made).size).toBe(400);
  });
});
