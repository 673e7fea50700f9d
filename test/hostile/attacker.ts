// Clients that say hostile things, in both protocols alike.
import type { MemoryClient, MemoryTransport } from '../../src/index.js';
import { openJson } from '../json-client.js';
import { open } from '../stomp-client.js';

/** What a client was told of its input. */
export interface Answer {
  readonly code: unknown;
  readonly receipt: unknown;
  readonly fields: unknown;
  /** Everything that was said, without what echoes by design: destination and receipt. */
  readonly text: string;
}

/** A client as both protocols have one. */
export interface Attacker {
  readonly connection: MemoryClient;
  connect(): Promise<void>;
  /** Publishes a word, with a receipt of its own. */
  publish(word: string): void;
  answered(): Promise<Answer>;
  /** Resolves when everything before was processed. */
  settled(): Promise<void>;
}

function overStomp(transport: MemoryTransport): Attacker {
  const client = open(transport);
  const answered = async (): Promise<Answer> => {
    const frame = await Promise.race([client.next('ERROR'), client.next('MESSAGE')]);
    if (frame.command === 'MESSAGE') {
      const {
        destination: _d,
        receipt,
        ...problem
      } = JSON.parse(frame.body) as Record<string, unknown>;
      return {
        ...problem,
        code: problem['code'],
        receipt,
        fields: problem['fields'],
        text: JSON.stringify(problem),
      };
    }
    const { 'receipt-id': receipt, code, ...headers } = frame.headers;
    return { code, receipt, fields: undefined, text: JSON.stringify([headers, frame.body]) };
  };
  return {
    connection: client.connection,
    async connect() {
      client.say('CONNECT', { 'accept-version': '1.2', host: 'test' });
      await client.next('CONNECTED');
      await client.subscribe('problems', '/user/queue/errors');
    },
    publish: (word) => client.say('SEND', { destination: '/topic/x' }, word),
    answered,
    settled: () => client.subscribe(`settled-${Math.random()}`, '/topic/nothing'),
  };
}

function overJson(transport: MemoryTransport): Attacker {
  const client = openJson(transport);
  return {
    connection: client.connection,
    async connect() {
      client.say({ type: 'connect' });
      await client.next('connected');
    },
    publish: (payload) =>
      client.say({
        type: 'send',
        destination: '/topic/x',
        payload,
        headers: { 'content-type': 'text/plain' },
      }),
    async answered() {
      const { destination: _d, receipt, ...rest } = await client.next('error');
      return { code: rest['code'], receipt, fields: rest['fields'], text: JSON.stringify(rest) };
    },
    settled: () => client.subscribe(`settled-${Math.random()}`, '/topic/nothing'),
  };
}

export const attackers = { stomp: overStomp, json: overJson };
