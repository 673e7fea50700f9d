// A session of the model and its subscriptions.
import type { AckMode } from '../../src/message/frame.js';
import type { StompVersion } from '../clients/stomp.js';
import type { Frame } from './frame.js';
import type { QueuedModel, QueueModel } from './queue-model.js';

/** A frame that a client receives. */
export interface Answer {
  readonly command: string;
  /** The headers of `answerHeaders`. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Only of messages. */
  readonly body?: string;
  /** True for a message that waits for ACK or NACK; undefined before STOMP 1.2, where a message does not show it. */
  readonly acknowledged?: boolean | undefined;
}

export interface End {
  readonly code: number;
  readonly reason: string;
}

/** A delivery to a client; its name is known when the client has received the frame. */
export interface Delivery {
  readonly consumer: ConsumerModel;
  readonly queued: QueuedModel;
  name: string | undefined;
}

/** One subscription. */
export class ConsumerModel {
  /** Deliveries without ACK or NACK. */
  unacknowledged: Delivery[] = [];
  /** Deliveries that were unacknowledged when the subscription ended. */
  takenBack: readonly Delivery[] = [];
  /** The queue of its messages; undefined for a topic without acknowledgement. */
  queue: QueueModel | undefined;

  constructor(
    readonly session: SessionModel,
    /** The id; in STOMP 1.0 without an id, the destination. */
    readonly key: string,
    readonly id: string | undefined,
    readonly destination: string,
    readonly ack: AckMode,
    readonly window: number,
  ) {}

  get hasRoom(): boolean {
    return !this.session.gone && this.unacknowledged.length < this.window;
  }
}

export class SessionModel {
  /** True when the first byte was received, which determines the protocol. */
  started = false;
  version: StompVersion | undefined;
  gone = false;
  end: End | undefined;
  stalled = false;
  /** The frame whose end has not been sent. */
  partialFrame: Frame | undefined;
  readonly consumers = new Map<string, ConsumerModel>();
  readonly ended = new Set<string>();
  readonly transactions = new Map<string, Frame[]>();
  /** Deliveries that the client has received, in order. */
  readonly received: Delivery[] = [];
  /** True when another session has ended since the last comparison. */
  reordered = false;
  /** Expected frames since the last comparison. */
  answers: { readonly answer: Answer; readonly delivery: Delivery | undefined }[] = [];

  constructor(readonly openedAt: number) {}

  addAnswer(answer: Answer, delivery?: Delivery): void {
    if (!this.gone) this.answers.push({ answer, delivery });
  }

  close(code: number, reason: string): void {
    if (this.gone) return;
    this.gone = true;
    this.end = { code, reason };
    // The memory transport drops bytes that a stopped reader has not taken.
    if (this.stalled) this.answers = [];
  }
}
