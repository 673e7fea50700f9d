// The checksum CRC-32C (RFC 3720, appendix B.4), which Node does not have.

const polynomial = 0x82f63b78;

/** By an octet, what it changes. */
const table = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

export function crc32c(octets: Uint8Array): number {
  let value = 0xffffffff;
  for (const octet of octets) value = table[(value ^ octet) & 0xff]! ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
