// The server as the specification has it: what each frame does, and what each client hears of it.
import { MessagingError, type ErrorCode } from '../../src/message/error.js';
import { BrokerModel, problemQueue, Refusal, type SettlementModel } from './broker-model.js';
import { malformation, type Frame } from './frame.js';
import type { MessageModel } from './queue-model.js';
import type { Settings, Version } from './script.js';
import { ListenerModel, SessionModel } from './session-model.js';

export const sessionLimits = {
  maxSubscriptions: 4,
  maxTransactions: 2,
  maxTransactionFrames: 3,
} as const;
export const connectTimeout = 60_000;

type Settle = Extract<Frame, { readonly kind: 'ack' | 'nack' }>;

export class ServerModel {
  readonly broker: BrokerModel;
  readonly sessions = new Set<SessionModel>();
  /** Those that have gone and are still known to the broker. */
  #leaving: SessionModel[] = [];

  constructor(private readonly settings: Settings) {
    this.broker = new BrokerModel(settings, (session, code) =>
      this.#fail(session, code, undefined),
    );
  }

  open(): SessionModel {
    const session = new SessionModel(this.broker.now);
    this.sessions.add(session);
    return session;
  }

  /** A frame that was read. */
  hear(session: SessionModel, frame: Frame): void {
    if (session.gone) return;
    if (frame.kind === 'broken' && frame.broken.foreign === true && !session.spoke)
      return this.leave(session, closing('protocol-unknown'), 'protocol-unknown');
    session.spoke = true;
    if (frame.kind === 'blank') return;
    const malformed = malformation(frame, session.version ?? '1.0');
    if (malformed !== undefined) return this.#fail(session, malformed, frame.receipt);
    if (frame.kind === 'connect') return this.#connect(session, frame.version);
    if (session.version === undefined) return this.#fail(session, 'not-connected', frame.receipt);
    try {
      this.#process(session, frame);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.#refuse(session, error.code, frame);
    }
    if (frame.receipt !== undefined) session.hear({ kind: 'receipt', receipt: frame.receipt });
    if (frame.kind === 'disconnect') this.leave(session, 1000, '');
  }

  /** The connection ends, by whichever side. */
  leave(session: SessionModel, code: number, reason: string): void {
    if (session.gone) return;
    session.close(code, reason);
    this.#leaving.push(session);
  }

  /** Whether another than this one has been thrown out. */
  threwOut(speaker: SessionModel): boolean {
    return this.#leaving.some((session) => session !== speaker);
  }

  /** The broker learns of those that have gone; false when there are none. */
  settle(speaker: SessionModel | undefined): boolean {
    const leaving = this.#leaving;
    this.#leaving = [];
    // A session leaves when what it said was processed: who threw out others and itself is the last.
    leaving.sort((a, b) => Number(a === speaker) - Number(b === speaker));
    for (const session of leaving) {
      this.sessions.delete(session);
      for (const listener of session.listeners.values()) this.broker.unsubscribe(listener);
      session.listeners.clear();
    }
    // What they gave back may have thrown out others.
    if (this.#leaving.length > 0) this.settle(undefined);
    return leaving.length > 0;
  }

  pass(milliseconds: number): void {
    this.broker.pass(milliseconds);
    for (const session of this.sessions) {
      const late =
        session.version === undefined && this.broker.now >= session.openedAt + connectTimeout;
      if (late) this.leave(session, closing('connect-timeout'), 'connect-timeout');
    }
  }

  #connect(session: SessionModel, version: Version): void {
    if (session.version !== undefined) return this.#fail(session, 'already-connected', undefined);
    session.version = version;
    session.hear({ kind: 'connected', version });
  }

  #process(session: SessionModel, frame: Frame): void {
    switch (frame.kind) {
      case 'subscribe':
        return this.#subscribe(session, frame);
      case 'unsubscribe':
        return this.#unsubscribe(session, frame.id, frame.destination);
      case 'send':
      case 'ack':
      case 'nack':
        if (frame.transaction !== undefined) return hold(session, frame.transaction, frame);
        if (frame.kind === 'send') return this.broker.publish([messageOf(frame)]);
        return this.#settleAll(this.#settlements(session, [frame]));
      case 'begin':
        if (session.transactions.has(frame.transaction)) throw new Refusal('transaction-exists');
        if (session.transactions.size >= sessionLimits.maxTransactions)
          throw new Refusal('transaction-limit');
        session.transactions.set(frame.transaction, []);
        return;
      case 'commit':
        return this.#commit(session, end(session, frame.transaction));
      case 'abort':
        end(session, frame.transaction);
        return;
      case 'disconnect':
      case 'connect':
      case 'blank':
      case 'broken':
        return;
      default:
        frame satisfies never;
    }
  }

  #subscribe(session: SessionModel, frame: Frame & { readonly kind: 'subscribe' }): void {
    const { id, destination, ack, prefetch } = frame;
    const key = id ?? destination;
    if (session.listeners.size >= sessionLimits.maxSubscriptions)
      throw new Refusal('subscription-limit');
    if (!/^\/(topic|queue|user)\//.test(destination)) throw new Refusal('no-route');
    if (session.listeners.has(key)) throw new Refusal('subscription-exists');
    const window = Number(prefetch ?? this.settings.prefetch);
    const listener = new ListenerModel(session, key, id, destination, ack, window);
    this.broker.subscribe(listener, prefetch);
    session.listeners.set(key, listener);
  }

  #unsubscribe(
    session: SessionModel,
    id: string | undefined,
    destination: string | undefined,
  ): void {
    const listener = [...session.listeners.values()].find((each) =>
      id === undefined ? each.destination === destination : each.key === id,
    );
    if (listener === undefined) {
      if (id !== undefined && session.ended.has(id)) return;
      throw new Refusal('subscription-unknown');
    }
    session.listeners.delete(listener.key);
    session.ended.add(listener.key);
    this.broker.unsubscribe(listener);
  }

  #commit(session: SessionModel, frames: readonly Frame[]): void {
    try {
      const sends = frames.filter((frame) => frame.kind === 'send');
      const settlements = this.#settlements(
        session,
        frames.filter((frame): frame is Settle => frame.kind === 'ack' || frame.kind === 'nack'),
      );
      this.broker.publish(sends.map(messageOf));
      this.#settleAll(settlements);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Refusal('transaction-failed');
    }
  }

  #settlements(session: SessionModel, frames: readonly Settle[]): readonly SettlementModel[] {
    return frames.flatMap(({ kind, name, subscription }) => {
      const delivery = session.heard.find(
        (each) => each.name === name && each.listener.ack !== 'auto',
      );
      if (delivery === undefined) throw new Refusal('acknowledgement-unknown');
      const { listener } = delivery;
      const open = listener.holds.some((hold) => hold.delivery === delivery);
      const mislabelled = session.version === '1.1' && subscription !== delivery.subscription;
      if (open && mislabelled) throw new Refusal('acknowledgement-unknown');
      return open ? [{ kind, listener, name }] : [];
    });
  }

  #settleAll(settlements: readonly SettlementModel[]): void {
    for (const settlement of settlements) this.broker.settle(settlement);
  }

  #refuse(session: SessionModel, code: string, frame: Frame): void {
    const told =
      this.settings.errors === 'problem' &&
      [...session.listeners.values()].some(({ destination }) => destination === problemQueue);
    if (!told) return this.#fail(session, code, frame.receipt);
    // An UNSUBSCRIBE that says an id is about nothing else.
    const said = frame.kind !== 'unsubscribe' || frame.id === undefined;
    const destination = said && 'destination' in frame ? frame.destination : undefined;
    const body = JSON.stringify({ code, destination, receipt: frame.receipt });
    this.broker.tell(session, {
      destination: problemQueue,
      body,
      expires: Infinity,
      original: undefined,
    });
  }

  #fail(session: SessionModel, code: string, receipt: string | undefined): void {
    session.hear({ kind: 'error', code, receipt });
    this.leave(session, closing(code), code);
  }
}

function messageOf(frame: Frame & { readonly kind: 'send' }): MessageModel {
  const { destination, body, expires = Infinity } = frame;
  if (!/^\/(topic|queue)\//.test(destination)) throw new Refusal('no-route');
  return { destination, body, expires, original: undefined };
}

function hold(session: SessionModel, name: string, frame: Frame): void {
  const held = session.transactions.get(name);
  if (held === undefined) throw new Refusal('transaction-unknown');
  if (held.length >= sessionLimits.maxTransactionFrames) throw new Refusal('transaction-limit');
  held.push(frame);
}

function end(session: SessionModel, name: string): readonly Frame[] {
  const held = session.transactions.get(name);
  if (held === undefined) throw new Refusal('transaction-unknown');
  session.transactions.delete(name);
  return held;
}

function closing(code: string): number {
  return new MessagingError(code as ErrorCode).closes ?? 1002;
}
