// From drafts to frames: chooses the subscriptions, transactions and deliveries that a frame names.
import { malformedFrames, type Frame } from './frame.js';
import { unserved, type Draft } from './script.js';
import { sessionLimits } from './server-model.js';
import type { Delivery, SessionModel } from './session-model.js';

/** Unique texts and the time of a run. */
export interface Source {
  unique(prefix: string): string;
  readonly now: number;
}

const heartbeat: Frame = { kind: 'heartbeat', receipt: undefined };
const unknownDelivery = 'unknown';

/** The frame of a draft; a heart-beat in place of a frame that would be rejected and is not forced. */
export function frameOf(session: SessionModel, draft: Draft, source: Source): Frame {
  const asksReceipt = draft.receipt && draft.kind !== 'connect' && draft.kind !== 'heartbeat';
  const receipt = asksReceipt ? source.unique('r') : undefined;
  const frame = { ...named(session, draft, source), receipt };
  return draft.forced || isAccepted(session, frame) ? frame : heartbeat;
}

type WithoutReceipt<T> = T extends unknown ? Omit<T, 'receipt'> : never;

function named(session: SessionModel, draft: Draft, source: Source): WithoutReceipt<Frame> {
  switch (draft.kind) {
    case 'send': {
      const { kind, destination, lifetime } = draft;
      const body = draft.empty ? '' : source.unique('body ');
      const expires = lifetime && source.now + lifetime;
      return { kind, destination, body, expires, transaction: transactionOf(session, draft) };
    }
    case 'ack':
    case 'nack': {
      const delivery = deliveryOf(session, draft);
      const correct = delivery?.subscription ?? 'none';
      return {
        kind: draft.kind,
        name: delivery?.name ?? unknownDelivery,
        subscription: draft.wrongSubscription ? 'another' : correct,
        transaction: transactionOf(session, draft),
      };
    }
    case 'malformed': {
      const is10 = (session.version ?? '1.0') === '1.0';
      const all = malformedFrames.filter(({ validIn10 }) => !is10 || validIn10 !== true);
      return { kind: 'malformed', malformed: all[draft.index % all.length]! };
    }
    case 'commit':
    case 'abort':
      return {
        kind: draft.kind,
        transaction: transactionOf(session, draft) ?? draft.transaction,
      };
    default:
      return draft;
  }
}

/** The transaction of the draft if it is open or forced, otherwise any open one. */
function transactionOf(
  { transactions }: SessionModel,
  { transaction, forced }: Pick<Draft, 'forced'> & { readonly transaction: string | undefined },
): string | undefined {
  if (transaction === undefined || forced || transactions.has(transaction)) return transaction;
  return [...transactions.keys()][0];
}

/** One of the latest deliveries; only of those that can be acknowledged, unless the draft is forced. */
function deliveryOf(
  { received }: SessionModel,
  { index, forced }: Pick<Draft, 'forced'> & { readonly index: number | undefined },
): Delivery | undefined {
  const known = received.filter(({ consumer }) => forced || consumer.ack !== 'auto');
  return index === undefined ? undefined : known[known.length - 1 - (index % known.length)];
}

function isAccepted(session: SessionModel, frame: Frame): boolean {
  const { consumers, transactions, version } = session;
  if (version === undefined) return frame.kind === 'connect';
  switch (frame.kind) {
    case 'connect':
      return false;
    case 'subscribe': {
      const served = frame.destination !== unserved && frame.destination !== '/queue/*';
      const possible = served && (frame.ack !== 'client-individual' || version !== '1.0');
      const key = frame.id ?? (version === '1.0' ? frame.destination : undefined);
      const fits = consumers.size < sessionLimits.maxSubscriptions;
      return possible && fits && key !== undefined && !consumers.has(key);
    }
    case 'unsubscribe':
      return frame.id !== undefined && (consumers.has(frame.id) || session.ended.has(frame.id));
    case 'ack':
    case 'nack':
      return frame.name !== unknownDelivery && (frame.kind === 'ack' || version !== '1.0');
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
