// From drafts to frames: chooses the subscriptions, transactions and deliveries that a frame names.
import { malformedFrames, syntaxError, type Frame } from './frame.js';
import { unserved, type Draft } from './script.js';
import { sessionLimits } from './server-model.js';
import type { SessionModel } from './session-model.js';

/** Unique texts and the time of a run. */
export interface Source {
  unique(prefix: string): string;
  readonly now: number;
}

const unknownDelivery = 'unknown';

/** The frame of a draft; a heart-beat in place of a frame that would be rejected and is not forced. */
export function frameOf(session: SessionModel, draft: Draft, source: Source): Frame {
  const { receipt, forced, ...fields } = draft;
  const asksReceipt = receipt && draft.kind !== 'heartbeat';
  const frame: Frame = {
    ...named(session, fields, forced, source),
    receipt: asksReceipt ? source.unique('r') : undefined,
  };
  return forced || isAccepted(session, frame) ? frame : { kind: 'heartbeat' };
}

type WithoutCommon<T> = T extends unknown ? Omit<T, 'receipt' | 'forced'> : never;

function named(
  { transactions, received, version }: SessionModel,
  draft: WithoutCommon<Draft>,
  forced: boolean,
  source: Source,
): Frame {
  /** The transaction of the draft if it is open or forced, otherwise any open one. */
  const choose = (name: string | undefined) =>
    name === undefined || forced || transactions.has(name) ? name : [...transactions.keys()][0];
  switch (draft.kind) {
    case 'send': {
      const { kind, destination, lifetime, transaction } = draft;
      const body = draft.empty ? '' : source.unique('body ');
      const expires = lifetime && source.now + lifetime;
      return { kind, destination, body, expires, transaction: choose(transaction) };
    }
    case 'ack':
    case 'nack': {
      const { kind, index, wrongSubscription, transaction } = draft;
      // One of the latest deliveries; only of those that can be acknowledged, unless the draft is forced.
      const known = received.filter(({ consumer }) => forced || consumer.ack !== 'auto');
      const delivery = index === undefined ? undefined : known.at(-1 - (index % known.length));
      return {
        kind,
        name: delivery?.name ?? unknownDelivery,
        subscription: wrongSubscription ? 'another' : (delivery?.consumer.key ?? 'none'),
        transaction: choose(transaction),
      };
    }
    case 'malformed': {
      const is10 = (version ?? '1.0') === '1.0';
      const all = malformedFrames.filter(({ validIn10 }) => !is10 || validIn10 !== true);
      return { kind: 'malformed', malformed: all[draft.index % all.length]! };
    }
    case 'commit':
    case 'abort':
      return { kind: draft.kind, transaction: choose(draft.transaction) ?? draft.transaction };
    default:
      return draft;
  }
}

function isAccepted({ consumers, ended, transactions, version }: SessionModel, frame: Frame) {
  if (version === undefined || frame.kind === 'connect')
    return version === undefined && frame.kind === 'connect';
  if (syntaxError(frame, version) !== undefined) return frame.kind === 'malformed';
  switch (frame.kind) {
    case 'subscribe': {
      const { id, destination } = frame;
      const served = destination !== unserved && destination !== '/queue/*';
      const fits = consumers.size < sessionLimits.maxSubscriptions;
      return served && fits && !consumers.has(id ?? destination);
    }
    case 'unsubscribe':
      return frame.id !== undefined && (consumers.has(frame.id) || ended.has(frame.id));
    case 'ack':
    case 'nack':
      return frame.name !== unknownDelivery;
    case 'begin': {
      const fits = transactions.size < sessionLimits.maxTransactions;
      return fits && !transactions.has(frame.transaction);
    }
    case 'commit':
    case 'abort':
      return transactions.has(frame.transaction);
    default:
      return true;
  }
}
