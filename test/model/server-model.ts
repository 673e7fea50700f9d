// The server of the model: processes frames, and adds the expected answers to each session.
import { closeCodeOf, type ErrorCode } from '../../src/message/error.js';
import { BrokerModel, problemQueue, Refusal, type SettlementModel } from './broker-model.js';
import { syntaxError, type Frame, type Version } from './frame.js';
import type { MessageModel } from './queue-model.js';
import type { Settings } from './script.js';
import { ConsumerModel, SessionModel } from './session-model.js';

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
  /** Sessions that have ended and still have subscriptions in the broker. */
  #ended: SessionModel[] = [];

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

  /** Processes a frame. */
  receive(session: SessionModel, frame: Frame): void {
    if (session.gone) return;
    if (frame.kind === 'malformed' && frame.malformed.unknownProtocol === true && !session.started)
      return this.end(session, closing('protocol-unknown'), 'protocol-unknown');
    session.started = true;
    if (frame.kind === 'heartbeat') return;
    const error = syntaxError(frame, session.version ?? '1.0');
    if (error !== undefined) return this.#fail(session, error, frame.receipt);
    if (frame.kind === 'connect') return this.#connect(session, frame.version);
    if (session.version === undefined) return this.#fail(session, 'not-connected', frame.receipt);
    try {
      this.#process(session, frame);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.#refuse(session, error, frame);
    }
    if (frame.receipt !== undefined) session.addAnswer({ kind: 'receipt', receipt: frame.receipt });
    if (frame.kind === 'disconnect') this.end(session, 1000, '');
  }

  /** Ends a session. */
  end(session: SessionModel, code: number, reason: string): void {
    if (session.gone) return;
    session.close(code, reason);
    this.#ended.push(session);
  }

  /** True when a session other than this one has ended. */
  hasEndedOthers(sender: SessionModel): boolean {
    return this.#ended.some((session) => session !== sender);
  }

  /** Removes the subscriptions of ended sessions. Returns false when no session has ended. */
  removeEnded(sender: SessionModel | undefined): boolean {
    const ended = this.#ended;
    this.#ended = [];
    // The sender is removed last: it ends when its frames are processed, after the sessions that they have ended.
    ended.sort((a, b) => Number(a === sender) - Number(b === sender));
    for (const session of ended) {
      this.sessions.delete(session);
      for (const consumer of session.consumers.values()) this.broker.unsubscribe(consumer);
      session.consumers.clear();
    }
    // Their returned messages may have ended other sessions.
    if (this.#ended.length > 0) this.removeEnded(undefined);
    return ended.length > 0;
  }

  advance(milliseconds: number): void {
    this.broker.advance(milliseconds);
    for (const session of this.sessions) {
      const late =
        session.version === undefined && this.broker.now >= session.openedAt + connectTimeout;
      if (late) this.end(session, closing('connect-timeout'), 'connect-timeout');
    }
  }

  #connect(session: SessionModel, version: Version): void {
    if (session.version !== undefined) return this.#fail(session, 'already-connected', undefined);
    session.version = version;
    session.addAnswer({ kind: 'connected', version });
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
        return this.#commit(session, take(session, frame.transaction));
      case 'abort':
        take(session, frame.transaction);
        return;
      case 'disconnect':
      case 'connect':
      case 'heartbeat':
      case 'malformed':
        return;
      default:
        frame satisfies never;
    }
  }

  #subscribe(session: SessionModel, frame: Frame & { readonly kind: 'subscribe' }): void {
    const { id, destination, ack, prefetch } = frame;
    const key = id ?? destination;
    if (session.consumers.size >= sessionLimits.maxSubscriptions)
      throw new Refusal('subscription-limit');
    if (!/^\/(topic|queue|user)\//.test(destination)) throw new Refusal('no-route');
    if (session.consumers.has(key)) throw new Refusal('subscription-exists');
    const window = Number(prefetch ?? this.settings.prefetch);
    const consumer = new ConsumerModel(session, key, id, destination, ack, window);
    this.broker.subscribe(consumer, prefetch);
    session.consumers.set(key, consumer);
  }

  #unsubscribe(
    session: SessionModel,
    id: string | undefined,
    destination: string | undefined,
  ): void {
    const consumer = [...session.consumers.values()].find((each) =>
      id === undefined ? each.destination === destination : each.key === id,
    );
    if (consumer === undefined) {
      if (id !== undefined && session.ended.has(id)) return;
      throw new Refusal('subscription-unknown');
    }
    session.consumers.delete(consumer.key);
    session.ended.add(consumer.key);
    this.broker.unsubscribe(consumer);
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
      throw new Refusal('transaction-failed', error.closes);
    }
  }

  #settlements(session: SessionModel, frames: readonly Settle[]): readonly SettlementModel[] {
    return frames.flatMap(({ kind, name, subscription }) => {
      const delivery = session.received.find(
        (each) => each.name === name && each.consumer.ack !== 'auto',
      );
      if (delivery === undefined) throw new Refusal('acknowledgement-unknown');
      const { consumer } = delivery;
      const open = consumer.unacknowledged.some((each) => each.delivery === delivery);
      const isWrong = session.version === '1.1' && subscription !== delivery.subscription;
      if (open && isWrong) throw new Refusal('acknowledgement-unknown');
      return open ? [{ kind, consumer, name }] : [];
    });
  }

  #settleAll(settlements: readonly SettlementModel[]): void {
    for (const settlement of settlements) this.broker.settle(settlement);
  }

  #refuse(session: SessionModel, { code, closes }: Refusal, frame: Frame): void {
    const { onRejectedFrame } = this.settings;
    if (onRejectedFrame === 'ignore') return;
    if (onRejectedFrame === 'close') return this.#fail(session, code, frame.receipt, closes);
    const reported = [...session.consumers.values()].some(
      ({ destination }) => destination === problemQueue,
    );
    if (!reported)
      return frame.receipt === undefined
        ? undefined
        : this.#fail(session, code, frame.receipt, closes);
    // The problem of an UNSUBSCRIBE with an id has no destination.
    const hasDestination = frame.kind !== 'unsubscribe' || frame.id === undefined;
    const destination = hasDestination && 'destination' in frame ? frame.destination : undefined;
    const body = JSON.stringify({ code, destination, receipt: frame.receipt });
    this.broker.sendTo(session, {
      destination: problemQueue,
      body,
      expires: Infinity,
      original: undefined,
    });
  }

  #fail(
    session: SessionModel,
    code: string,
    receipt: string | undefined,
    closes = closing(code),
  ): void {
    session.addAnswer({ kind: 'error', code, receipt });
    this.end(session, closes, code);
  }
}

function messageOf(frame: Frame & { readonly kind: 'send' }): MessageModel {
  const { destination, body, expires = Infinity } = frame;
  if (!/^\/(topic|queue)\//.test(destination)) throw new Refusal('no-route');
  return { destination, body, expires, original: undefined };
}

/** Adds a frame to an open transaction. */
function hold(session: SessionModel, name: string, frame: Frame): void {
  const frames = session.transactions.get(name);
  if (frames === undefined) throw new Refusal('transaction-unknown');
  if (frames.length >= sessionLimits.maxTransactionFrames) throw new Refusal('transaction-limit');
  frames.push(frame);
}

/** Ends a transaction and returns its frames. */
function take(session: SessionModel, name: string): readonly Frame[] {
  const frames = session.transactions.get(name);
  if (frames === undefined) throw new Refusal('transaction-unknown');
  session.transactions.delete(name);
  return frames;
}

function closing(code: string): number {
  return closeCodeOf(code as ErrorCode);
}
