// Waiting for the server: for one frame, for rest, and for the moment when nothing more can come.
import { failIn, labelIn, type Scene } from './scene.js';
import type { Site } from './failure.js';
import { deadline, turns } from './real-time.js';
import type { Work } from './running.js';

/** What a handler did leaves at the end of its turn, and arrives within the next. */
const turnsToArrive = 2;

export class Pipeline {
  /** @param timeout milliseconds of the machine's time for handlers that wait for something outside */
  constructor(
    private readonly scene: Scene,
    private readonly timeout: number,
  ) {}

  /** Resolves when a frame has been worked off and all that came of it has arrived. */
  async after<T>(work: Promise<T>, frame: string, site: Site): Promise<T> {
    const done = await this.#patiently(work);
    if (done === undefined)
      throw failIn(this.scene, `${frame} has not been worked off. ${this.#whatRuns()}`, site);
    await turns(turnsToArrive);
    return done.value;
  }

  /** Resolves when all handlers have settled, and all that came of them has arrived. */
  async rest(purpose: string, site: Site): Promise<void> {
    if ((await this.#patiently(this.scene.server.idle())) !== undefined) return;
    throw failIn(
      this.scene,
      `${purpose}: the server does not come to rest. ${this.#whatRuns()}`,
      site,
    );
  }

  /** Waits for rest; false where it does not come. */
  async quiet(): Promise<boolean> {
    return (await this.#patiently(this.scene.server.idle())) !== undefined;
  }

  /** Resolves when nothing more can come, with the sentence that says why. */
  async exhausted(): Promise<string> {
    return (await this.#patiently(this.#exhaustion())) === undefined
      ? this.#whatRuns()
      : 'Nothing more can come: all handlers have settled, and no stream is open.';
  }

  /** An open stream may still have something to say. */
  async #exhaustion(): Promise<void> {
    const { server, running } = this.scene;
    await server.idle();
    while (running.streams.length > 0) {
      await running.streamEnd();
      await server.idle();
    }
  }

  /** The value, or undefined when patience ended first. */
  #patiently<T>(work: Promise<T>): Promise<{ readonly value: T } | undefined> {
    return new Promise((resolve, reject) => {
      const timer = deadline(this.timeout, () => resolve(undefined));
      void work.then((value) => resolve({ value }), reject).finally(() => timer.cancel());
    });
  }

  #whatRuns(): string {
    const { running, server } = this.scene;
    const { handlerTimeout } = server.options;
    const handlers = running.handlers.map((work) => `${this.name(work)} has not settled.`);
    const streams = running.streams.map((work) => `${this.name(work)} streams, and waits.`);
    const limit =
      handlers.length === 0 || handlerTimeout === 0
        ? ''
        : `, of which a handler has ${handlerTimeout} ms`;
    return [
      `It was given ${this.timeout} ms of real time.`,
      ...handlers,
      ...streams,
      ...(handlers.length + streams.length === 0 ? ['No handler runs, and no stream.'] : []),
      `The clock stands still until the test moves it${limit}.`,
    ].join(' ');
  }

  /** A handler at work, for people. */
  name({ handler, destination, session }: Work): string {
    return `${handler} (${destination}, for ${labelIn(this.scene, session)})`;
  }
}
