// The checksum CRC-32C, by the values that RFC 3720 gives, and the usual one.
import { expect, it } from 'vitest';
import { crc32c } from '../../../../src/broker/embedded/store/crc32c.js';

const upwards = Uint8Array.from({ length: 32 }, (_, i) => i);

it.each([
  ['32 octets of zero', new Uint8Array(32), 0x8a9136aa],
  ['32 octets of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 octets that grow', upwards, 0x46dd794e],
  ['32 octets that shrink', upwards.toReversed(), 0x113fdb5c],
  ['digits', Buffer.from('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(), 0],
])('is right of %s', (_, octets, checksum) => {
  expect(crc32c(octets)).toBe(checksum);
});
