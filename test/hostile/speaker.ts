// The three kinds of client that say hostile things, and what each hears of them, in the same words.
import type { MemoryTransport } from '../../src/index.js';
import type { MemoryClient } from '../../src/transport/memory.js';
import { openJson, type JsonFrame } from '../json-client.js';
import { open, type HeardFrame } from '../stomp-client.js';
import type { End, Heard } from './documented.js';
import type { HostileRow, Octets, Protocol } from './row.js';

export interface Speaker {
  readonly name: string;
  readonly protocol: Protocol;
  /** Whether its session survives a problem that has no close code. */
  readonly survives: boolean;
  open(transport: MemoryTransport, row: HostileRow): Talk;
}

/** One client that speaks. */
export interface Talk {
  /** Connects, and subscribes something under the id `own`. */
  connect(): Promise<void>;
  publish(destination: string, text: string): void;
  say(octets: Octets): void;
  vanish(): void;
  /** What it has heard and was not about its being let in. */
  heard(): readonly Heard[];
  /** All of it came. */
  octets(): string;
  /** How its connection ended; undefined while it lives. */
  end(): End | undefined;
}

export const speakers: readonly Speaker[] = [
  {
    name: 'STOMP',
    protocol: 'stomp',
    survives: false,
    open: (transport, row) => stompTalk(transport, row, '/topic/own'),
  },
  {
    name: 'STOMP, listening for problems',
    protocol: 'stomp',
    survives: true,
    open: (transport, row) => stompTalk(transport, row, '/user/queue/errors'),
  },
  { name: 'JSON', protocol: 'json', survives: true, open: jsonTalk },
];

function stompTalk(transport: MemoryTransport, row: HostileRow, own: string): Talk {
  const client = open(transport);
  return {
    ...talk(client.connection),
    async connect() {
      client.say('CONNECT', { 'accept-version': row.version ?? '1.2', host: 'x' });
      await client.next('CONNECTED');
      await client.subscribe('own', own);
    },
    publish: (destination, text) => client.say('SEND', { destination }, text),
    heard: () => client.heard.map(heardInStomp),
  };
}

function jsonTalk(transport: MemoryTransport): Talk {
  const client = openJson(transport);
  return {
    ...talk(client.connection),
    async connect() {
      client.say({ type: 'connect' });
      await client.next('connected');
      await client.subscribe('own', '/topic/own');
    },
    publish(destination, payload) {
      const headers = { 'content-type': 'text/plain' };
      client.say({ type: 'send', destination, payload, headers });
    },
    heard: () => client.heard.map(heardInJson),
  };
}

/** What every client has, whatever it speaks. */
function talk(connection: MemoryClient): Pick<Talk, 'say' | 'vanish' | 'octets' | 'end'> {
  let octets = '';
  let end: End | undefined;
  const { onData } = connection;
  connection.onData = (bytes) => {
    octets += Buffer.from(bytes).toString();
    onData?.(bytes);
  };
  void connection.closed.then((closed) => void (end = closed));
  return {
    say: (each) => connection.send(each),
    vanish: () => connection.vanish(),
    octets: () => octets,
    end: () => end,
  };
}

function heardInStomp({ command, headers, body }: HeardFrame): Heard {
  const { code, message, 'receipt-id': receipt } = headers;
  switch (command) {
    case 'CONNECTED':
      return { connected: headers['heart-beat']!.split(',').map(Number) };
    case 'RECEIPT':
      return { receipt };
    case 'MESSAGE':
      return { ...heardProblem(JSON.parse(body) as Problem), fatal: false };
    default: {
      const lines =
        code === 'payload-invalid' ? body.split('\n').filter((line) => line !== '') : [];
      const fields = once(lines.map((line) => line.split(':')[0]!));
      return { code, text: message?.replaceAll('\\c', ':'), receipt, fields, fatal: true };
    }
  }
}

function heardInJson(frame: JsonFrame): Heard {
  switch (frame['type']) {
    case 'connected':
      return { connected: frame['heartbeat'] as number[] };
    case 'receipt':
      return { receipt: frame['id'] as string };
    default:
      return { ...heardProblem(frame as unknown as Problem), fatal: frame['fatal'] as boolean };
  }
}

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly receipt?: string;
  readonly fields?: readonly { readonly path: string }[];
}

function heardProblem({ code, message, receipt, fields = [] }: Problem): Heard {
  return { code, text: message, receipt, fields: once(fields.map(({ path }) => path)) };
}

/** A field that breaks several rules is at fault once; undefined where none is. */
function once(paths: readonly string[]): readonly string[] | undefined {
  return paths.length === 0 ? undefined : [...new Set(paths)];
}
