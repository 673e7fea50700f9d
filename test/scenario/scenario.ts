// The steps of the scenario and their results: plain data, so that clients in any language can read it.

/** A step of one client; it ends when the server has answered. */
export type Step = { readonly client: string } & (
  | { readonly do: 'connect'; readonly passcode: string }
  | {
      readonly do: 'subscribe';
      readonly subscription: string;
      readonly destination: string;
      readonly ack?: 'client' | 'client-individual';
    }
  | {
      readonly do: 'send';
      readonly destination: string;
      readonly payload: unknown;
      readonly transaction?: string;
    }
  /** Adds the next message of a subscription, or the number of its unread messages, to the results. */
  | { readonly do: 'next' | 'count'; readonly subscription: string }
  /** For the latest message of a subscription. */
  | { readonly do: 'ack' | 'nack'; readonly subscription: string }
  | { readonly do: 'begin' | 'commit' | 'abort'; readonly transaction: string }
  | { readonly do: 'unsubscribe'; readonly subscription: string }
  | { readonly do: 'disconnect' }
);

/** A message, a number of unread messages, or the text with which the server has refused a client. */
export type Result = { readonly client: string } & (
  | {
      readonly subscription: string;
      readonly destination: string;
      readonly payload: unknown;
      readonly redelivered: boolean;
    }
  | { readonly subscription: string; readonly unread: number }
  | { readonly refused: string }
);

/** Runs the steps through one client library; resolves with the results in the order of the steps. */
export type Runner = (steps: readonly Step[]) => Promise<readonly Result[]>;

type Kind = Step['do'];
export type StepOf<K extends Kind> = Step & { readonly do: K };

/** A connected client, with a method for each kind of step. */
export type Actor = {
  readonly [K in Exclude<Kind, 'connect'>]: (step: StepOf<K>) => Promise<object | void>;
};

/** @param connect resolves with an actor, or with the text with which the server has refused the client */
export async function runSteps(
  steps: readonly Step[],
  connect: (step: StepOf<'connect'>) => Promise<Actor | string>,
): Promise<readonly Result[]> {
  const actors = new Map<string, Actor>();
  const results: object[] = [];
  for (const step of steps) {
    const { client } = step;
    if (step.do !== 'connect') {
      const run = actors.get(client)![step.do] as (step: Step) => Promise<object | void>;
      const result = await run(step);
      if (result !== undefined) results.push({ client, ...result });
      continue;
    }
    const connected = await connect(step);
    if (typeof connected === 'string') results.push({ client, refused: connected });
    else actors.set(client, connected);
  }
  return results as Result[];
}

/** The fields of a problem that are the same in all protocols; other payloads unchanged. */
export function comparable(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || !('code' in payload)) return payload;
  const { code, destination } = payload as { code: unknown; destination?: unknown };
  return { code, destination };
}
