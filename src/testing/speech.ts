// What a client says: frame by frame, each waited for, and refused with a sentence where nothing can be said.
import { MessagingError } from '../message/error.js';
import type { ClientFrame } from '../message/frame.js';
import type { Message } from '../message/message.js';
import { nearestRoute, showEnding, showProblem } from './explain.js';
import { failure, type Site, type TestFailure } from './failure.js';
import type { SendOptions } from './frame-options.js';
import type { Line } from './line.js';
import type { Pipeline } from './pipeline.js';
import { messageOf, nameOf } from './said-frame.js';
import { failIn, type Player, type Scene } from './scene.js';
import type { Trouble } from './trouble.js';

export interface SpeechParts {
  readonly scene: Scene;
  readonly pipeline: Pipeline;
  readonly line: Line;
  readonly trouble: Trouble;
  readonly speaker: Player;
}

export class Speech {
  constructor(private readonly parts: SpeechParts) {}

  /** Resolves when the frame was worked off and all that came of it has arrived; true when it was processed. */
  async say(frame: ClientFrame, site: Site): Promise<boolean> {
    const { pipeline, line, speaker } = this.parts;
    const name = nameOf(frame);
    this.mustLive(name, site);
    return pipeline.after(line.say(frame), `${name} of ${speaker.label}`, site);
  }

  /** @throws TestFailure for a session that has ended */
  mustLive(what: string, site: Site): void {
    const { line, trouble, speaker } = this.parts;
    if (line.ending === undefined) return;
    const end = `${showEnding(line.ending)}${trouble.cause}`;
    throw this.fail(
      `${what}: the session of ${speaker.label} was ${end}; it can say nothing more.`,
      site,
    );
  }

  /** @throws TestFailure for a payload that cannot be written */
  compose(
    destination: string,
    payload: unknown,
    { headers = {} }: SendOptions,
    site: Site,
  ): Message {
    try {
      return messageOf(destination, payload, headers, this.parts.scene.payloads);
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      throw this.fail(`SEND ${destination}: ${error.message}`, site);
    }
  }

  /** What a frame is answered with that the server has refused; no failed expectation, since a test may want just that. */
  refusal(frame: string, site: Site): TestFailure {
    const { scene, trouble, speaker } = this.parts;
    const problem = trouble.take();
    const refused = `${frame} of ${speaker.label} was refused`;
    return problem === undefined
      ? failure(`${refused}.`, site)
      : failure(
          `${refused}: ${showProblem(problem)}${nearestRoute(scene, problem)}`,
          site,
          problem,
        );
  }

  fail(message: string, site: Site): TestFailure {
    return failIn(this.parts.scene, message, site);
  }
}
