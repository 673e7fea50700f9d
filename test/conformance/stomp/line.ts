// One line of what STOMP's specifications and its clients ask of a server, as a check that any transport can run.
import type { Stage } from './stage.js';

export type Version = '1.0' | '1.1' | '1.2';

export type TransportName = 'memory' | 'WebSocket text' | 'WebSocket binary' | 'TCP';

export const everyVersion: readonly Version[] = ['1.0', '1.1', '1.2'];
export const since11: readonly Version[] = ['1.1', '1.2'];
export const everyTransport: readonly TransportName[] = [
  'memory',
  'WebSocket text',
  'WebSocket binary',
  'TCP',
];

export interface Line {
  readonly number: number;
  readonly what: string;
  /** Versions that it holds for; all by default. */
  readonly versions?: readonly Version[];
  /** Transports that it is checked over; all by default. */
  readonly transports?: readonly TransportName[];
  /** Absent where it cannot hold yet, with the reason. */
  readonly check?: (stage: Stage, version: Version) => Promise<void>;
  readonly reason?: string;
}
