// Cases as data: the frames of a client, and the frames or the close code that the server must answer with.
import type { ServerOptions } from '../../src/index.js';
import { describe, type StompFrame, type StompHeaders } from '../clients/stomp.js';
import { WrongAnswer, type Case, type Protocol } from './case.js';
import { messagesOf, problemsOf } from './client.js';
import { expectEnd, expectEqual, expectLog } from './expect.js';
import type { Setup } from './setup.js';

/** A frame, or bytes that are not a frame of the protocol. */
export type Input = readonly [command: string, headers?: StompHeaders, body?: string] | string;

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
  readonly connect?: StompHeaders | false;
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
export function frameCase(facts: Facts, script: Script): Case {
  return { ...facts, run: (setup) => perform(setup, script) };
}

async function perform(setup: Setup, script: Script): Promise<void> {
  const { connect = {}, problems = false, listener, frames, ends = 'open' } = script;
  await setup.start(script.server?.());
  const second = listener === undefined ? undefined : await setup.connect({ login: 'listener' });
  await second?.subscribe('listener', listener!);
  const client = await setup.open();
  if (connect !== false) await setup.handshake(client, { ...connect, problems });

  const inputs = typeof frames === 'function' ? frames(setup.protocol) : frames;
  for (const input of inputs) {
    if (typeof input === 'string') client.write(input);
    else client.send(...input);
  }

  await expectEnd(setup, client, ends);
  expectInOrder(client.history, script.receives ?? []);
  if (script.problemCodes !== undefined) {
    const codes = problemsOf(client).map(({ code }) => code);
    expectEqual('the codes of the problems', codes, script.problemCodes);
  }
  if (script.delivers !== undefined) expectAll(messagesOf(second!), script.delivers);
  if (script.logs !== undefined) expectLog(setup, script.logs);
}

function expectInOrder(frames: readonly StompFrame[], expected: readonly Expected[]): void {
  let from = 0;
  for (const each of expected) {
    const index = frames.findIndex((frame, i) => i >= from && matches(frame, each));
    if (index < 0)
      throw new WrongAnswer(`Expected ${JSON.stringify(each)}, received ${list(frames)}.`);
    from = index + 1;
  }
}

function expectAll(frames: readonly StompFrame[], expected: readonly Expected[]): void {
  const same =
    frames.length === expected.length && frames.every((f, i) => matches(f, expected[i]!));
  if (!same)
    throw new WrongAnswer(`Expected ${JSON.stringify(expected)}, received ${list(frames)}.`);
}

function matches(frame: StompFrame, { command, headers = {}, body }: Expected): boolean {
  return (
    frame.command === command &&
    Object.entries(headers).every(([name, value]) => frame.headers[name] === value) &&
    (body === undefined || frame.body === body)
  );
}

function list(frames: readonly StompFrame[]): string {
  return frames.length === 0 ? 'nothing' : frames.map(describe).join(' | ');
}
