// A broker under examination that has started, and those who join it.
import type { Broker, BrokerContext } from '../../broker/broker.js';
import { systemClock } from '../../message/clock.js';
import { randomIds } from '../../message/ids.js';
import { silentLogger } from '../../message/logger.js';
import { Listener, messageOf, publicationOf } from './listener.js';
import { answer, eventually } from './patience.js';

export interface BrokerSubject {
  /** A new broker that has not started and holds nothing. */
  readonly broker: () => Broker;
  /** How it writes the name of a topic; `/topic/<name>` by default. Names are segments with `/` between. */
  readonly topic?: (name: string) => string;
  /** How it writes the name of a queue; `/queue/<name>` by default. */
  readonly queue?: (name: string) => string;
  /** Resolves when what it was told has reached everybody; needed by one that delivers later. */
  readonly rest?: () => Promise<void>;
}

const context: BrokerContext = {
  clock: systemClock,
  ids: randomIds(),
  logger: silentLogger,
  separator: '/',
};

export class Stage {
  #joined = 0;

  constructor(
    private readonly broker: Broker,
    private readonly subject: BrokerSubject,
  ) {}

  topic(name: string): string {
    return this.subject.topic?.(name) ?? `/topic/${name}`;
  }

  queue(name: string): string {
    return this.subject.queue?.(name) ?? `/queue/${name}`;
  }

  join(id = `subscriber-${++this.#joined}`): Listener {
    const listener = new Listener(id);
    return listener.joined(this.broker.connect(listener));
  }

  /** Publishes for the application. */
  async publish(destination: string, ...texts: readonly string[]): Promise<void> {
    for (const text of texts)
      await answer(
        `The publication of ${text} was not answered.`,
        this.broker.publish(publicationOf(messageOf(destination, text))),
      );
  }

  async rest(): Promise<void> {
    await this.subject.rest?.();
  }

  async stop(): Promise<void> {
    await this.broker.stop();
  }
}

/** Resolves when exactly these texts were delivered, in this order. */
export async function hears(stage: Stage, listener: Listener, texts: readonly string[]) {
  const told = () => `${listener.id} was to get ${list(texts)} and got ${list(listener.texts)}.`;
  try {
    await eventually('', () => listener.deliveries.length >= texts.length);
    await stage.rest();
  } catch {
    throw new Error(told());
  }
  if (list(listener.texts) !== list(texts)) throw new Error(told());
}

/** A check on a broker that was started for it, and is stopped afterwards. */
export function onStage(check: (stage: Stage) => Promise<void>) {
  return async (subject: BrokerSubject): Promise<void> => {
    const broker = subject.broker();
    await broker.start(context);
    const stage = new Stage(broker, subject);
    try {
      await check(stage);
    } finally {
      await stage.stop();
    }
  };
}

function list(texts: readonly string[]): string {
  if (texts.length === 0) return 'nothing';
  const shown = texts.slice(0, 12).join(', ');
  return texts.length > 12 ? `${shown} ... (${texts.length} in all)` : shown;
}
