// The server of the model: processes frames, and adds the expected answers to each session.
import { defaultQueueOptions } from '../../src/broker/embedded/queue/queue-memory.js';
import { closeCodeOf, type ErrorCode } from '../../src/message/error.js';
import type { StompVersion } from '../clients/stomp.js';
import { BrokerModel, problemQueue, Refusal, type SettlementModel } from './broker-model.js';
import { syntaxError, type Frame } from './frame.js';
import type { MessageModel } from './queue-model.js';
import type { Settings } from './script.js';
import { ConsumerModel, SessionModel } from './session-model.js';

export const sessionLimits = {
  maxSubscriptions: 4,
  maxTransactions: 2,
  maxTransactionFrames: 3,
} as const;
const connectTimeout = 60_000;

export class ServerModel {
  readonly broker: BrokerModel;
  readonly sessions = new Set<SessionModel>();
  /** Sessions that have ended and still have subscriptions in the broker. */
  #ended: SessionModel[] = [];

  constructor(private readonly settings: Settings) {
    this.broker = new BrokerModel(settings, (session, code) => this.#fail(session, code));
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
    if (frame.receipt !== undefined)
      session.addAnswer({ command: 'RECEIPT', headers: { 'receipt-id': frame.receipt } });
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

  #connect(session: SessionModel, version: StompVersion): void {
    if (session.version !== undefined) return this.#fail(session, 'already-connected');
    session.version = version;
    session.addAnswer({ command: 'CONNECTED', headers: { version } });
  }

  #process(session: SessionModel, frame: Frame): void {
    switch (frame.kind) {
      case 'subscribe':
        return this.#subscribe(session, frame);
      case 'unsubscribe':
        return this.#unsubscribe(session, frame);
      case 'send':
      case 'ack':
      case 'nack':
        if (frame.transaction !== undefined) return hold(session, frame.transaction, frame);
        if (frame.kind === 'send') return this.broker.publish([messageOf(frame)]);
        for (const each of this.#settlements(session, frame)) this.broker.settle(each);
        return;
      case 'begin': {
        const { transactions } = session;
        if (transactions.has(frame.transaction)) throw new Refusal('transaction-exists');
        if (transactions.size >= sessionLimits.maxTransactions)
          throw new Refusal('transaction-limit');
        return void transactions.set(frame.transaction, []);
      }
      case 'commit':
        return this.#commit(session, take(session, frame.transaction));
      case 'abort':
        return void take(session, frame.transaction);
      default:
      // DISCONNECT; the other kinds are processed above.
    }
  }

  #subscribe(session: SessionModel, frame: Frame & { readonly kind: 'subscribe' }): void {
    const { id, destination, ack, 'prefetch-count': prefetch } = frame;
    const key = id ?? destination;
    if (session.consumers.size >= sessionLimits.maxSubscriptions)
      throw new Refusal('subscription-limit');
    if (!/^\/(topic|queue|user)\//.test(destination)) throw new Refusal('no-route');
    if (session.consumers.has(key)) throw new Refusal('subscription-exists');
    const byDefault = destination.startsWith('/queue/')
      ? this.settings.prefetch
      : defaultQueueOptions.maxPrefetch;
    const window = Number(prefetch ?? byDefault);
    const consumer = new ConsumerModel(session, key, id, destination, ack, window);
    this.broker.subscribe(consumer, prefetch);
    session.consumers.set(key, consumer);
  }

  #unsubscribe(session: SessionModel, { id, destination }: Frame & { kind: 'unsubscribe' }): void {
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
      const settlements = frames.flatMap((frame) => this.#settlements(session, frame));
      this.broker.publish(frames.filter((frame) => frame.kind === 'send').map(messageOf));
      for (const settlement of settlements) this.broker.settle(settlement);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Refusal('transaction-failed', error.closes);
    }
  }

  /** Empty for another frame, and for a delivery that the client has settled before. */
  #settlements({ received, version }: SessionModel, frame: Frame): readonly SettlementModel[] {
    if (frame.kind !== 'ack' && frame.kind !== 'nack') return [];
    const { kind, name, subscription } = frame;
    const delivery = received.find((each) => each.name === name && each.consumer.ack !== 'auto');
    if (delivery === undefined) throw new Refusal('acknowledgement-unknown');
    const { key, unacknowledged, takenBack } = delivery.consumer;
    if (takenBack.includes(delivery)) throw new Refusal('acknowledgement-unknown');
    if (!unacknowledged.includes(delivery)) return [];
    if (version === '1.1' && subscription !== key) throw new Refusal('acknowledgement-unknown');
    return [{ kind, delivery }];
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
    this.broker.sendTo(session, { destination: problemQueue, body });
  }

  #fail(session: SessionModel, code: string, receipt?: string, closes = closing(code)): void {
    session.addAnswer({ command: 'ERROR', headers: { code, 'receipt-id': receipt } });
    this.end(session, closes, code);
  }
}

function messageOf(frame: Frame & { readonly kind: 'send' }): MessageModel {
  const { destination, body, expires } = frame;
  if (!/^\/(topic|queue)\//.test(destination)) throw new Refusal('no-route');
  return { destination, body, expires };
}

/** The frames of an open transaction. */
function transactionOf({ transactions }: SessionModel, name: string): Frame[] {
  const frames = transactions.get(name);
  if (frames === undefined) throw new Refusal('transaction-unknown');
  return frames;
}

/** Adds a frame to an open transaction. */
function hold(session: SessionModel, name: string, frame: Frame): void {
  const frames = transactionOf(session, name);
  if (frames.length >= sessionLimits.maxTransactionFrames) throw new Refusal('transaction-limit');
  frames.push(frame);
}

/** Ends a transaction and returns its frames. */
function take(session: SessionModel, name: string): readonly Frame[] {
  const frames = transactionOf(session, name);
  session.transactions.delete(name);
  return frames;
}

function closing(code: string): number {
  return closeCodeOf(code as ErrorCode);
}
