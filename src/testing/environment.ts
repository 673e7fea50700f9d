// The state that all parts of one test share, and waiting for the server.
import { problemQueue } from '../message/target.js';
import type { Payloads } from '../payload/converter.js';
import type { Server } from '../server/server.js';
import type { ClientState } from './client-state.js';
import { failureAt, type CallSite, type TestFailure } from './failure.js';
import { messageContent, type PublishedMessage } from './messages.js';
import { deadline, turns } from './real-time.js';
import type { RecordedPublication, Recorder, RunningTask } from './recorder.js';
import type { TestClock } from './test-clock.js';

export interface EnvironmentParts {
  readonly server: Server;
  readonly recorder: Recorder;
  readonly clock: TestClock;
  readonly payloads: Payloads;
  /** Milliseconds of real time to wait for handlers that use the network or files. */
  readonly timeout: number;
}

/** A message is written at the end of the turn in which it was published, and arrives in the next one. */
const turnsToArrive = 2;

export class TestEnvironment {
  readonly server: Server;
  readonly recorder: Recorder;
  readonly clock: TestClock;
  readonly payloads: Payloads;
  /** The clients of the test, by session. */
  readonly clients = new Map<string, ClientState>();
  readonly #timeout: number;
  #failed = false;

  constructor({ server, recorder, clock, payloads, timeout }: EnvironmentParts) {
    this.server = server;
    this.recorder = recorder;
    this.clock = clock;
    this.payloads = payloads;
    this.#timeout = timeout;
  }

  /** The destination that clients subscribe to receive their problems. */
  get problemDestination(): string {
    return this.server.options.prefixes.user + problemQueue;
  }

  /** True after an expectation has failed. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Creates the error of a failed expectation. */
  failure(site: CallSite, message: string): TestFailure {
    this.#failed = true;
    return failureAt(site, message);
  }

  /** Name of a session in failure messages. */
  labelOf(session: string): string {
    return this.clients.get(session)?.label ?? session;
  }

  /** All publications, with the destinations that clients use. */
  published(): readonly PublishedMessage[] {
    return this.recorder.publications.map((each) => this.publishedMessage(each));
  }

  publishedMessage({ message, session, user: away, by }: RecordedPublication): PublishedMessage {
    const user = session === undefined ? away : this.clients.get(session)?.user;
    return {
      ...messageContent(message, this.payloads),
      ...(session !== undefined && { session }),
      ...(user !== undefined && { user }),
      ...(by !== undefined && { by }),
    };
  }

  /** Resolves when a frame has been processed and everything that it caused has arrived. */
  async waitForFrame<T>(processing: Promise<T>, frame: string, site: CallSite): Promise<T> {
    const done = await this.#inTime(processing);
    if (done === undefined)
      throw this.failure(site, `${frame} has not been processed. ${this.#describeWork()}`);
    await turns(turnsToArrive);
    return done.value;
  }

  /** Resolves when all handlers have finished and everything that they caused has arrived. */
  async waitUntilIdle(call: string, site: CallSite): Promise<void> {
    if (await this.isIdleInTime()) return;
    throw this.failure(site, `${call}: the server is still busy. ${this.#describeWork()}`);
  }

  /**
   * Resolves when all handlers have finished, the streams that can reach a subscription have ended, and everything that they caused
   * has arrived. A stream of another subscription cannot reach it.
   */
  async waitForAllMessages(
    session: string | undefined,
    subscription: string,
    call: string,
    site: CallSite,
  ): Promise<void> {
    const reaches = (task: RunningTask) =>
      task.subscription === undefined ||
      (task.subscription === subscription && task.session === session);
    if ((await this.#inTime(this.#streamsEnded(reaches))) !== undefined) return;
    const hint = this.recorder.streams.some(reaches)
      ? ' Read the items of a stream that does not end with next().'
      : '';
    throw this.failure(site, `${call}: more messages may arrive. ${this.#describeWork()}${hint}`);
  }

  /** Waits until the server is idle; resolves with false after the timeout. */
  async isIdleInTime(): Promise<boolean> {
    return (await this.#inTime(this.server.idle())) !== undefined;
  }

  /** Resolves when no more messages can arrive, or after the timeout. The value is the reason, as a sentence. */
  async waitForLastMessage(): Promise<string> {
    return (await this.#inTime(this.#streamsEnded(() => true))) === undefined
      ? this.#describeWork()
      : 'No more messages can arrive: all handlers have finished and no stream is open.';
  }

  /** Describes a running handler or an open stream. */
  describeTask({ handler, destination, session }: RunningTask): string {
    return `${handler} (${destination}, for ${this.labelOf(session)})`;
  }

  async #streamsEnded(wanted: (task: RunningTask) => boolean): Promise<void> {
    const { server, recorder } = this;
    await server.idle();
    while (recorder.streams.some(wanted)) {
      await recorder.nextStreamEnd();
      await server.idle();
    }
  }

  /** The value, or undefined after the timeout. */
  #inTime<T>(work: Promise<T>): Promise<{ readonly value: T } | undefined> {
    return new Promise((resolve, reject) => {
      const timer = deadline(this.#timeout, () => resolve(undefined));
      void work.then((value) => resolve({ value }), reject).finally(() => timer.cancel());
    });
  }

  #describeWork(): string {
    const { handlers, streams } = this.recorder;
    const { handlerTimeout } = this.server.options;
    return [
      `Waited ${this.#timeout} ms of real time.`,
      ...handlers.map((task) => `${this.describeTask(task)} has not finished.`),
      ...streams.map((task) => `The stream of ${this.describeTask(task)} is open.`),
      ...(handlers.length + streams.length === 0 ? ['No handler runs and no stream is open.'] : []),
      'The test clock moves only when the test calls clock.advance().',
      ...(handlers.length === 0 || handlerTimeout === 0
        ? []
        : [`The handler timeout is ${handlerTimeout} ms.`]),
    ].join(' ');
  }
}
