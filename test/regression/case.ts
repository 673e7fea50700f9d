// The shape of a regression case: one input that has found a fault, with the correct answer.
import { AssertionError } from 'node:assert';
import type { TransportName } from '../clients/server.js';
import { settings, type Setting } from './settings.js';
import type { Setup } from './setup.js';

const protocols = ['stomp-1.0', 'stomp-1.1', 'stomp-1.2', 'json'] as const;
export type Protocol = (typeof protocols)[number];

export const transports: readonly TransportName[] = [
  'memory',
  'WebSocket text',
  'WebSocket binary',
  'TCP',
];

export interface Case {
  /** The entry of the list of faults, such as `C3`. */
  readonly fault: string;
  /** Distinguishes the cases of one fault; in kebab case. */
  readonly name: string;
  /** The correct behavior, as a sentence. */
  readonly title: string;
  /** Empty for a case that needs no client: it runs once. */
  readonly protocols: readonly Protocol[];
  readonly transports: readonly TransportName[];
  /** Rejects with an `AssertionError`, such as `WrongAnswer`, when the server does not behave as the title describes. */
  readonly run: (setup: Setup) => Promise<void>;
}

/** One execution of a case. */
export interface Run {
  readonly case: Case;
  /** `fault/name`, `fault/name/protocol/transport` or this with `/setting`: what the list of known failures refers to. */
  readonly key: string;
  readonly protocol: Protocol;
  readonly transport: TransportName;
  /** Undefined for a server with the default settings. */
  readonly setting?: Setting;
}

/** The behavior of the server is wrong. Errors that are not assertion errors mean that the case itself is broken. */
export class WrongAnswer extends AssertionError {
  override readonly name = 'WrongAnswer';

  constructor(message: string, { cause }: ErrorOptions = {}) {
    super({ message });
    this.cause = cause;
  }
}

const stomp = ['stomp-1.0', 'stomp-1.1', 'stomp-1.2'] as const;

/** All protocols over all transports. */
export const everywhere = { protocols, transports };
/** All versions of STOMP over all transports. */
export const everyStomp = { protocols: stomp, transports };
/** All protocols over memory: for behavior behind the wire, which no transport can change. */
export const everyProtocol = { protocols, transports: ['memory'] } as const;
/** All versions of STOMP over memory. */
export const stompInMemory = { protocols: stomp, transports: ['memory'] } as const;
/** One STOMP version and JSON over memory: for behavior that depends on neither version nor transport. */
export const bothLanguages = { protocols: ['stomp-1.2', 'json'], transports: ['memory'] } as const;
/** One client over memory: for faults that do not depend on a protocol or a transport. */
export const oneClient = { protocols: ['stomp-1.2'], transports: ['memory'] } as const;
/** Only WebSocket: for faults of the handshake and of the WebSocket framing. */
export const webSocket = { protocols: ['stomp-1.2'], transports: ['WebSocket text'] } as const;
/** No client at all. */
export const serverAlone = { protocols: [], transports: [] } as const;

export function runsOf(each: Case): readonly Run[] {
  const key = `${each.fault}/${each.name}`;
  if (each.protocols.length === 0)
    return [{ case: each, key, protocol: 'stomp-1.2', transport: 'memory' }];
  const runs = each.protocols.flatMap((protocol) =>
    each.transports.map((transport) => ({
      case: each,
      key: `${key}/${protocol}/${transport}`,
      protocol,
      transport,
    })),
  );
  const more = settings.flatMap((setting) =>
    runs
      .filter((run) => setting.appliesTo(run))
      .map((run) => ({ ...run, key: `${run.key}/${setting.name}`, setting })),
  );
  return [...runs, ...more];
}
