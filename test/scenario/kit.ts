// The scenario through the test kit.
import {
  testServer,
  type TestClient,
  type TestSubscription,
  type ReceivedMessage,
} from 'signalbox/testing';
import { application } from './application.js';
import { shown, type Play, type Seen, type Step } from './scenario.js';

interface Actor {
  readonly client: TestClient;
  readonly protocol: 'stomp' | 'json';
  readonly subscriptions: Map<string, TestSubscription>;
  readonly latest: Map<string, ReceivedMessage>;
}

export function throughKit(protocol: 'stomp' | 'json'): Play {
  return async (steps) => {
    await using app = await testServer({ ...application, protocol });
    const actors = new Map<string, Actor>();
    const seen: Seen[] = [];
    for (const step of steps) {
      if (step.do !== 'connect') {
        seen.push(...(await take(step, actors.get(step.who)!)));
        continue;
      }
      const { who, passcode } = step;
      const client = await app.connect({ login: who, passcode, problems: false });
      if (client.connected)
        actors.set(who, { client, protocol, subscriptions: new Map(), latest: new Map() });
      else seen.push({ who, refused: client.error!.message });
    }
    return seen;
  };
}

async function take(
  step: Exclude<Step, { do: 'connect' }>,
  { client, protocol, subscriptions, latest }: Actor,
): Promise<readonly Seen[]> {
  const { who } = step;
  switch (step.do) {
    case 'subscribe': {
      const { as, destination, ack = 'auto' } = step;
      subscriptions.set(as, await client.subscribe(destination, { id: as, ack }));
      return [];
    }
    case 'send': {
      const { destination, payload, transaction } = step;
      // A value by its own content type would make text of a string.
      const headers = { 'content-type': 'application/json' };
      await client.send(destination, payload, { headers, ...(transaction && { transaction }) });
      return [];
    }
    case 'next': {
      // JSON tells of them by frames of their own.
      if (protocol === 'json' && step.of === 'problems') return [problemOf(client)];
      const message = await subscriptions.get(step.of)!.next();
      latest.set(step.of, message);
      const { destination, payload, redelivered = 0 } = message;
      return [
        { who, of: step.of, destination, payload: shown(payload), redelivered: redelivered > 0 },
      ];
    }
    case 'rest': {
      const left = await subscriptions.get(step.of)!.drain();
      return [{ who, of: step.of, left: left.length }];
    }
    case 'ack':
    case 'nack':
      await client[step.do](latest.get(step.of)!);
      return [];
    case 'begin':
    case 'commit':
    case 'abort':
      await client[step.do](step.transaction);
      return [];
    case 'unsubscribe':
      await subscriptions.get(step.of)!.unsubscribe();
      return [];
    case 'disconnect':
      await client.disconnect();
      return [];
    default:
      return step satisfies never;
  }
}

/** The latest, as it would have come to a subscription. */
function problemOf(client: TestClient): Seen {
  const payload = shown(client.problems.at(-1));
  const destination = '/user/queue/errors';
  return { who: client.user!, of: 'problems', destination, payload, redelivered: false };
}
