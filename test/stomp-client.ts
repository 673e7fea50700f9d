// A bare STOMP client over the memory transport: says octets, hears frames.
import type { MemoryClient, MemoryTransport } from '../src/transport/memory.js';

export interface HeardFrame {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface StompClient {
  readonly connection: MemoryClient;
  /** Frames heard and not yet taken by `next`. */
  readonly heard: readonly HeardFrame[];
  say(command: string, headers?: Readonly<Record<string, string>>, body?: string): void;
  /** The next frame of this command; frames of other commands before it stay in `heard`. */
  next(command: string): Promise<HeardFrame>;
  /** SUBSCRIBE with a receipt, resolved by the receipt. */
  subscribe(
    id: string,
    destination: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<void>;
}

export function frameText(
  command: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

export function parseFrames(text: string): HeardFrame[] {
  return text
    .split('\0')
    .map((each) => each.replace(/^\n+/, ''))
    .filter((each) => each !== '')
    .map((each) => {
      const end = each.indexOf('\n\n');
      const [command = '', ...lines] = each.slice(0, end).split('\n');
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
      );
      return { command, headers, body: each.slice(end + 2) };
    });
}

/** A client that has not said CONNECT. */
export function open(
  transport: MemoryTransport,
  options: Parameters<MemoryTransport['connect']>[0] = {},
): StompClient {
  const connection = transport.connect(options);
  const heard: HeardFrame[] = [];
  let wanted: (() => void)[] = [];
  connection.onData = (bytes) => {
    heard.push(...parseFrames(Buffer.from(bytes).toString()));
    const waiting = wanted;
    wanted = [];
    for (const look of waiting) look();
  };
  let receipts = 0;
  const client: StompClient = {
    connection,
    heard,
    say: (command, headers, body) => connection.send(frameText(command, headers, body)),
    next: (command) =>
      new Promise((resolve) => {
        const look = () => {
          const index = heard.findIndex((frame) => frame.command === command);
          if (index >= 0) resolve(heard.splice(index, 1)[0]!);
          else wanted.push(look);
        };
        look();
      }),
    async subscribe(id, destination, headers = {}) {
      const receipt = `subscribed-${++receipts}`;
      client.say('SUBSCRIBE', { id, destination, receipt, ...headers });
      await client.next('RECEIPT');
    },
  };
  return client;
}

/** A connected client. */
export async function connect(
  transport: MemoryTransport,
  headers: Readonly<Record<string, string>> = {},
  options: Parameters<MemoryTransport['connect']>[0] = {},
): Promise<StompClient> {
  const client = open(transport, options);
  client.say('CONNECT', { 'accept-version': '1.2', host: 'test', ...headers });
  await client.next('CONNECTED');
  return client;
}
