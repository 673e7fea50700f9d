// A client that says octets and hears frames; what it expects and does not hear is an error.
import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Wire } from './wire.js';

export interface Frame {
  readonly command: string;
  /** As they were written, escapes and all; the first of a repeated one. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type SaidHeaders = Readonly<Record<string, string | number | undefined>>;

export function frame(command: string, headers: SaidHeaders = {}, body = ''): string {
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

export class Dialogue {
  readonly #heard: Frame[] = [];
  #rest = Buffer.alloc(0);
  readonly #chunks: Buffer[] = [];
  /** Octets that are missing before there can be another frame. */
  #missing = 1;
  #ended = false;
  #arrived = () => {};
  #receipts = 0;
  /** Line ends between frames. */
  lifeSigns = 0;

  constructor(private readonly wire: Wire) {
    wire.listen((octets) => {
      // Joined when a frame may be whole: a large one comes in hundreds of chunks.
      this.#chunks.push(octets);
      this.#missing -= octets.length;
      if (this.#missing > 0) return;
      this.#rest = Buffer.concat([this.#rest, ...this.#chunks.splice(0)]);
      this.#missing = this.#parse();
      this.#arrived();
    });
    void wire.ended.then(() => {
      this.#ended = true;
      this.#arrived();
    });
  }

  say(...said: readonly (string | Buffer)[]): void {
    this.wire.send(Buffer.concat(said.map((each) => Buffer.from(each as string))));
  }

  /** One octet at a time. */
  spell(said: string): void {
    for (const octet of Buffer.from(said)) this.wire.send(Buffer.of(octet));
  }

  send(destination: string, headers: SaidHeaders = {}, body = 'x'): void {
    this.say(frame('SEND', { destination, ...headers }, body));
  }

  /** Says a frame with a receipt, and waits for it. */
  async ask(command: string, headers: SaidHeaders = {}, body = ''): Promise<void> {
    const receipt = `receipt-${++this.#receipts}`;
    this.say(frame(command, { ...headers, receipt }, body));
    equal((await this.next('RECEIPT')).headers['receipt-id'], receipt);
  }

  /** The next frame, which has to be of this command, or of one of these. */
  async next(...commands: readonly string[]): Promise<Frame> {
    const expected = commands.join(' or ');
    while (this.#heard.length === 0) {
      ok(!this.#ended, `The connection ended where ${expected} was expected.`);
      await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
    const heard = this.#heard.shift()!;
    const { command, headers, body } = heard;
    ok(
      commands.includes(command),
      `${expected} was expected, and ${command} came: ${headers['message']} ${body.toString()}`,
    );
    return heard;
  }

  /** The texts of so many messages. */
  async texts(count: number): Promise<string[]> {
    const texts = [];
    for (let i = 0; i < count; i++) texts.push((await this.next('MESSAGE')).body.toString());
    return texts;
  }

  /** Everything said has been worked off, and nothing came of it for this client. */
  async nothing(): Promise<void> {
    await this.ask('SEND', { destination: '/topic/nobody/there' });
    deepEqual(this.#heard, []);
  }

  /** ERROR comes, and then the end. */
  async refused(): Promise<Frame> {
    const error = await this.next('ERROR');
    const { headers, body } = error;
    ok((headers['message'] ?? '') !== '', 'The ERROR has no message.');
    if (body.length > 0) equal(headers['content-length'], String(body.length));
    await this.ended();
    return error;
  }

  /** The connection ends, and no frame comes before. */
  async ended(): Promise<void> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#arrived = resolve));
    deepEqual(this.#heard, []);
  }

  async lifeSign(): Promise<void> {
    while (this.lifeSigns === 0) await new Promise<void>((resolve) => (this.#arrived = resolve));
    this.lifeSigns = 0;
  }

  vanish(): void {
    this.wire.vanish();
  }

  /** How many octets are missing at least before there is another frame. */
  #parse(): number {
    for (;;) {
      while (this.#rest[0] === 0x0a) {
        this.#rest = this.#rest.subarray(1);
        this.lifeSigns++;
      }
      const head = this.#rest.indexOf('\n\n');
      if (head < 0) return 1;
      const [command = '', ...lines] = this.#rest.toString('utf8', 0, head).split('\n');
      const headers: Record<string, string> = {};
      for (const line of lines) {
        const colon = line.indexOf(':');
        headers[line.slice(0, colon)] ??= line.slice(colon + 1);
      }
      const start = head + 2;
      const length = headers['content-length'];
      const end =
        length === undefined ? this.#rest.indexOf(0, start) : start + Number.parseInt(length, 10);
      if (end < 0) return 1;
      if (this.#rest.length <= end) return end + 1 - this.#rest.length;
      this.#heard.push({ command, headers, body: this.#rest.subarray(start, end) });
      this.#rest = this.#rest.subarray(end + 1);
    }
  }
}
