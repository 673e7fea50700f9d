// From what a client wants to say to what it says: names of subscriptions, transactions and deliveries as things stand.
import { brokenFrames, type Frame } from './frame.js';
import { nobody, type Wish } from './script.js';
import { sessionLimits } from './server-model.js';
import type { Delivery, SessionModel } from './session-model.js';

/** What a run hands out: things that were not said before, and the time. */
export interface Source {
  fresh(start: string): string;
  readonly now: number;
}

const silence: Frame = { kind: 'blank', receipt: undefined };

/** The frame, or silence where it would make no sense and the client is not stubborn. */
export function frameOf(session: SessionModel, wish: Wish, source: Source): Frame {
  const frame = { ...named(session, wish, source), receipt: receiptOf(wish, source) };
  return wish.stubborn || makesSense(session, frame) ? frame : silence;
}

function receiptOf({ kind, receipt }: Wish, source: Source): string | undefined {
  return receipt && kind !== 'connect' && kind !== 'blank' ? source.fresh('r') : undefined;
}

type Nameless<T> = T extends unknown ? Omit<T, 'receipt'> : never;

function named(session: SessionModel, wish: Wish, source: Source): Nameless<Frame> {
  switch (wish.kind) {
    case 'send': {
      const body = wish.empty ? '' : source.fresh('body ');
      const expires = wish.lives && source.now + wish.lives;
      const transaction = transactionOf(session, wish);
      return { kind: 'send', destination: wish.destination, body, expires, transaction };
    }
    case 'ack':
    case 'nack': {
      const delivery = deliveryOf(session, wish);
      const subscription = wish.mislabelled ? 'another' : (delivery?.subscription ?? 'none');
      const name = delivery?.name ?? 'never-heard';
      return { kind: wish.kind, name, subscription, transaction: transactionOf(session, wish) };
    }
    case 'broken': {
      const plain = (session.version ?? '1.0') === '1.0';
      const known = brokenFrames.filter(({ legalIn10 }) => !plain || legalIn10 !== true);
      return { kind: 'broken', broken: known[wish.which % known.length]! };
    }
    case 'subscribe': {
      const { id, destination, ack, prefetch } = wish;
      return { kind: 'subscribe', id, destination, ack, prefetch };
    }
    case 'unsubscribe':
      return { kind: 'unsubscribe', id: wish.id, destination: wish.destination };
    case 'begin':
      return { kind: 'begin', transaction: wish.transaction };
    case 'commit':
    case 'abort': {
      const transaction = transactionOf(session, wish) ?? wish.transaction;
      return { kind: wish.kind, transaction };
    }
    case 'connect':
      return { kind: 'connect', version: wish.version };
    case 'disconnect':
    case 'blank':
      return { kind: wish.kind };
    default:
      return wish satisfies never;
  }
}

/** One that is open, if any; a stubborn client names the one that it wanted. */
function transactionOf(
  { transactions }: SessionModel,
  {
    transaction,
    stubborn,
  }: { readonly transaction: string | undefined; readonly stubborn: boolean },
): string | undefined {
  if (transaction === undefined || stubborn || transactions.has(transaction)) return transaction;
  return [...transactions.keys()][0];
}

/** One of the latest that it can settle; a stubborn client takes any. */
function deliveryOf(
  session: SessionModel,
  { which, stubborn }: { readonly which: number | undefined; readonly stubborn: boolean },
): Delivery | undefined {
  const known = session.heard.filter(({ listener }) => stubborn || listener.ack !== 'auto');
  return which === undefined ? undefined : known[known.length - 1 - (which % known.length)];
}

function makesSense(session: SessionModel, frame: Frame): boolean {
  const { listeners, transactions, version } = session;
  if (version === undefined) return frame.kind === 'connect';
  switch (frame.kind) {
    case 'connect':
      return false;
    case 'subscribe': {
      const served = frame.destination !== nobody && frame.destination !== '/queue/*';
      const possible = served && (frame.ack !== 'client-individual' || version !== '1.0');
      const key = frame.id ?? (version === '1.0' ? frame.destination : undefined);
      const fits = listeners.size < sessionLimits.maxSubscriptions;
      return possible && fits && key !== undefined && !listeners.has(key);
    }
    case 'unsubscribe':
      return frame.id !== undefined && (listeners.has(frame.id) || session.ended.has(frame.id));
    case 'ack':
    case 'nack':
      return frame.name !== 'never-heard' && (frame.kind === 'ack' || version !== '1.0');
    case 'begin':
      return (
        !transactions.has(frame.transaction) && transactions.size < sessionLimits.maxTransactions
      );
    case 'commit':
    case 'abort':
      return transactions.has(frame.transaction);
    default:
      return true;
  }
}
