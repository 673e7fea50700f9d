// The server against a model: random frames of several sessions, in random chunks, get the answers of the model.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cases, fuzzing } from '../property.js';
import { problemQueue, Refusal } from './broker-model.js';
import { bytesOf, type Frame } from './frame.js';
import { frameOf, type Source } from './naming.js';
import { openRealServer, type RealServer, type ReceivedAnswer } from './real-server.js';
import { clientCount, settings, steps, type Settings, type Step } from './script.js';
import { ServerModel } from './server-model.js';
import type { Answer, SessionModel } from './session-model.js';

/** The model and its clients. */
class ModelState implements Source {
  readonly model: ServerModel;
  readonly clients: (SessionModel | undefined)[] = Array(clientCount).fill(undefined);
  /** The bytes that complete the partial frame of a session. */
  readonly rests = new Map<SessionModel, string>();
  /** Number of steps so far. */
  steps = 0;
  #numbers = 0;

  constructor(settings: Settings) {
    this.model = new ServerModel(settings);
  }

  get now(): number {
    return this.model.broker.now;
  }

  unique(prefix: string): string {
    return `${prefix}${++this.#numbers}`;
  }
}

type Open = Step & { readonly kind: 'open' };
type SendFrames = Step & { readonly kind: 'frames' };

class StepCommand implements fc.AsyncCommand<ModelState, RealServer> {
  constructor(private readonly step: Step) {}

  toString(): string {
    return JSON.stringify(this.step);
  }

  check({ clients }: ModelState): boolean {
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
        // The timeout of a stopped reader has its own tests, with the outbox.
        return !clients.some((client) => client?.stalled === true && client.answers.length > 0);
      default:
        return clients[step.client] !== undefined;
    }
  }

  async run(state: ModelState, real: RealServer): Promise<void> {
    state.steps++;
    const lost = state.model.broker.lost;
    const logged = real.errors.length;
    const sender = 'client' in this.step ? state.clients[this.step.client] : undefined;
    await this.#run(state, real);
    const ended = state.model.removeEnded(sender);
    await real.idle();
    for (const client of state.clients.keys()) compare(state, real, client, ended);
    compareLog(real.errors.slice(logged), state.model.broker.lost - lost);
  }

  async #run(state: ModelState, real: RealServer): Promise<void> {
    const { step } = this;
    const { model, clients } = state;
    const session = 'client' in step ? clients[step.client] : undefined;
    switch (step.kind) {
      case 'open': {
        const opened = (clients[step.client] = model.open());
        real.connect(step.client);
        return real.send(step.client, connectFrames(state, opened, step), []);
      }
      case 'frames':
        return real.send(step.client, framesOf(state, session!, step), step.cuts);
      case 'vanish':
        real.connection(step.client).vanish();
        return model.end(session!, 1006, '');
      case 'close':
        real.connection(step.client).close();
        return model.end(session!, 1000, '');
      case 'stall':
        session!.stalled = true;
        return real.connection(step.client).pause();
      case 'resume':
        session!.stalled = false;
        return real.connection(step.client).resume();
      case 'publish':
        return publish(state, real, step.destination);
      case 'wait':
        model.advance(step.milliseconds);
        return real.clock.advance(step.milliseconds);
      default:
        step satisfies never;
    }
  }
}

/** The bytes of the first frames of a client, which the model processes. */
function connectFrames(
  { model }: ModelState,
  session: SessionModel,
  { version, problems }: Open,
): string {
  if (version === undefined) return '';
  const connect: Frame = { kind: 'connect', version };
  const destination = problemQueue;
  const subscribe: Frame = { kind: 'subscribe', id: 'problems', destination, ack: 'auto' };
  const frames = problems ? [connect, subscribe] : [connect];
  for (const frame of frames) model.receive(session, frame);
  return frames.map((frame) => bytesOf(frame, version, false)).join('');
}

/** The bytes of frames, which the model processes one by one. */
function framesOf(
  state: ModelState,
  session: SessionModel,
  { drafts, partial, crlf }: SendFrames,
): string {
  const { model } = state;
  let bytes = state.rests.get(session) ?? '';
  state.rests.delete(session);
  if (session.partialFrame !== undefined) model.receive(session, session.partialFrame);
  session.partialFrame = undefined;
  for (const [i, draft] of drafts.entries()) {
    // It is not specified when the broker removes the other session.
    if (model.hasEndedOthers(session)) break;
    const frame = frameOf(session, draft, state);
    const text = bytesOf(frame, session.version ?? '1.0', crlf);
    const isLast = i === drafts.length - 1;
    if (partial && isLast && text.length > 1 && frame.kind !== 'malformed') {
      const end = Math.ceil(text.length / 2);
      session.partialFrame = frame;
      session.started = true;
      state.rests.set(session, text.slice(end));
      return bytes + text.slice(0, end);
    }
    bytes += text;
    model.receive(session, frame);
  }
  return bytes;
}

/** The application publishes; the server rejects what the model refuses. */
async function publish(
  state: ModelState,
  { server }: RealServer,
  destination: string,
): Promise<void> {
  const body = state.unique('body ');
  let refused: string | undefined;
  try {
    state.model.broker.publish([{ destination, body }]);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refused = error.code;
  }
  const published = server.publisher.publish(destination, body);
  if (refused === undefined) await published;
  else await expect(published).rejects.toMatchObject({ code: refused });
}

/** The client has received the answers of the model, and its connection has ended in the same way. */
function compare(state: ModelState, real: RealServer, client: number, ended: boolean): void {
  const session = state.clients[client];
  if (session === undefined) return;
  session.reordered ||= ended;
  if (session.stalled && !session.gone) return;
  const { answers, end } = real.received(client, session.version);
  const expected = ordered(session.answers, ({ answer }) => answer, session.reordered);
  const received = ordered(answers, ({ answer }) => answer, session.reordered);
  expect(received.map(({ answer }) => answer)).toEqual(expected.map(({ answer }) => answer));
  expect(end).toEqual(session.end);
  for (const [i, { delivery }] of expected.entries())
    if (delivery !== undefined) addDelivery(session, delivery, received[i]!);
  session.answers = [];
  session.reordered = false;
  if (session.gone) state.clients[client] = undefined;
}

/** The server logs errors for lost messages only, and at most one a minute. */
function compareLog(errors: readonly string[], lost: number): void {
  expect(errors.length).toBeLessThanOrEqual(lost);
  for (const error of errors) expect(error).toContain('is lost');
}

/** Adds a delivery with the name that the client has received. */
function addDelivery(
  session: SessionModel,
  delivery: SessionModel['received'][number],
  { name }: ReceivedAnswer,
): void {
  delivery.name = name;
  const isAcknowledged = ({ consumer }: typeof delivery) => consumer.ack !== 'auto';
  if (isAcknowledged(delivery))
    expect(session.received.filter(isAcknowledged).map((each) => each.name)).not.toContain(name);
  session.received.push(delivery);
}

/**
 * Orders the messages between two other frames by subscription, because the order of different subscriptions is not specified.
 * After the end of another session, its returned messages may arrive before or after a receipt.
 */
function ordered<T>(
  items: readonly T[],
  answerOf: (item: T) => Answer,
  reordered: boolean,
): readonly T[] {
  let group = 0;
  const ranked = items.map((item) => {
    const answer = answerOf(item);
    if (answer.command !== 'MESSAGE') return { item, group: ++group, subscription: '' };
    const { subscription: id, destination } = answer.headers;
    const subscription = id ?? destination!;
    return { item, group: reordered ? 0 : group, subscription };
  });
  return ranked
    .toSorted((a, b) => a.group - b.group || compareText(a.subscription, b.subscription))
    .map(({ item }) => item);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Steps for each case of `npm run fuzz`. */
const stepsPerCase = 10;
/** Average number of steps in a run; measured. */
const stepsPerRun = 80;

it('answers as the model does', { timeout: 0 }, async () => {
  const runs = fc.commands([steps.map((step) => new StepCommand(step))], {
    maxCommands: 300,
    size: 'max',
  });
  let total = 0;
  await fc.assert(
    fc.asyncProperty(settings, fc.noBias(runs), async (chosen, commands) => {
      const real = await openRealServer(chosen);
      const state = new ModelState(chosen);
      await fc.asyncModelRun(() => ({ model: state, real }), commands);
      total += state.steps;
      expect(await real.empty()).toEqual({ sessions: 0, timers: 0 });
      await real.server.close();
    }),
    { ...cases, numRuns: Math.ceil((Number(cases.numRuns) * stepsPerCase) / stepsPerRun) },
  );
  if (fuzzing) console.log(`${total.toLocaleString('en-US')} steps were run.`);
});
