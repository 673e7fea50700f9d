// Close frames: valid codes, reasons of any length, and the codes of read errors.
import { describe, expect, it } from 'vitest';
import { closeCodeOf, isSendable, truncateReason } from '../../src/transport/close-frame.js';

describe('isSendable', () => {
  it.each([1000, 1003, 1007, 1014, 3000, 4500, 4999])('accepts %d', (code) => {
    expect(isSendable(code)).toBe(true);
  });

  it.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, NaN])('rejects %d', (code) => {
    expect(isSendable(code)).toBe(false);
  });
});

describe('truncateReason', () => {
  it.each([
    ['', ''],
    ['a'.repeat(123), 'a'.repeat(123)],
    ['a'.repeat(124), 'a'.repeat(123)],
    ['é'.repeat(62), 'é'.repeat(61)],
    [`${'a'.repeat(122)}€`, 'a'.repeat(122)],
    [`${'a'.repeat(121)}🚂`, 'a'.repeat(121)],
    [`${'a'.repeat(119)}🚂b`, `${'a'.repeat(119)}🚂`],
  ])('cuts %j between characters', (reason, truncated) => {
    expect(truncateReason(reason)).toBe(truncated);
  });
});

describe('closeCodeOf', () => {
  it.each([
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 1009],
    ['WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH', 1009],
    ['WS_ERR_TOO_MANY_BUFFERED_PARTS', 1008],
    ['WS_ERR_INVALID_OPCODE', 1002],
    ['Z_DATA_ERROR', 1007],
    ['ECONNRESET', undefined],
  ])('of %s is %s', (code, expected) => {
    expect(closeCodeOf(Object.assign(new Error(), { code }))).toBe(expected);
  });
});
