// A bare JSON client over the memory transport: says objects, and hears objects that the schema describes.
import type { MemoryClient, MemoryTransport } from '../src/transport/memory.js';
import { isServerFrame } from './json-schema.js';

export type JsonFrame = Readonly<Record<string, unknown>>;

export interface JsonClient {
  readonly connection: MemoryClient;
  /** Frames heard and not yet taken by `next`. */
  readonly heard: readonly JsonFrame[];
  /** An object, or text that may be none. */
  say(frame: JsonFrame | string): void;
  /** The next frame of this type; frames of other types before it stay in `heard`. */
  next(type: string): Promise<JsonFrame>;
  /** A subscription, resolved by its receipt. */
  subscribe(id: string, destination: string): Promise<void>;
}

/** A client that has said nothing. */
export function openJson(
  transport: MemoryTransport,
  options: Parameters<MemoryTransport['connect']>[0] = {},
): JsonClient {
  const connection = transport.connect({ subprotocol: 'v1.json.signalbox', ...options });
  const heard: JsonFrame[] = [];
  let wanted: (() => void)[] = [];
  connection.onData = (bytes) => {
    for (const line of Buffer.from(bytes).toString().split('\n')) {
      if (line !== '') heard.push(frameOf(line));
    }
    const waiting = wanted;
    wanted = [];
    for (const look of waiting) look();
  };
  let receipts = 0;
  const client: JsonClient = {
    connection,
    heard,
    say: (frame) => connection.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    next: (type) =>
      new Promise((resolve) => {
        const look = () => {
          const index = heard.findIndex((frame) => frame['type'] === type);
          if (index >= 0) resolve(heard.splice(index, 1)[0]!);
          else wanted.push(look);
        };
        look();
      }),
    async subscribe(id, destination) {
      const receipt = `subscribed-${++receipts}`;
      client.say({ type: 'subscribe', id, destination, receipt });
      await client.next('receipt');
    },
  };
  return client;
}

/** A connected client. */
export async function connectJson(
  transport: MemoryTransport,
  fields: JsonFrame = {},
  options: Parameters<MemoryTransport['connect']>[0] = {},
): Promise<JsonClient> {
  const client = openJson(transport, options);
  client.say({ type: 'connect', ...fields });
  await client.next('connected');
  return client;
}

function frameOf(line: string): JsonFrame {
  const frame = JSON.parse(line) as JsonFrame;
  if (!isServerFrame(frame)) throw new Error(`Not in the schema: ${line}`);
  return frame;
}
