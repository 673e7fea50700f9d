// Where a server of a test listens.
import type { AddressInfo } from 'node:net';
import type { Server } from '../../src/index.js';

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
