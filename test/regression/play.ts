// Cases as data: the frames that a client sends, and the frames or the close code that the server must answer with.
import type { ServerOptions } from '../../src/index.js';
import { WrongAnswer, type Case, type Protocol } from './case.js';
import { show, type Client, type Frame, type Headers } from './client.js';
import type { Stage } from './stage.js';

/** A frame, or bytes that are no frame of the protocol. */
export type Input = readonly [command: string, headers?: Headers, body?: string] | string;

/** Part of a frame: every header and the body named here must be equal. A header of `undefined` must be absent. */
export interface Expected {
  readonly command: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

export interface Script {
  /** A new object for each run. */
  readonly server?: () => ServerOptions;
  /** Headers of CONNECT; false where the frames begin with their own. Default none. */
  readonly connect?: Headers | false;
  /** Whether the client subscribes to its problems before the frames. Default false. */
  readonly problems?: boolean;
  /** A destination that a second client of the same protocol subscribes to before the frames. */
  readonly listener?: string;
  readonly frames: readonly Input[] | ((protocol: Protocol) => readonly Input[]);
  /** Frames that the client receives, in this order, perhaps with others between them. */
  readonly receives?: readonly Expected[];
  /** Codes of the problems that the client receives, all of them. Not compared where it is absent. */
  readonly problemCodes?: readonly string[];
  /** The messages that the second client receives, all of them. */
  readonly delivers?: readonly Expected[];
  /** The close code; `open` where the session goes on. Default `open`. */
  readonly ends?: number | 'open';
  /** Must appear in the log. */
  readonly logs?: RegExp;
}

type Facts = Omit<Case, 'run'>;

/** A case that consists of frames and answers. */
export function play(facts: Facts, script: Script): Case {
  return { ...facts, run: (stage) => perform(stage, script) };
}

async function perform(stage: Stage, script: Script): Promise<void> {
  const { connect = {}, problems = false, listener, frames, ends = 'open' } = script;
  await stage.start(script.server?.());
  const second = listener === undefined ? undefined : await stage.connect({ login: 'listener' });
  await second?.subscribe('listener', listener!);
  const client = await stage.dial();
  if (connect !== false) await client.connect({ ...connect, problems });

  const inputs = typeof frames === 'function' ? frames(stage.protocol) : frames;
  for (const input of inputs) {
    if (typeof input === 'string') client.write(input);
    else client.send(...input);
  }

  await expectEnd(stage, client, ends);
  expectInOrder(client.received, script.receives ?? []);
  if (script.problemCodes !== undefined) {
    const codes = client.problems.map(({ code }) => code);
    expectEqual('the codes of the problems', codes, script.problemCodes);
  }
  if (script.delivers !== undefined) expectAll(second!.messages(), script.delivers);
  if (script.logs !== undefined) expectLog(stage, script.logs);
}

/** @throws WrongAnswer unless the session has ended with this code, or still answers */
export async function expectEnd(
  stage: Stage,
  client: Client,
  ends: number | 'open',
): Promise<void> {
  const code = await stage.closeCode(client);
  if ((code ?? 'open') === ends) return;
  const last = client.received.at(-1);
  const told = last === undefined ? '' : `, after ${show(last)}`;
  const found = code === undefined ? 'the session is open' : `it was closed with ${code}`;
  throw new WrongAnswer(
    ends === 'open'
      ? `Expected the session to go on, but ${found}${told}.`
      : `Expected the session to be closed with ${ends}, but ${found}${told}.`,
  );
}

export function expectLog({ logText }: Stage, expected: RegExp): void {
  if (expected.test(logText)) return;
  throw new WrongAnswer(`Expected ${expected} in the log, found:\n${logText.slice(0, 1000)}`);
}

export function expectEqual(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new WrongAnswer(`Expected ${what} to be ${b}, found ${a}.`);
}

/** @throws WrongAnswer with this text unless the condition holds */
export function expectThat(condition: boolean, text: string): void {
  if (!condition) throw new WrongAnswer(text);
}

function expectInOrder(frames: readonly Frame[], expected: readonly Expected[]): void {
  let from = 0;
  for (const each of expected) {
    const index = frames.findIndex((frame, i) => i >= from && matches(frame, each));
    if (index < 0)
      throw new WrongAnswer(`Expected ${JSON.stringify(each)}, received ${list(frames)}.`);
    from = index + 1;
  }
}

function expectAll(frames: readonly Frame[], expected: readonly Expected[]): void {
  const same =
    frames.length === expected.length && frames.every((f, i) => matches(f, expected[i]!));
  if (!same)
    throw new WrongAnswer(`Expected ${JSON.stringify(expected)}, received ${list(frames)}.`);
}

function matches(frame: Frame, { command, headers = {}, body }: Expected): boolean {
  return (
    frame.command === command &&
    Object.entries(headers).every(([name, value]) => frame.headers[name] === value) &&
    (body === undefined || frame.body === body)
  );
}

function list(frames: readonly Frame[]): string {
  return frames.length === 0 ? 'nothing' : frames.map(show).join(' | ');
}
