// Spellings of IP addresses.
import { expect, it } from 'vitest';
import { normalizeAddress } from '../../src/message/ip-address.js';

it.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::FFFF:10.0.0.1', '10.0.0.1'],
  ['::ffff:a00:1', '10.0.0.1'],
  ['0:0:0:0:0:FFFF:0a00:0001', '10.0.0.1'],
  ['::1', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
  ['2001:DB8:0:0:1::7', '2001:db8::1:0:0:7'],
  ['2001:db8::1:0:0:7', '2001:db8::1:0:0:7'],
  ['fe80::1%eth0', 'fe80::1'],
  ['', ''],
  ['proxy.test', 'proxy.test'],
  ['unix:/run/app', 'unix:/run/app'],
  ['::1::', '::1::'],
])('%j is written as %j', (address, spelling) => {
  expect(normalizeAddress(address)).toBe(spelling);
});
