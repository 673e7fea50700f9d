// Readers of each protocol and version on real sockets, as strict as they may be and written down as plainly as can be.
import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Read {
  /** `MESSAGE` and the like, in capitals whatever the protocol. */
  readonly command: string;
  readonly headers: ReadonlyMap<string, string>;
  /** Whether its body is these octets, or the value that they are in JSON. */
  says(body: Uint8Array): boolean;
}

export type Tongue = '1.0' | '1.1' | '1.2' | 'json';

export const tongues: readonly Tongue[] = ['1.0', '1.1', '1.2', 'json'];

export interface Reader {
  readonly name: string;
  readonly tongue: Tongue;
  /**
   * What it was told up to the message that holds this text. Rejects when its connection ends before, as it does for text that
   * is none, and when anything of it is malformed.
   */
  until(text: string): Promise<readonly Read[]>;
  close(): void;
}

/** A client that is told everything that the topic gets, under the id `r`. */
export async function openReader(url: string, tongue: Tongue, topic: string): Promise<Reader> {
  const json = tongue === 'json';
  const socket = new WebSocket(
    url,
    json ? 'v1.json.signalbox' : `v${tongue.replace('.', '')}.stomp`,
  );
  let heard = Buffer.alloc(0);
  let told = () => {};
  let lost = (_code: number) => {};
  socket.on('close', (code) => lost(code));
  socket.on('message', (data: Buffer) => {
    heard = Buffer.concat([heard, data]);
    told();
  });
  await once(socket, 'open');
  const until = (text: string) =>
    new Promise<readonly Read[]>((resolve, reject) => {
      lost = (code) => reject(new Error(`Closed with ${code} before ${text}.`));
      told = () => {
        if (!heard.includes(text)) return;
        told = () => {};
        const octets = heard;
        heard = Buffer.alloc(0);
        try {
          resolve(json ? readJson(octets) : readStomp(octets, tongue));
        } catch (error) {
          reject(error);
        }
      };
      told();
    });
  if (json) {
    const subscribe = { type: 'subscribe', id: 'r', destination: topic, receipt: 'ready' };
    socket.send(JSON.stringify(subscribe));
  } else {
    socket.send(`CONNECT\naccept-version:${tongue}\nhost:x\n\n\0`);
    socket.send(`SUBSCRIBE\nid:r\ndestination:${topic}\nreceipt:ready\n\n\0`);
  }
  await until('ready');
  const name = json ? 'JSON' : `STOMP ${tongue}`;
  return { name, tongue, until, close: () => socket.terminate() };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readStomp(octets: Buffer, version: Tongue): Read[] {
  const frames: Read[] = [];
  for (let at = 0; at < octets.length;) {
    const blank = octets.indexOf('\n\n', at);
    const [command = '', ...lines] = utf8.decode(octets.subarray(at, blank)).split('\n');
    const headers = headersOf(lines, command === 'CONNECTED' ? '1.0' : version);
    const start = blank + 2;
    const length = headers.get('content-length');
    const end = length === undefined ? octets.indexOf(0, start) : start + Number(length);
    if (blank < 0 || octets[end] !== 0) throw new Error(`No end: ${octets.toString('latin1', at)}`);
    frames.push({ command, headers, says: (body) => octets.subarray(start, end).equals(body) });
    at = end + 1;
  }
  return frames;
}

/** The first of a name counts. STOMP 1.0 lets blanks stand around names and values, and before 1.2 some take CR LF for a line end. */
function headersOf(lines: readonly string[], version: Tongue): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0 || line.includes('\r')) throw new Error(`No header: ${JSON.stringify(line)}`);
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1)].map((text) =>
      version === '1.0' ? text.trim() : unescaped(text, version === '1.1' ? 'nc\\' : 'rnc\\'),
    ) as [string, string];
    if (name === '') throw new Error(`No name: ${JSON.stringify(line)}`);
    if (!headers.has(name)) headers.set(name, value);
  }
  return headers;
}

function unescaped(text: string, letters: string): string {
  return text.replaceAll(/\\(.?)|:/gs, (escape, letter?: string) => {
    if (letter === undefined || letter === '' || !letters.includes(letter))
      throw new Error(`No escape: ${escape}`);
    return { r: '\r', n: '\n', c: ':', '\\': '\\' }[letter]!;
  });
}

interface Told {
  readonly type: string;
  readonly subscription?: string;
  readonly id?: string;
  readonly destination?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: unknown;
  readonly payloadBase64?: string;
}

function readJson(octets: Buffer): Read[] {
  const lines = utf8.decode(octets).split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const told = JSON.parse(line) as Told;
      const { type, subscription, id, destination, headers } = told;
      const own = { subscription, 'message-id': id, destination };
      const said = Object.entries({ ...own, ...headers }).filter(
        ([, value]) => value !== undefined,
      );
      return {
        command: type.toUpperCase(),
        headers: new Map(said as [string, string][]),
        says: (body) => means(told, line, Buffer.from(body)),
      };
    });
}

/** A value of JSON stands in the line as it was sent, save for its line ends. */
function means({ payload, payloadBase64 }: Told, line: string, body: Buffer): boolean {
  if (payloadBase64 !== undefined) return Buffer.from(payloadBase64, 'base64').equals(body);
  if (payload === undefined) return body.length === 0;
  if (typeof payload === 'string' && Buffer.from(payload).equals(body)) return true;
  return line.includes(`"payload":${body.toString().replaceAll(/[\r\n]/g, ' ')},"headers"`);
}
