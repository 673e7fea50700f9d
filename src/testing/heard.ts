// What a client has heard: who it is, receipts and heart-beats, problems, and messages for its subscriptions.
import type { Heartbeat, ServerFrame } from '../message/frame.js';
import type { PayloadReader } from '../payload/converter.js';
import type { ClientProblem } from './client-problem.js';
import { receivedOf, type Received } from './received.js';
import type { TestSubscription } from './test-subscription.js';
import { Trouble } from './trouble.js';

/** By which the kit subscribes a client's problems. */
export const problemsId = 'problems';

export class Heard {
  /** By their ids. */
  readonly subscriptions = new Map<string, TestSubscription>();
  readonly trouble = new Trouble();
  readonly receipts: string[] = [];
  #heartbeats = 0;

  #user: string | undefined;

  /**
   * @param user who the client is to be, until the server has said it
   * @param problemQueue the destination at which problems are told
   */
  constructor(
    user: string | undefined,
    private readonly problemQueue: string,
    private readonly payloads: PayloadReader,
  ) {
    this.#user = user;
  }

  get user(): string | undefined {
    return this.#user;
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  /** The subscriptions with messages that nobody has read. */
  get unread(): readonly TestSubscription[] {
    return [...this.subscriptions.values()].filter(({ unread }) => unread.length > 0);
  }

  hear(frame: ServerFrame | Heartbeat): void {
    switch (frame.kind) {
      case 'connected':
        this.#user = frame.user;
        return;
      case 'heartbeat':
        this.#heartbeats++;
        return;
      case 'receipt':
        this.receipts.push(frame.receipt);
        return;
      case 'message':
        return this.#receive(receivedOf(frame, this.payloads));
      case 'error': {
        const { kind: _, fatal, ...problem } = frame;
        if (fatal) this.trouble.fail(problem);
        else this.trouble.tell(problem);
        return;
      }
      default:
        return frame satisfies never;
    }
  }

  #receive(message: Received): void {
    // First, as a test may choose this id, too, when it has no use for the kit's.
    const subscription = this.subscriptions.get(message.subscription);
    if (subscription !== undefined || message.subscription !== problemsId)
      return subscription?.receive(message);
    // A test that has subscribed its problems reads them there.
    const readElsewhere = [...this.subscriptions.values()].some(
      ({ destination }) => destination === this.problemQueue,
    );
    this.trouble.tell(message.payload as ClientProblem, readElsewhere);
  }
}
