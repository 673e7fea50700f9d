// The checks of the cases; each throws a `WrongAnswer` when it does not hold.
import { describe, type StompClient } from '../clients/stomp.js';
import { WrongAnswer } from './case.js';
import type { Setup } from './setup.js';

/** @throws WrongAnswer unless the session has ended with this code, or still answers */
export async function expectEnd(
  setup: Setup,
  client: StompClient,
  ends: number | 'open',
): Promise<void> {
  const code = await setup.closeCode(client);
  if ((code ?? 'open') === ends) return;
  const last = client.history.at(-1);
  const after = last === undefined ? '' : `, after ${describe(last)}`;
  const found = code === undefined ? 'the session is open' : `it was closed with ${code}`;
  throw new WrongAnswer(
    ends === 'open'
      ? `Expected the session to continue, but ${found}${after}.`
      : `Expected the session to be closed with ${ends}, but ${found}${after}.`,
  );
}

export function expectLog({ logText }: Setup, expected: RegExp): void {
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
