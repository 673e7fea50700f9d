// The language of the scenario, and what comes of it: plain data, so that clients in any language can read it.

/** What a client does; each step ends when the server has answered it. */
export type Step =
  | { readonly who: string; readonly do: 'connect'; readonly passcode: string }
  | {
      readonly who: string;
      readonly do: 'subscribe';
      readonly as: string;
      readonly destination: string;
      readonly ack?: 'client' | 'client-individual';
    }
  | {
      readonly who: string;
      readonly do: 'send';
      readonly destination: string;
      readonly payload: unknown;
      readonly transaction?: string;
    }
  /** Reads the next message of a subscription into the transcript. */
  | { readonly who: string; readonly do: 'next'; readonly of: string }
  /** Writes into the transcript how many messages of a subscription are left to read. */
  | { readonly who: string; readonly do: 'rest'; readonly of: string }
  /** Settles the message that was read last. */
  | { readonly who: string; readonly do: 'ack' | 'nack'; readonly of: string }
  | {
      readonly who: string;
      readonly do: 'begin' | 'commit' | 'abort';
      readonly transaction: string;
    }
  | { readonly who: string; readonly do: 'unsubscribe'; readonly of: string }
  | { readonly who: string; readonly do: 'disconnect' };

/** What a client saw. */
export type Seen =
  | {
      readonly who: string;
      readonly of: string;
      readonly destination: string;
      readonly payload: unknown;
      readonly redelivered: boolean;
    }
  | { readonly who: string; readonly of: string; readonly left: number }
  | { readonly who: string; readonly refused: string };

/** Each way of running it gives what its clients saw, in the order of the steps. */
export type Play = (steps: readonly Step[]) => Promise<readonly Seen[]>;

/** What a problem says that is the same over every protocol; other payloads as they are. */
export function shown(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || !('code' in payload)) return payload;
  const { code, destination } = payload as { code: unknown; destination?: unknown };
  return { code, destination };
}
