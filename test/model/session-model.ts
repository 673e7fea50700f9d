// A session and its subscriptions as the specification has them.
import type { Frame } from './frame.js';
import type { HeldModel, QueueModel } from './queue-model.js';
import type { Ack, Version } from './script.js';

/** What a client hears. */
export type Answer =
  | { readonly kind: 'connected'; readonly version: Version }
  | { readonly kind: 'receipt'; readonly receipt: string }
  | { readonly kind: 'error'; readonly code: string; readonly receipt: string | undefined }
  | {
      readonly kind: 'message';
      readonly subscription: string | undefined;
      readonly destination: string;
      readonly body: string;
      readonly count: number;
      readonly retained: boolean;
      readonly original: string | undefined;
      readonly acknowledged: boolean;
    };

export interface End {
  readonly code: number;
  readonly reason: string;
}

/** A delivery that is to be settled. */
export interface Hold {
  readonly held: HeldModel;
  readonly delivery: Delivery;
}

/** A delivery that a client has heard; it learns the name from the frame. */
export interface Delivery {
  readonly subscription: string;
  readonly listener: ListenerModel;
  name: string | undefined;
}

/** One subscription. */
export class ListenerModel {
  holds: Hold[] = [];
  /** What its messages come through, where they are acknowledged or shared. */
  queue: QueueModel | undefined;

  constructor(
    readonly session: SessionModel,
    /** Unnamed ones of STOMP 1.0 have their destination, which is no id of ours. */
    readonly key: string,
    readonly id: string | undefined,
    readonly destination: string,
    readonly ack: Ack,
    readonly window: number,
  ) {}

  get hasRoom(): boolean {
    return !this.session.gone && this.holds.length < this.window;
  }
}

export class SessionModel {
  /** Whether its first octet was heard, which settles the protocol. */
  spoke = false;
  version: Version | undefined;
  gone = false;
  end: End | undefined;
  stalled = false;
  /** The frame whose end was not said yet. */
  begun: Frame | undefined;
  readonly listeners = new Map<string, ListenerModel>();
  readonly ended = new Set<string>();
  readonly transactions = new Map<string, Frame[]>();
  /** Deliveries heard, in order. */
  readonly heard: Delivery[] = [];
  /** Whether a session was thrown out since this one was last looked at. */
  disturbed = false;
  /** What it is to hear, since it was last looked at. */
  answers: { readonly answer: Answer; readonly delivery: Delivery | undefined }[] = [];

  constructor(readonly openedAt: number) {}

  hear(answer: Answer, delivery?: Delivery): void {
    if (!this.gone) this.answers.push({ answer, delivery });
  }

  close(code: number, reason: string): void {
    if (this.gone) return;
    this.gone = true;
    this.end = { code, reason };
    // The memory transport cuts off what a reader that has stopped did not take.
    if (this.stalled) this.answers = [];
  }
}
