// Close frames: the codes and reasons that may travel, and what a failed reader closed with.
import { describe, expect, it } from 'vitest';
import { closedWith, cutReason, isSendable } from '../../src/transport/close-frame.js';

describe('a close code', () => {
  it.each([1000, 1003, 1007, 1014, 3000, 4500, 4999])('%d may be sent', (code) => {
    expect(isSendable(code)).toBe(true);
  });

  it.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, NaN])('%d may not', (code) => {
    expect(isSendable(code)).toBe(false);
  });
});

describe('a reason', () => {
  it.each([
    ['', ''],
    ['a'.repeat(123), 'a'.repeat(123)],
    ['a'.repeat(124), 'a'.repeat(123)],
    ['é'.repeat(62), 'é'.repeat(61)],
    [`${'a'.repeat(122)}€`, 'a'.repeat(122)],
    [`${'a'.repeat(121)}🚂`, 'a'.repeat(121)],
    [`${'a'.repeat(119)}🚂b`, `${'a'.repeat(119)}🚂`],
  ])('%j is cut between characters', (reason, cut) => {
    expect(cutReason(reason)).toBe(cut);
  });
});

describe('an error', () => {
  it.each([
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
    ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
    ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
    ['WS_ERR_INVALID_OPCODE', 1002],
    ['ECONNRESET', undefined],
  ])('%s means %s', (code, expected) => {
    expect(closedWith(Object.assign(new Error(), { code }))).toBe(expected);
  });
});
