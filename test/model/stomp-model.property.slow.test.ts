// The server against a model of the specification: random frames of several sessions, cut anywhere, and everything agrees.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cases, fuzzing } from '../property.js';
import { problemQueue, Refusal } from './broker-model.js';
import { octetsOf, type Frame } from './frame.js';
import { frameOf, type Source } from './naming.js';
import { RealServer, type ReceivedAnswer } from './real-server.js';
import { clientCount, settings, steps, type Settings, type Step } from './script.js';
import { ServerModel } from './server-model.js';
import type { Answer, SessionModel } from './session-model.js';

/** The model, and how its clients stand. */
class World implements Source {
  readonly model: ServerModel;
  readonly clients: (SessionModel | undefined)[] = Array(clientCount).fill(undefined);
  /** Octets whose frame ends with what each client says next. */
  readonly withheld = new Map<SessionModel, string>();
  /** How many were played. */
  steps = 0;
  #numbers = 0;

  constructor(settings: Settings) {
    this.model = new ServerModel(settings);
  }

  get now(): number {
    return this.model.broker.now;
  }

  /** Something that was not said before. */
  fresh(start: string): string {
    return `${start}${++this.#numbers}`;
  }
}

type Open = Step & { readonly kind: 'open' };
type Say = Step & { readonly kind: 'say' };

class Play implements fc.AsyncCommand<World, RealServer> {
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

  async run(world: World, real: RealServer): Promise<void> {
    world.steps++;
    const lost = world.model.broker.lost;
    const logged = real.errors.length;
    const speaker = 'client' in this.step ? world.clients[this.step.client] : undefined;
    await this.#play(world, real);
    const thrownOut = world.model.settle(speaker);
    await real.idle();
    for (const client of world.clients.keys()) compare(world, real, client, thrownOut);
    compareLog(real.errors.slice(logged), world.model.broker.lost - lost);
  }

  async #play(world: World, real: RealServer): Promise<void> {
    const { step } = this;
    const { model, clients } = world;
    const session = 'client' in step ? clients[step.client] : undefined;
    switch (step.kind) {
      case 'open': {
        const opened = (clients[step.client] = model.open());
        real.connect(step.client);
        return real.send(step.client, greeting(world, opened, step), []);
      }
      case 'say':
        return real.send(step.client, say(world, session!, step), step.cuts);
      case 'vanish':
        real.connection(step.client).vanish();
        return model.leave(session!, 1006, '');
      case 'close':
        real.connection(step.client).close();
        return model.leave(session!, 1000, '');
      case 'stall':
        session!.stalled = true;
        return real.connection(step.client).pause();
      case 'resume':
        session!.stalled = false;
        return real.connection(step.client).resume();
      case 'publish':
        return publish(world, real, step.destination);
      case 'wait':
        model.pass(step.milliseconds);
        return real.clock.advance(step.milliseconds);
      default:
        step satisfies never;
    }
  }
}

/** What a client says first. */
function greeting({ model }: World, session: SessionModel, { version, told }: Open): string {
  if (version === undefined) return '';
  const connect: Frame = { kind: 'connect', version, receipt: undefined };
  const subscribe: Frame = {
    kind: 'subscribe',
    id: 'problems',
    destination: problemQueue,
    ack: 'auto',
    prefetch: undefined,
    receipt: undefined,
  };
  const frames = told ? [connect, subscribe] : [connect];
  for (const frame of frames) model.hear(session, frame);
  return frames.map((frame) => octetsOf(frame, version, false)).join('');
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
    const frame = frameOf(session, wish, world);
    const said = octetsOf(frame, session.version ?? '1.0', crlf);
    if (withheld && i === wishes.length - 1 && said.length > 1 && frame.kind !== 'broken') {
      const end = Math.ceil(said.length / 2);
      session.begun = frame;
      session.spoke = true;
      world.withheld.set(session, said.slice(end));
      return octets + said.slice(0, end);
    }
    octets += said;
    model.hear(session, frame);
  }
  return octets;
}

/** The application publishes, and hears of a refusal itself. */
async function publish(world: World, { server }: RealServer, destination: string): Promise<void> {
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
function compare(world: World, real: RealServer, client: number, thrownOut: boolean): void {
  const session = world.clients[client];
  if (session === undefined) return;
  session.disturbed ||= thrownOut;
  if (session.stalled && !session.gone) return;
  const { answers, end } = real.received(client, session.version);
  const expected = ordered(session.answers, ({ answer }) => answer, session.disturbed);
  const heard = ordered(answers, ({ answer }) => answer, session.disturbed);
  expect(heard.map(({ answer }) => answer)).toEqual(expected.map(({ answer }) => answer));
  expect(end).toEqual(session.end);
  for (const [i, { delivery }] of expected.entries())
    if (delivery !== undefined) learn(session, delivery, heard[i]!);
  session.answers = [];
  session.disturbed = false;
  if (session.gone) world.clients[client] = undefined;
}

/** Nothing is an error but a message that is lost. */
function compareLog(errors: readonly string[], lost: number): void {
  expect(errors).toEqual(Array(lost).fill(expect.stringContaining('is lost')));
}

function learn(
  session: SessionModel,
  delivery: SessionModel['heard'][number],
  { name }: ReceivedAnswer,
): void {
  delivery.name = name;
  if (delivery.listener.ack !== 'auto')
    expect(session.heard.map((each) => each.name)).not.toContain(name);
  session.heard.push(delivery);
}

/**
 * Messages between two other frames, subscription by subscription: in which order two subscriptions get theirs is nobody's
 * promise. Where a session was thrown out, what it gives back comes when the broker learns of it, before a receipt or behind.
 */
function ordered<T>(
  items: readonly T[],
  answerOf: (item: T) => Answer,
  disturbed: boolean,
): readonly T[] {
  let stretch = 0;
  const ranked = items.map((item) => {
    const answer = answerOf(item);
    if (answer.kind !== 'message') return { item, stretch: ++stretch, subscription: '' };
    const subscription = answer.subscription ?? answer.destination;
    return { item, stretch: disturbed ? 0 : stretch, subscription };
  });
  return ranked
    .toSorted((a, b) => a.stretch - b.stretch || compareText(a.subscription, b.subscription))
    .map(({ item }) => item);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Each case of `npm run fuzz` is so many steps. */
const stepsPerCase = 10;
/** One run with another; measured. */
const stepsPerRun = 80;

it('says what the model says', { timeout: 0 }, async () => {
  const plays = fc.commands([steps.map((step) => new Play(step))], {
    maxCommands: 300,
    size: 'max',
  });
  let played = 0;
  await fc.assert(
    fc.asyncProperty(settings, fc.noBias(plays), async (chosen, commands) => {
      const real = await RealServer.open(chosen);
      const world = new World(chosen);
      await fc.asyncModelRun(() => ({ model: world, real }), commands);
      played += world.steps;
      expect(await real.empty()).toEqual({ sessions: 0, timers: 0 });
      await real.server.close();
    }),
    { ...cases, numRuns: Math.ceil((Number(cases.numRuns) * stepsPerCase) / stepsPerRun) },
  );
  if (fuzzing) console.log(`${played.toLocaleString('en-US')} steps were played.`);
});
