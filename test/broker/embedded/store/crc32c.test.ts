// The checksum CRC-32C, compared with the values of RFC 3720 and the usual check value.
import { expect, it } from 'vitest';
import { crc32c } from '../../../../src/broker/embedded/store/crc32c.js';

const upwards = Uint8Array.from({ length: 32 }, (_, i) => i);

it.each([
  ['32 bytes of zero', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 rising bytes', upwards, 0x46dd794e],
  ['32 falling bytes', upwards.toReversed(), 0x113fdb5c],
  ['digits', Buffer.from('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(), 0],
])('has the known value for %s', (_, bytes, checksum) => {
  expect(crc32c(bytes)).toBe(checksum);
});
