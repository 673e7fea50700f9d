// One step of a run, played to the model and to the server, which have to agree.
import type fc from 'fast-check';
import { expect } from 'vitest';
import { Refusal } from './broker-model.js';
import { brokenFrames, octetsOf, type Frame } from './frame.js';
import { clientCount, type Settings, type Step, type Wish } from './script.js';
import { ServerModel } from './server-model.js';
import type { Answer, SessionModel } from './session-model.js';
import type { HeardAnswer, Stage } from './stage.js';

/** The model, and how its clients stand. */
export class World {
  readonly model: ServerModel;
  readonly clients: (SessionModel | undefined)[] = Array(clientCount).fill(undefined);
  /** Octets whose frame ends with what each client says next. */
  readonly withheld = new Map<SessionModel, string>();
  #numbers = 0;

  constructor(settings: Settings) {
    this.model = new ServerModel(settings);
  }

  /** Something that was not said before. */
  fresh(start: string): string {
    return `${start}${++this.#numbers}`;
  }
}

type Say = Step & { readonly kind: 'say' };

export class Play implements fc.AsyncCommand<World, Stage> {
  constructor(private readonly step: Step) {}

  toString(): string {
    return JSON.stringify(this.step);
  }

  check({ clients }: World): boolean {
    const { step } = this;
    switch (step.kind) {
      case 'open':
        return clients[step.client] === undefined;
      case 'stall':
        return clients[step.client]?.stalled === false;
      case 'resume':
        return clients[step.client]?.stalled === true;
      case 'publish':
        return true;
      case 'wait':
        // How long a reader may stand still is for the tests of the outbox.
        return !clients.some((client) => client?.stalled === true && client.answers.length > 0);
      default:
        return clients[step.client] !== undefined;
    }
  }

  async run(world: World, stage: Stage): Promise<void> {
    const lost = world.model.broker.lost;
    const logged = stage.errors.length;
    await this.#play(world, stage);
    world.model.settle();
    await stage.rest();
    for (const client of world.clients.keys()) compare(world, stage, client);
    expect(stage.errors.slice(logged)).toHaveLength(world.model.broker.lost - lost);
  }

  async #play(world: World, stage: Stage): Promise<void> {
    const { step } = this;
    const { model, clients } = world;
    const session = 'client' in step ? clients[step.client] : undefined;
    switch (step.kind) {
      case 'open': {
        const opened = (clients[step.client] = model.open());
        stage.connect(step.client);
        if (step.version === undefined) return;
        const frame: Frame = { kind: 'connect', version: step.version, receipt: undefined };
        model.hear(opened, frame);
        return stage.say(step.client, octetsOf(frame, '1.0', false), []);
      }
      case 'say':
        return stage.say(step.client, say(world, session!, step), step.cuts);
      case 'vanish':
        stage.line(step.client).vanish();
        return model.leave(session!, 1006, '');
      case 'close':
        stage.line(step.client).close();
        return model.leave(session!, 1000, '');
      case 'stall':
        session!.stalled = true;
        return stage.line(step.client).pause();
      case 'resume':
        session!.stalled = false;
        return stage.line(step.client).resume();
      case 'publish':
        return publish(world, stage, step.destination);
      case 'wait':
        model.pass(step.milliseconds);
        return stage.clock.advance(step.milliseconds);
      default:
        step satisfies never;
    }
  }
}

/** The octets of what a client says, which the model hears frame by frame. */
function say(world: World, session: SessionModel, { wishes, withheld, crlf }: Say): string {
  const { model } = world;
  let octets = world.withheld.get(session) ?? '';
  world.withheld.delete(session);
  const begun = session.begun;
  session.begun = undefined;
  if (begun !== undefined) model.hear(session, begun);
  for (const [i, wish] of wishes.entries()) {
    // When exactly the broker learns of somebody else's end is nobody's promise.
    if (model.threwOut(session)) break;
    const frame = frameOf(world, session, wish);
    const said = octetsOf(frame, session.version ?? '1.0', crlf);
    if (withheld && i === wishes.length - 1 && said.length > 1 && frame.kind !== 'broken') {
      const end = Math.ceil(said.length / 2);
      session.begun = frame;
      world.withheld.set(session, said.slice(end));
      return octets + said.slice(0, end);
    }
    octets += said;
    model.hear(session, frame);
  }
  return octets;
}

/** A wish with everything named. */
function frameOf(world: World, session: SessionModel, wish: Wish): Frame {
  const receipt = wish.receipt ? world.fresh('r') : undefined;
  switch (wish.kind) {
    case 'send': {
      const body = wish.empty ? '' : world.fresh('body ');
      const expires = wish.lives && world.model.broker.now + wish.lives;
      return { ...wish, receipt, body, expires };
    }
    case 'ack':
    case 'nack': {
      const { kind, which, transaction, mislabelled } = wish;
      const { heard } = session;
      const delivery =
        which === undefined ? undefined : heard[heard.length - 1 - (which % heard.length)];
      const subscription = mislabelled ? 'another' : (delivery?.subscription ?? 'none');
      return { kind, receipt, transaction, subscription, name: delivery?.name ?? 'never-heard' };
    }
    case 'broken': {
      const plain = (session.version ?? '1.0') === '1.0';
      const known = brokenFrames.filter(({ legalIn10 }) => !plain || legalIn10 !== true);
      return { kind: 'broken', receipt, broken: known[wish.which % known.length]! };
    }
    default:
      return { ...wish, receipt };
  }
}

/** The application publishes, and hears of a refusal itself. */
async function publish(world: World, { server }: Stage, destination: string): Promise<void> {
  const body = world.fresh('body ');
  let refused: string | undefined;
  try {
    world.model.broker.publish([{ destination, body, expires: Infinity, original: undefined }]);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refused = error.code;
  }
  const published = server.publisher.publish(destination, body);
  if (refused === undefined) await published;
  else await expect(published).rejects.toMatchObject({ code: refused });
}

/** Both have to have said the same to a client, and to have ended alike. */
function compare(world: World, stage: Stage, client: number): void {
  const session = world.clients[client];
  if (session === undefined || (session.stalled && !session.gone)) return;
  const { answers, end } = stage.heard(client, session.version);
  const expected = ordered(session.answers, ({ answer }) => answer);
  const heard = ordered(answers, ({ answer }) => answer);
  expect(heard.map(({ answer }) => answer)).toEqual(expected.map(({ answer }) => answer));
  expect(end).toEqual(session.end);
  for (const [i, { delivery }] of expected.entries())
    if (delivery !== undefined) learn(session, delivery, heard[i]!);
  session.answers = [];
  if (session.gone) world.clients[client] = undefined;
}

function learn(
  session: SessionModel,
  delivery: SessionModel['heard'][number],
  { name }: HeardAnswer,
): void {
  delivery.name = name;
  if (delivery.listener.ack !== 'auto')
    expect(session.heard.map((each) => each.name)).not.toContain(name);
  session.heard.push(delivery);
}

/** Messages between two other frames, subscription by subscription: in which order two subscriptions get theirs is nobody's promise. */
function ordered<T>(items: readonly T[], answerOf: (item: T) => Answer): readonly T[] {
  let stretch = 0;
  const keys = new Map<T, readonly [number, string]>();
  for (const item of items) {
    const answer = answerOf(item);
    if (answer.kind === 'message')
      keys.set(item, [stretch, answer.subscription ?? answer.destination]);
    else keys.set(item, [++stretch, '']);
    if (answer.kind !== 'message') stretch++;
  }
  return items.toSorted((a, b) => {
    const [x, y] = [keys.get(a)!, keys.get(b)!];
    return x[0] - y[0] || (x[1] < y[1] ? -1 : Number(x[1] > y[1]));
  });
}
